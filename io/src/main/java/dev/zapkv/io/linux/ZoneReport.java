/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Memory for {@code BLKREPORTZONE}: {@code struct blk_zone_report} and its zones. What a drive put in is not
/// checked here.
///
/// | offset | type | {@code blk_zone_report} | offset | type | {@code blk_zone} |
/// |---:|---|---|---:|---|---|
/// | 0 | u64 | sector | 0 | u64 | start |
/// | 8 | u32 | nr_zones, in and out | 8 | u64 | len |
/// | 12 | u32 | flags: 1 = capacity is set | 16 | u64 | wp |
/// | 16 | | zones | 24 | u8 | type |
/// | | | | 25 | u8 | cond |
/// | | | | 32 | u64 | capacity |
public final class ZoneReport {
    /// Random writes, no write pointer.
    public static final int TYPE_CONVENTIONAL = 1;
    /// Sequential writes only.
    public static final int TYPE_SEQUENTIAL = 2;

    /// No write pointer.
    public static final int CONDITION_NONE = 0x0;
    /// Empty.
    public static final int CONDITION_EMPTY = 0x1;
    /// Opened by a write.
    public static final int CONDITION_IMPLICITLY_OPEN = 0x2;
    /// Opened by command.
    public static final int CONDITION_EXPLICITLY_OPEN = 0x3;
    /// Closed.
    public static final int CONDITION_CLOSED = 0x4;
    /// Read-only.
    public static final int CONDITION_READ_ONLY = 0xD;
    /// Full.
    public static final int CONDITION_FULL = 0xE;
    /// Neither readable nor writable.
    public static final int CONDITION_OFFLINE = 0xF;

    private static final int HEADER_LENGTH = 16;
    private static final int ZONE_LENGTH = 64;
    private static final int FLAG_CAPACITY = 1;

    private final MemorySegment memory;
    private final int zonesMax;

    /// Memory for so many zones.
    public ZoneReport(final Arena arena, final int zonesMax) {
        memory = arena.allocate(HEADER_LENGTH + (long) zonesMax * ZONE_LENGTH, Long.BYTES);
        this.zonesMax = zonesMax;
    }

    /// Fills the header in for a request and gives its address.
    long request(final long firstSector) {
        memory.fill((byte) 0);
        memory.set(ValueLayout.JAVA_LONG, 0, firstSector);
        memory.set(ValueLayout.JAVA_INT, 8, zonesMax);
        return memory.address();
    }

    /// The memory itself.
    MemorySegment memory() {
        return memory;
    }

    /// Zones that were reported, never more than there is memory for.
    public int count() {
        final long count = Integer.toUnsignedLong(memory.get(ValueLayout.JAVA_INT, 8));
        return (int) Math.min(count, zonesMax);
    }

    /// First sector of a zone.
    public long start(final int index) {
        return get(index, 0);
    }

    /// Sectors of a zone.
    public long length(final int index) {
        return get(index, 8);
    }

    /// Sector of a zone's write pointer; without meaning for some conditions.
    public long writePointer(final int index) {
        return get(index, 16);
    }

    /// Type, one of {@code TYPE_…} or another.
    public int type(final int index) {
        return Byte.toUnsignedInt(memory.get(ValueLayout.JAVA_BYTE, at(index) + 24));
    }

    /// Condition, one of {@code CONDITION_…} or another.
    public int condition(final int index) {
        return Byte.toUnsignedInt(memory.get(ValueLayout.JAVA_BYTE, at(index) + 25));
    }

    /// Writable sectors of a zone; its length where the kernel does not tell (before 5.9).
    public long capacity(final int index) {
        final boolean told = (memory.get(ValueLayout.JAVA_INT, 12) & FLAG_CAPACITY) != 0;
        return told ? get(index, 32) : length(index);
    }

    private long get(final int index, final long field) {
        return memory.get(ValueLayout.JAVA_LONG, at(index) + field);
    }

    private static long at(final int index) {
        return HEADER_LENGTH + (long) index * ZONE_LENGTH;
    }
}
