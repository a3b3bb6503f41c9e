/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.salvage;

import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.log.StagingCopy;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// Visits the records of a block, of a damaged one those that hold by themselves. Of a batch that a
/// damaged place
/// cuts, what lies behind that place does not count.
final class RecordWalk {
    /// No log position reaches it.
    static final long POSITION_LIMIT = 1L << 60;

    private static final long ANYWHERE = -1;

    private final CRC32C crc = new CRC32C();
    private long damagedPlaces;
    private long cutBatches;

    /// Receives records.
    @FunctionalInterface
    interface Visitor {
        /// One record that means something.
        ///
        /// @param at offset of the record
        void record(MemorySegment memory, int at);
    }

    /// Visits the records of a block.
    void block(final FoundBlock block, final Visitor visitor) {
        final int end = block.payload() + block.payloadLength();
        walk(
                block.memory(),
                block.view(),
                block.payload(),
                end,
                block.intact() ? 1 : Math.max(1, block.minLogPosition()),
                block.intact() ? POSITION_LIMIT - 1 : Math.min(POSITION_LIMIT - 1, block.maxLogPosition()),
                ANYWHERE,
                visitor);
    }

    /// Visits what was committed to a block in staging.
    ///
    /// @param memory the slot
    /// @param number of the block
    void staged(final StagingCopy staging, final MemorySegment memory, final long number, final Visitor visitor) {
        final long first = number * staging.blockBytes();
        final long damagedBefore = damagedPlaces;
        final long cutBefore = cutBatches;
        walk(
                memory,
                memory.asByteBuffer(),
                BlockFormat.HEADER_LENGTH,
                staging.blockBytes(),
                first,
                first + staging.blockBytes() - 1,
                first,
                visitor);
        // Places that were never committed are not damaged.
        damagedPlaces = damagedBefore;
        cutBatches = cutBefore;
    }

    /// @param place position of the byte at offset 0 if each record has the position of its place, or
    ///              {@link #ANYWHERE}
    private void walk(
            final MemorySegment memory,
            final ByteBuffer view,
            final int from,
            final int end,
            final long low,
            final long high,
            final long place,
            final Visitor visitor) {
        boolean adjacent = false;
        boolean damaged = false;
        int at = from;
        while (end - at >= RecordFormat.HEADER_LENGTH) {
            if (!isRecord(memory, view, at, end, low, high, place)) {
                damagedPlaces += damaged ? 0 : 1;
                damaged = true;
                adjacent = false;
                at += RecordFormat.ALIGNMENT;
                continue;
            }
            final int flags = RecordFormat.flags(memory, at);
            final boolean orphan = (flags & RecordFormat.FLAG_BATCH_PART) != 0 && !adjacent;
            if (orphan) {
                cutBatches += damaged ? 1 : 0;
            } else if ((flags & RecordFormat.FLAG_PADDING) == 0) {
                visitor.record(memory, at);
            }
            damaged = false;
            adjacent = !orphan && (flags & RecordFormat.FLAG_PADDING) == 0;
            at += RecordFormat.align(RecordFormat.length(memory, at));
        }
    }

    private boolean isRecord(
            final MemorySegment memory,
            final ByteBuffer view,
            final int at,
            final int end,
            final long low,
            final long high,
            final long place) {
        final long position = RecordFormat.logPosition(memory, at);
        return position >= low
                && position <= high
                && (place == ANYWHERE || position == place + at)
                && RecordFormat.invalidReason(memory, view, at, end, crc) == null;
    }

    /// Places in blocks where there should have been a record.
    long damagedPlaces() {
        return damagedPlaces;
    }

    /// Batches of which only a part, or nothing, counted.
    long cutBatches() {
        return cutBatches;
    }
}
