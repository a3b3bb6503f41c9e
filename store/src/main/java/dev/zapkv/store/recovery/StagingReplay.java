/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import static dev.zapkv.store.format.LittleEndian.BYTE;

import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.ChunkSetNote;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.log.StagingFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongToIntFunction;
import java.util.zip.CRC32C;

/// Finds the records that a killed process had committed to staging and not yet applied: the blocks behind
/// the last one that counts, as far as they are there, in log order. A place that was claimed and not
/// committed is stepped over: no write that was acknowledged lies in it, and whoever wrote behind it was not
/// waiting for it. Changes nothing.
public final class StagingReplay {
    private static final int FIRST_RECORDS = 1024;

    private final StagingFile file;
    private final MemorySegment memory;
    private final int blockBytes;
    private final Map<Long, Integer> slots = new HashMap<>();
    private final long firstBlock;
    private final long lastBlock;
    private final List<Block> blocks = new ArrayList<>();
    // In memory, of the records in log order.
    private long[] offsets = new long[FIRST_RECORDS];
    private int count;

    /// A block that was read.
    ///
    /// @param firstRecord index of its first record among all
    /// @param endRecord   of its last one, and one more
    public record Block(long number, int slot, int firstRecord, int endRecord) {}

    /// Looks which blocks are there.
    ///
    /// @param settled number of the last block that counts whatever is found
    public StagingReplay(final StagingFile file, final long settled) {
        this.file = file;
        memory = file.memory();
        blockBytes = file.blockBytes();
        final long limit = IndexEntry.DEVICE_ADDRESS_LIMIT / BlockFormat.HEADER_LENGTH;
        for (int slot = 0; slot < file.allocatedSlots(); slot++) {
            final long number = file.blockNumber(slot);
            if (number > settled && number < limit) {
                slots.put(number, slot);
            }
        }
        // Block numbers are given out in order, so what was not applied lies side by side and ends with the
        // highest. Of what was, some may still be here, with gaps where slots were used again: behind a gap older
        // values would be taken for newer ones. It is asked for only if a zone was lost.
        lastBlock = slots.keySet().stream().mapToLong(Long::longValue).max().orElse(settled);
        long first = lastBlock + 1;
        while (slots.containsKey(first - 1)) {
            first--;
        }
        firstBlock = first;
    }

    /// Reads the blocks from one on. Once.
    ///
    /// @param from not below {@link #firstBlock}; 0: none counts
    public void read(final long from) {
        for (long block = from; from > 0 && block <= lastBlock; block++) {
            final int slot = slots.get(block);
            final int firstRecord = count;
            find(block, file.slotOffset(slot));
            blocks.add(new Block(block, slot, firstRecord, count));
        }
    }

    /// Receives records in log order.
    @FunctionalInterface
    public interface Visitor {
        /// One committed record. One with {@link RecordFormat#FLAG_BATCH_PART} belongs to the same batch as the one
        /// before.
        ///
        /// @param position its place in the log
        void record(long position, int flags, byte[] key, byte[] value);
    }

    /// Number of the first of the blocks that lie side by side up to the last.
    public long firstBlock() {
        return firstBlock;
    }

    /// Number of the last block; if there is none, of the settled one.
    public long lastBlock() {
        return lastBlock;
    }

    /// What was read, in log order.
    public List<Block> blocks() {
        return blocks;
    }

    /// Offset of a record in the file.
    public long offset(final int record) {
        return offsets[record];
    }

    /// Where it lies.
    public StagingFile file() {
        return file;
    }

    /// Large values whose head is among the records.
    ///
    /// @param shardOf the shard of a location, {@link dev.zapkv.store.index.PointIndex#shardOf}
    public List<ChunkSetNote> chunkSets(final KeyHash hash, final LongToIntFunction shardOf) {
        final List<ChunkSetNote> sets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            if ((RecordFormat.flags(memory, offsets[i]) & RecordFormat.FLAG_LARGE) != 0) {
                final byte[] key = key(offsets[i]);
                final LargeHead head = LargeHead.decode(value(offsets[i]));
                if (head != null) {
                    final int shard = shardOf.applyAsInt(hash.location(key, 0, key.length));
                    sets.add(new ChunkSetNote(
                            head.chunkSet(), hash.fingerprint(key, 0, key.length), shard, head.chunkCount()));
                }
            }
        }
        return sets;
    }

    /// Visits all committed records.
    ///
    /// @return number of records
    public long visit(final Visitor visitor) {
        for (int i = 0; i < count; i++) {
            final long at = offsets[i];
            visitor.record(RecordFormat.logPosition(memory, at), RecordFormat.flags(memory, at), key(at), value(at));
        }
        return count;
    }

    private byte[] key(final long at) {
        final byte[] key = new byte[RecordFormat.keyLength(memory, at)];
        MemorySegment.copy(
                memory, BYTE, at + RecordFormat.keyOffset(RecordFormat.flags(memory, at)), key, 0, key.length);
        return key;
    }

    private byte[] value(final long at) {
        final int keyEnd = RecordFormat.keyOffset(RecordFormat.flags(memory, at)) + RecordFormat.keyLength(memory, at);
        final byte[] value = new byte[RecordFormat.length(memory, at) - keyEnd];
        MemorySegment.copy(memory, BYTE, at + keyEnd, value, 0, value.length);
        return value;
    }

    /// Notes where the committed records of a block are.
    private void find(final long block, final long slotOffset) {
        final MemorySegment content = memory.asSlice(slotOffset, blockBytes);
        final ByteBuffer view = content.asByteBuffer();
        final CRC32C crc = new CRC32C();
        boolean adjacent = false;
        int at = BlockFormat.HEADER_LENGTH;
        while (at < blockBytes) {
            final long position = block * blockBytes + at;
            if (blockBytes - at < RecordFormat.HEADER_LENGTH
                    || RecordFormat.logPosition(content, at) != position
                    || RecordFormat.invalidReason(content, view, at, blockBytes, crc) != null) {
                at += RecordFormat.ALIGNMENT;
                adjacent = false;
                continue;
            }
            final int flags = RecordFormat.flags(content, at);
            // Part of a batch whose beginning was never committed: the batch does not count.
            final boolean orphan = (flags & RecordFormat.FLAG_BATCH_PART) != 0 && !adjacent;
            adjacent = (flags & RecordFormat.FLAG_PADDING) == 0 && !orphan;
            if (adjacent) {
                note(slotOffset + at);
            }
            at += RecordFormat.align(RecordFormat.length(content, at));
        }
    }

    private void note(final long offset) {
        if (count == offsets.length) {
            offsets = Arrays.copyOf(offsets, 2 * count);
        }
        offsets[count++] = offset;
    }
}
