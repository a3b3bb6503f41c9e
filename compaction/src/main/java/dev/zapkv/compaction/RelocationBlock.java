/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

import static dev.zapkv.store.format.LittleEndian.BYTE;
import static dev.zapkv.store.format.LittleEndian.INT;
import static dev.zapkv.store.format.LittleEndian.LONG;

import dev.zapkv.io.IoBuffer;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.RecordFormat;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// A block of relocated records being filled or appended. Each record keeps its log position and gets its origin
/// added.
final class RelocationBlock {
    private static final int MIN_RECORD = 48;

    private final IoBuffer buffer;
    private final MemorySegment memory;
    private final ByteBuffer view;
    private final int blockBytes;
    private final int[] offsets;
    private final long[] expected;
    private final long[] sources;
    private final CRC32C crc = new CRC32C();
    private int records;
    private int end;
    private long minPosition;
    private long maxPosition;

    RelocationBlock(final IoBuffer buffer, final int blockBytes) {
        this.buffer = buffer;
        this.blockBytes = blockBytes;
        memory = buffer.memory();
        view = memory.asByteBuffer();
        offsets = new int[blockBytes / MIN_RECORD];
        expected = new long[offsets.length];
        sources = new long[offsets.length];
        clear();
    }

    void clear() {
        records = 0;
        end = BlockFormat.HEADER_LENGTH;
        minPosition = Long.MAX_VALUE;
        maxPosition = 0;
    }

    /// Adds a copy of a record; false if it does not fit.
    ///
    /// @param entry   index entry that points at the record, or 0 for a tombstone
    /// @param address where the record lies
    boolean add(final MemorySegment source, final int at, final long entry, final long address) {
        final int flags = RecordFormat.flags(source, at);
        final int length = RecordFormat.length(source, at);
        final int keyOffset = RecordFormat.keyOffset(flags);
        final int target = RecordFormat.keyOffset(RecordFormat.FLAG_RELOCATED);
        final int newLength = length - keyOffset + target;
        if (end + RecordFormat.align(newLength) > blockBytes) {
            return false;
        }
        final int aligned = RecordFormat.align(newLength);
        memory.set(LONG, end + aligned - 16, 0);
        memory.set(LONG, end + aligned - 8, 0);
        MemorySegment.copy(source, at, memory, end, RecordFormat.HEADER_LENGTH);
        memory.set(INT, end + RecordFormat.LENGTH_OFFSET, newLength);
        // A batch was whole when it was applied: its records go their own ways from here.
        memory.set(BYTE, end + RecordFormat.FLAGS_OFFSET, (byte)
                ((flags | RecordFormat.FLAG_RELOCATED) & ~RecordFormat.FLAG_BATCH_PART));
        memory.set(LONG, end + RecordFormat.ORIGIN_OFFSET, address);
        MemorySegment.copy(source, at + keyOffset, memory, end + target, length - keyOffset);
        crc.reset();
        view.limit(end + newLength).position(end + RecordFormat.LENGTH_OFFSET);
        crc.update(view);
        memory.set(INT, end + RecordFormat.CRC_OFFSET, (int) crc.getValue());

        final long position = RecordFormat.logPosition(source, at);
        minPosition = Math.min(minPosition, position);
        maxPosition = Math.max(maxPosition, position);
        offsets[records] = end;
        expected[records] = entry;
        sources[records] = address;
        records++;
        end += aligned;
        return true;
    }

    boolean isEmpty() {
        return records == 0;
    }

    int records() {
        return records;
    }

    int payloadLength() {
        return end - BlockFormat.HEADER_LENGTH;
    }

    long minPosition() {
        return minPosition;
    }

    long maxPosition() {
        return maxPosition;
    }

    IoBuffer buffer() {
        return buffer;
    }

    MemorySegment memory() {
        return memory;
    }

    int offset(final int record) {
        return offsets[record];
    }

    /// Index entry that pointed at the record when it was copied; 0 for a tombstone.
    long expected(final int record) {
        return expected[record];
    }

    /// Address the record was copied from.
    long source(final int record) {
        return sources[record];
    }
}
