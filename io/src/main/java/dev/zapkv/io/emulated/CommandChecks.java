/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.emulated;

import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.ZoneGeometry;
import java.lang.foreign.MemorySegment;

/// Checks of command arguments, the same for every backend: a wrong argument is the caller's error and never
/// becomes a command.
public final class CommandChecks {
    private CommandChecks() {}

    /// Checks a zone index.
    public static void zone(final ZoneGeometry geometry, final int zone) {
        if (zone < 0 || zone >= geometry.zoneCount()) {
            throw new IllegalArgumentException("zone=" + zone + " not in [0, " + geometry.zoneCount() + ")");
        }
    }

    /// Checks memory that is to be registered.
    public static void memory(final ZoneGeometry geometry, final MemorySegment memory) {
        if (!memory.isNative() || memory.isReadOnly()) {
            throw new IllegalArgumentException("a buffer must be native, writable memory: " + memory);
        }
        final int block = geometry.blockSize();
        if (memory.byteSize() == 0 || memory.byteSize() % block != 0 || memory.address() % block != 0) {
            throw new IllegalArgumentException("a buffer must be aligned to, and a positive multiple of, blockSize="
                    + block + ": address=0x" + Long.toHexString(memory.address()) + " length=" + memory.byteSize());
        }
    }

    /// Checks the arguments of an append.
    public static void append(
            final ZoneGeometry geometry,
            final int zone,
            final long bufferLength,
            final long offset,
            final int length,
            final int attributes) {
        zone(geometry, zone);
        range(geometry, bufferLength, offset, length);
        if (length > geometry.maxAppend()) {
            throw new IllegalArgumentException("length=" + length + " exceeds maxAppend=" + geometry.maxAppend());
        }
        attributes(attributes);
    }

    /// Checks the arguments of a read into a buffer.
    public static void read(
            final ZoneGeometry geometry,
            final long address,
            final long bufferLength,
            final long offset,
            final int length,
            final int attributes) {
        range(geometry, bufferLength, offset, length);
        if (address % geometry.blockSize() != 0) {
            throw new IllegalArgumentException(
                    "address=" + address + " is no multiple of blockSize=" + geometry.blockSize());
        }
        addresses(geometry, address, length);
        attributes(attributes);
    }

    /// Checks that an address range lies in the writable part of one zone.
    public static void addresses(final ZoneGeometry geometry, final long address, final int length) {
        if (length < 0) {
            throw new IllegalArgumentException("length=" + length + " is negative");
        }
        if (address < 0
                || address / geometry.zoneSize() >= geometry.zoneCount()
                || geometry.offsetOf(address) + length > geometry.zoneCapacity()) {
            throw new IllegalArgumentException("address=" + address + " length=" + length
                    + " is not within one zone: zoneSize=" + geometry.zoneSize() + " zoneCapacity="
                    + geometry.zoneCapacity() + " zoneCount=" + geometry.zoneCount());
        }
    }

    private static void range(
            final ZoneGeometry geometry, final long bufferLength, final long offset, final int length) {
        final int block = geometry.blockSize();
        if (offset < 0 || offset % block != 0) {
            throw new IllegalArgumentException("offset=" + offset + " is no multiple of blockSize=" + block);
        }
        if (length <= 0 || length % block != 0) {
            throw new IllegalArgumentException("length=" + length + " is no positive multiple of blockSize=" + block);
        }
        if (length > bufferLength - offset) {
            throw new IllegalArgumentException(
                    "offset=" + offset + " length=" + length + " exceeds the buffer's " + bufferLength + " bytes");
        }
    }

    private static void attributes(final int attributes) {
        if ((attributes & ~IoAttributes.ALL) != 0) {
            throw new IllegalArgumentException(
                    "unknown attributes=0x" + Integer.toHexString(attributes & ~IoAttributes.ALL));
        }
        if ((attributes & IoAttributes.LIFETIME) == IoAttributes.LIFETIME) {
            throw new IllegalArgumentException("a lifetime cannot be both short and long");
        }
    }
}
