/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.command.Descriptor;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import dev.zapkv.io.linux.ZoneLock;
import java.nio.file.Path;

/// The open nodes of a namespace: the character device, with the zones locked, and the block device for direct reads,
/// where it may be opened. While the whole drive is in use the block device is claimed, so that nobody can mount it.
final class NvmeNode implements AutoCloseable {
    private final NodePath path;
    private final Descriptor passthrough;
    private final Descriptor block;
    private final Capability exclusive;

    private NvmeNode(
            final NodePath path, final Descriptor passthrough, final Descriptor block, final Capability exclusive) {
        this.path = path;
        this.passthrough = passthrough;
        this.block = block;
        this.exclusive = exclusive;
    }

    /// @throws DeviceException if the node is the wrong one, in use, or may not be opened
    static NvmeNode open(final Path node, final ZoneRange range) {
        final NodePath path = NodePath.inspect(node);
        final int fd = openLocked(path, node, range, false);
        try {
            return openBlock(path, new Descriptor(fd), range);
        } catch (final Throwable t) {
            Libc.close(fd);
            throw t;
        }
    }

    /// Opens a namespace to read it alone. Others may do the same.
    ///
    /// @throws DeviceException if the node is the wrong one, written to, or may not be opened
    static NvmeNode openReadOnly(final Path node, final ZoneRange range) {
        final NodePath path = NodePath.inspect(node);
        final int fd = openLocked(path, node, range, true);
        final int block = Libc.open(path.block().toString(), Libc.O_RDONLY | Libc.O_DIRECT | Libc.O_CLOEXEC, 0);
        return new NvmeNode(
                path,
                new Descriptor(fd),
                block < 0 ? null : new Descriptor(block),
                new Capability("exclusive", "no", "opened read-only", "locked against ZapKV processes that write"));
    }

    private static int openLocked(final NodePath path, final Path node, final ZoneRange range, final boolean readOnly) {
        final int fd = Libc.open(node.toString(), (readOnly ? Libc.O_RDONLY : Libc.O_RDWR) | Libc.O_CLOEXEC, 0);
        if (fd == -Errno.EACCES || fd == -Errno.EPERM) {
            throw NodePermission.openRefused(node, -fd);
        }
        if (fd < 0) {
            throw new DeviceException("cannot open " + node + ": " + Errno.describe(-fd), -fd);
        }
        try {
            ZoneLock.acquire(fd, path.node(), path.inode(), range, readOnly);
            return fd;
        } catch (final Throwable t) {
            Libc.close(fd);
            throw t;
        }
    }

    private static NvmeNode openBlock(final NodePath path, final Descriptor passthrough, final ZoneRange range) {
        final String block = path.block().toString();
        final int claimed = Libc.open(block, Libc.O_RDONLY | Libc.O_DIRECT | Libc.O_EXCL | Libc.O_CLOEXEC, 0);
        if (claimed == -Errno.EBUSY) {
            throw new DeviceException(
                    path.node() + " is in use: " + block
                            + " is mounted, or claimed by a file system, a volume manager or another program; stop"
                            + " that first (lsblk, findmnt and fuser show it)",
                    Errno.EBUSY);
        }
        if (claimed < 0) {
            return new NvmeNode(
                    path,
                    passthrough,
                    null,
                    new Capability(
                            "exclusive",
                            "unknown",
                            "O_EXCL open of " + block + ": " + Errno.describe(-claimed),
                            "only other ZapKV processes are kept out"));
        }
        if (range.equals(ZoneRange.ALL)) {
            return new NvmeNode(
                    path,
                    passthrough,
                    new Descriptor(claimed),
                    new Capability("exclusive", "yes", "O_EXCL open of " + block, ""));
        }
        // Others may use the other zones: what is not claimed now may be claimed later.
        Libc.close(claimed);
        final int shared = Libc.open(block, Libc.O_RDONLY | Libc.O_DIRECT | Libc.O_CLOEXEC, 0);
        return new NvmeNode(
                path,
                passthrough,
                shared < 0 ? null : new Descriptor(shared),
                new Capability(
                        "exclusive",
                        "no",
                        "range of zones " + range,
                        "checked when it was opened; locked against other ZapKV processes"));
    }

    NodePath path() {
        return path;
    }

    /// The character device.
    Descriptor passthrough() {
        return passthrough;
    }

    /// The block device opened for direct reads, or null.
    Descriptor block() {
        return block;
    }

    /// Whether others are kept out.
    Capability exclusive() {
        return exclusive;
    }

    @Override
    public void close() {
        if (block != null) {
            block.close();
        }
        passthrough.close();
    }
}
