/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.linux.Libc;

/// The driver's ioctls on an open node.
final class NodeCalls implements DriverCalls {
    private static final int IOCTL_ID = 0x4E40;
    private static final int IOCTL_ADMIN64_CMD = 0xC0504E47;
    private static final int IOCTL_IO64_CMD = 0xC0504E48;

    private final int fd;

    NodeCalls(final int fd) {
        this.fd = fd;
    }

    @Override
    public int namespaceId() {
        return Libc.ioctl(fd, IOCTL_ID, 0);
    }

    @Override
    public int admin(final PassthroughCommand command) {
        return Libc.ioctl(fd, IOCTL_ADMIN64_CMD, command.address());
    }

    @Override
    public int io(final PassthroughCommand command) {
        return io(fd, command.address());
    }

    /// A command of the namespace, at an address.
    static int io(final int fd, final long address) {
        return Libc.ioctl(fd, IOCTL_IO64_CMD, address);
    }
}
