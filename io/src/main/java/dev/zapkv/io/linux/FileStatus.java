/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

import dev.zapkv.io.DeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/// What {@code statx(2)} says of a file: {@code struct statx}, the same on every architecture.
///
/// | offset | type | field |
/// |---:|---|---|
/// | 4 | u32 | stx_blksize |
/// | 20, 24 | u32 | stx_uid, stx_gid |
/// | 28 | u16 | stx_mode |
/// | 32, 40, 48 | u64 | stx_ino, stx_size, stx_blocks (of 512 bytes) |
/// | 128, 132 | u32 | stx_rdev_major, stx_rdev_minor |
/// | 136, 140 | u32 | stx_dev_major, stx_dev_minor |
///
/// @param mode       type and permissions
/// @param blockSize  preferred size of transfers
/// @param inode      inode number
/// @param size       bytes
/// @param allocated  bytes of the blocks it has
/// @param node       the device a device file stands for
/// @param fileSystem the device its file system lies on
public record FileStatus(
        int mode, int blockSize, long inode, long size, long allocated, DeviceNumber node, DeviceNumber fileSystem) {
    private static final int LENGTH = 256;
    private static final int BASIC_STATS = 0x7ff;
    private static final int TYPE_MASK = 0xf000;
    private static final int TYPE_BLOCK = 0x6000;
    private static final int TYPE_CHARACTER = 0x2000;
    private static final int WRITE_BITS = 0222;
    private static final int PERMISSION_BITS = 0777;

    /// Asks the kernel.
    ///
    /// @throws DeviceException with the errno
    public static FileStatus of(final Path path) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment status = arena.allocate(LENGTH, Long.BYTES);
            final int result = Libc.statx(path.toString(), BASIC_STATS, status.address());
            if (result < 0) {
                throw new DeviceException("cannot look at " + path + ": " + Errno.describe(-result), -result);
            }
            return decode(status);
        }
    }

    static FileStatus decode(final MemorySegment status) {
        return new FileStatus(
                status.get(ValueLayout.JAVA_SHORT, 28) & 0xffff,
                status.get(ValueLayout.JAVA_INT, 4),
                status.get(ValueLayout.JAVA_LONG, 32),
                status.get(ValueLayout.JAVA_LONG, 40),
                status.get(ValueLayout.JAVA_LONG, 48) * 512,
                number(status, 128),
                number(status, 136));
    }

    private static DeviceNumber number(final MemorySegment status, final long offset) {
        return new DeviceNumber(
                status.get(ValueLayout.JAVA_INT, offset), status.get(ValueLayout.JAVA_INT, offset + Integer.BYTES));
    }

    /// Whether it is a block device.
    public boolean isBlockDevice() {
        return (mode & TYPE_MASK) == TYPE_BLOCK;
    }

    /// Whether it is a character device.
    public boolean isCharacterDevice() {
        return (mode & TYPE_MASK) == TYPE_CHARACTER;
    }

    /// Whether anybody may write it.
    public boolean hasWritePermission() {
        return (mode & WRITE_BITS) != 0;
    }

    /// Whether anybody may do anything with it.
    public boolean hasAnyPermission() {
        return (mode & PERMISSION_BITS) != 0;
    }

    /// Major and minor number of a device.
    ///
    /// @param major major number
    /// @param minor minor number
    public record DeviceNumber(int major, int minor) {
        /// As sysfs and /proc write it: {@code 259:1}.
        @Override
        public String toString() {
            return major + ":" + minor;
        }
    }
}
