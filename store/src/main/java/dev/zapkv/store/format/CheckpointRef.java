/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import static dev.zapkv.store.format.LittleEndian.INT;
import static dev.zapkv.store.format.LittleEndian.LONG;

import java.lang.foreign.MemorySegment;

/// A complete checkpoint, as the metadata names it.
///
/// | offset | size | type | field        | meaning and valid range                                                  |
/// |-------:|-----:|------|--------------|--------------------------------------------------------------------------|
/// |      0 |    8 | u64  | number       | of the checkpoint, from 1                                                |
/// |      8 |    8 | u64  | firstBlock   | host blocks from this one on are replayed behind it                      |
/// |     16 |    8 | u64  | firstGcBlock | gc blocks from this one on are replayed behind it                        |
/// |     24 |    4 | u32  | shards       | of the index: a power of two up to 65,536                                |
/// |     28 |    4 | u32  | reserved     | 0                                                                        |
/// |     32 |   32 | –    | root         | {@link PartPointer} of its first root part                               |
///
/// @param number       of the checkpoint
/// @param firstBlock   first host block to replay
/// @param firstGcBlock first gc block to replay
/// @param shards       of the index
/// @param root         its first root part
public record CheckpointRef(long number, long firstBlock, long firstGcBlock, int shards, PartPointer root) {
    /// Length of the stored form.
    public static final int LENGTH = 32 + PartPointer.LENGTH;

    private static final int FIRST_BLOCK_OFFSET = 8;
    private static final int FIRST_GC_BLOCK_OFFSET = 16;
    private static final int SHARDS_OFFSET = 24;
    private static final int ROOT_OFFSET = 32;
    private static final int MAX_SHARDS = 1 << 16;

    /// Writes the stored form.
    public void encode(final MemorySegment memory, final long offset) {
        memory.set(LONG, offset, number);
        memory.set(LONG, offset + FIRST_BLOCK_OFFSET, firstBlock);
        memory.set(LONG, offset + FIRST_GC_BLOCK_OFFSET, firstGcBlock);
        memory.set(INT, offset + SHARDS_OFFSET, shards);
        memory.set(INT, offset + SHARDS_OFFSET + 4, 0);
        root.encode(memory, offset + ROOT_OFFSET);
    }

    /// Reads the stored form; null if it says what cannot be.
    static CheckpointRef decode(final MemorySegment memory, final long offset) {
        final PartPointer root = PartPointer.decode(memory, offset + ROOT_OFFSET);
        final int shards = memory.get(INT, offset + SHARDS_OFFSET);
        if (root == null || root.kind() != CheckpointPart.ROOT) {
            return null;
        }
        if (shards < 1 || shards > MAX_SHARDS || Integer.bitCount(shards) != 1) {
            return null;
        }
        return new CheckpointRef(
                memory.get(LONG, offset),
                memory.get(LONG, offset + FIRST_BLOCK_OFFSET),
                memory.get(LONG, offset + FIRST_GC_BLOCK_OFFSET),
                shards,
                root);
    }
}
