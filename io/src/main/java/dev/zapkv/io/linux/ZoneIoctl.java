/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The ioctls of zoned block devices ({@code linux/blkzoned.h}). All return 0, or {@code -errno}; management
/// needs a descriptor that is open for writing. Positions are in sectors of 512 bytes, whatever the block size.
public final class ZoneIoctl {
    /// Bytes of a sector.
    public static final int SECTOR = 512;

    private static final int BLKREPORTZONE = 0xC0101282;
    private static final int BLKRESETZONE = 0x40101283;
    private static final int BLKGETZONESZ = 0x80041284;
    private static final int BLKGETNRZONES = 0x80041285;
    private static final int BLKOPENZONE = 0x40101286;
    private static final int BLKCLOSEZONE = 0x40101287;
    private static final int BLKFINISHZONE = 0x40101288;
    private static final int BLKGETSIZE64 = 0x80081272;
    private static final int BLKSSZGET = 0x1268;
    private static final int RANGE_LENGTH = 16;

    private ZoneIoctl() {}

    /// Zone size in sectors, 0 if the device is not zoned.
    public static long zoneSectors(final int fd) {
        return unsigned(fd, BLKGETZONESZ);
    }

    /// Number of zones.
    public static long zoneCount(final int fd) {
        return unsigned(fd, BLKGETNRZONES);
    }

    /// Bytes of a logical block.
    public static long logicalBlock(final int fd) {
        return unsigned(fd, BLKSSZGET);
    }

    private static long unsigned(final int fd, final int request) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
            final int result = Libc.ioctl(fd, request, value.address());
            return result < 0 ? result : Integer.toUnsignedLong(value.get(ValueLayout.JAVA_INT, 0));
        }
    }

    /// Bytes of the device.
    public static long deviceBytes(final int fd) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
            final int result = Libc.ioctl(fd, BLKGETSIZE64, value.address());
            return result < 0 ? result : value.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    /// Asks the drive for the state of zones from a sector on. On kernels with zone write plugging (6.10) this
    /// also ends the refusal of writes that follows a failed write.
    public static int report(final int fd, final long firstSector, final ZoneReport report) {
        return Libc.ioctl(fd, BLKREPORTZONE, report.request(firstSector));
    }

    /// Empties a zone.
    public static int reset(final int fd, final long sector, final long sectors) {
        return manage(fd, BLKRESETZONE, sector, sectors);
    }

    /// Opens a zone explicitly.
    public static int open(final int fd, final long sector, final long sectors) {
        return manage(fd, BLKOPENZONE, sector, sectors);
    }

    /// Closes a zone.
    public static int close(final int fd, final long sector, final long sectors) {
        return manage(fd, BLKCLOSEZONE, sector, sectors);
    }

    /// Makes a zone full.
    public static int finish(final int fd, final long sector, final long sectors) {
        return manage(fd, BLKFINISHZONE, sector, sectors);
    }

    private static int manage(final int fd, final int request, final long sector, final long sectors) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment range = arena.allocate(RANGE_LENGTH, Long.BYTES);
            range.set(ValueLayout.JAVA_LONG, 0, sector);
            range.set(ValueLayout.JAVA_LONG, Long.BYTES, sectors);
            return Libc.ioctl(fd, request, range.address());
        }
    }
}
