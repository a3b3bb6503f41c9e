/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

/// Sizes of a zoned device, in bytes unless named otherwise.
///
/// @param blockSize    logical block: the alignment and granularity of appends, a power of two
/// @param zoneSize     address stride between zones, a power of two
/// @param zoneCapacity writable bytes of a zone, at most {@code zoneSize}, a multiple of {@code blockSize}
/// @param zoneCount    number of zones, at least 1 (a directory creates zone files as they are needed, up to this
/// many)
/// @param maxOpen      zones that may be open at a time; 0 = no limit
/// @param maxActive    zones that may be open or closed at a time; 0 = no limit
/// @param maxAppend    largest single append, a multiple of {@code blockSize}
public record ZoneGeometry(
        int blockSize, long zoneSize, long zoneCapacity, int zoneCount, int maxOpen, int maxActive, int maxAppend) {
    /// Checks every bound: these numbers come from a device and are not trusted.
    public ZoneGeometry {
        check(blockSize >= 512 && Integer.bitCount(blockSize) == 1, "blockSize", blockSize);
        check(zoneSize >= blockSize && Long.bitCount(zoneSize) == 1, "zoneSize", zoneSize);
        check(
                zoneCapacity >= blockSize && zoneCapacity <= zoneSize && zoneCapacity % blockSize == 0,
                "zoneCapacity",
                zoneCapacity);
        check(zoneCount >= 1, "zoneCount", zoneCount);
        check(maxOpen >= 0, "maxOpen", maxOpen);
        check(maxActive >= 0, "maxActive", maxActive);
        check(maxAppend >= blockSize && maxAppend % blockSize == 0, "maxAppend", maxAppend);
    }

    private static void check(final boolean valid, final String name, final long value) {
        if (!valid) {
            throw new IllegalArgumentException("device geometry is not usable: " + name + "=" + value);
        }
    }

    /// Zone of an absolute device address.
    public int zoneOf(final long address) {
        return (int) (address / zoneSize);
    }

    /// Offset of an absolute device address in its zone.
    public long offsetOf(final long address) {
        return address & (zoneSize - 1);
    }

    /// Absolute device address of an offset in a zone.
    public long address(final int zone, final long offset) {
        return zone * zoneSize + offset;
    }
}
