/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Flyweight over a report of zones, little-endian: a header of 64 bytes and a descriptor of 64 bytes per zone.
///
/// | offset | type | header | offset | type | descriptor |
/// |---:|---|---|---:|---|---|
/// | 0 | u64 | number of zones | 0 | u8 | type, 2: sequential write required |
/// | | | | 1 | u8 | state << 4: 1 empty, 2 and 3 open, 4 closed, 13 read-only, 14 full, 15 lost |
/// | | | | 2 | u8 | attributes |
/// | | | | 8 | u64 | capacity, blocks |
/// | | | | 16 | u64 | first block |
/// | | | | 24 | u64 | write pointer, a block; meaningless if full, read-only or offline |
///
/// Nothing in it is trusted: a value that cannot be is a {@link DeviceException}.
final class ZoneReport {
    static final int HEADER_LENGTH = 64;
    static final int DESCRIPTOR_LENGTH = 64;

    private static final int TYPE_SEQUENTIAL = 2;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment memory;

    ZoneReport(final MemorySegment memory) {
        this.memory = memory;
    }

    /// Bytes of a report of so many zones.
    static int length(final int zones) {
        return HEADER_LENGTH + zones * DESCRIPTOR_LENGTH;
    }

    /// The count of the header: of the zones from the start on, or of the descriptors in a partial report.
    long zoneCount() {
        return memory.get(LONG, 0);
    }

    /// Descriptors that can be read: what the header says, within the memory.
    int descriptors() {
        final long room = (memory.byteSize() - HEADER_LENGTH) / DESCRIPTOR_LENGTH;
        final long count = zoneCount();
        return (int) (count < 0 ? room : Math.min(count, room));
    }

    long capacityBlocks(final int index) {
        return memory.get(LONG, at(index) + 8);
    }

    long firstBlock(final int index) {
        return memory.get(LONG, at(index) + 16);
    }

    /// Decodes a descriptor.
    ///
    /// @param zone      index for the result and the message
    /// @param zoneBlock first block the zone must have
    /// @param layout    sizes to check against
    ZoneInfo zone(final int index, final int zone, final long zoneBlock, final Layout layout) {
        final long capacity = capacityBlocks(index);
        final int type = memory.get(ValueLayout.JAVA_BYTE, at(index)) & 0xF;
        check(type == TYPE_SEQUENTIAL, zone, "type", type);
        check(firstBlock(index) == zoneBlock, zone, "first block", firstBlock(index));
        check(capacity > 0 && capacity <= layout.zoneBlocks(), zone, "capacity", capacity);
        final long capacityBytes = capacity << layout.blockShift();
        final ZoneState state = state(index, zone);
        return switch (state) {
            case EMPTY, OPEN, CLOSED -> {
                final long offset = memory.get(LONG, at(index) + 24) - zoneBlock;
                check(offset >= 0 && offset <= capacity, zone, "write pointer", zoneBlock + offset);
                yield new ZoneInfo(zone, state, offset << layout.blockShift(), capacityBytes, true);
            }
            case FULL -> new ZoneInfo(zone, state, capacityBytes, capacityBytes, true);
            case READ_ONLY -> new ZoneInfo(zone, state, capacityBytes, capacityBytes, false);
            case OFFLINE -> new ZoneInfo(zone, state, 0, capacityBytes, false);
        };
    }

    private ZoneState state(final int index, final int zone) {
        final int state = memory.get(ValueLayout.JAVA_BYTE, at(index) + 1) >>> 4 & 0xF;
        return switch (state) {
            case 1 -> ZoneState.EMPTY;
            case 2, 3 -> ZoneState.OPEN;
            case 4 -> ZoneState.CLOSED;
            case 0xD -> ZoneState.READ_ONLY;
            case 0xE -> ZoneState.FULL;
            case 0xF -> ZoneState.OFFLINE;
            default -> throw impossible(zone, "state", state);
        };
    }

    private static long at(final int index) {
        return HEADER_LENGTH + (long) index * DESCRIPTOR_LENGTH;
    }

    private static void check(final boolean valid, final int zone, final String name, final long value) {
        if (!valid) {
            throw impossible(zone, name, value);
        }
    }

    private static DeviceException impossible(final int zone, final String name, final long value) {
        return new DeviceException(
                "the drive's report of zone=" + zone + " cannot be: " + name + "=" + Long.toUnsignedString(value)
                        + "; update the drive's firmware, or replace it",
                Errno.EIO);
    }

    /// Sizes every zone must agree with.
    ///
    /// @param blockShift logarithm of the block's bytes
    /// @param zoneBlocks blocks from one zone to the next
    record Layout(int blockShift, long zoneBlocks) {}
}
