/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.salvage;

import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.Stream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// A block with a valid header, where it was found. Valid during the visit.
///
/// @param zone       its zone
/// @param zoneOffset of its header in the zone
/// @param memory     holds the whole block
/// @param view       the same memory
/// @param offset     of its header in the memory
/// @param intact     whether its payload is what was written
record FoundBlock(int zone, long zoneOffset, MemorySegment memory, ByteBuffer view, int offset, boolean intact) {
    StoreId storeId() {
        return new StoreId(BlockFormat.storeIdHigh(memory, offset), BlockFormat.storeIdLow(memory, offset));
    }

    boolean isOf(final StoreId id) {
        return BlockFormat.storeIdHigh(memory, offset) == id.high()
                && BlockFormat.storeIdLow(memory, offset) == id.low();
    }

    /// Null if it is none that is known.
    Stream stream() {
        return Stream.ofCode(BlockFormat.streamCode(memory, offset));
    }

    /// Whether its payload is records.
    boolean holdsRecords() {
        final Stream stream = stream();
        return stream == Stream.HOST || stream == Stream.GC;
    }

    int version() {
        return BlockFormat.version(memory, offset);
    }

    long number() {
        return BlockFormat.blockNumber(memory, offset);
    }

    long epoch() {
        return BlockFormat.epoch(memory, offset);
    }

    int generation() {
        return BlockFormat.zoneGeneration(memory, offset);
    }

    int payload() {
        return offset + BlockFormat.HEADER_LENGTH;
    }

    int payloadLength() {
        return BlockFormat.payloadLength(memory, offset);
    }

    long minLogPosition() {
        return BlockFormat.minLogPosition(memory, offset);
    }

    long maxLogPosition() {
        return BlockFormat.maxLogPosition(memory, offset);
    }
}
