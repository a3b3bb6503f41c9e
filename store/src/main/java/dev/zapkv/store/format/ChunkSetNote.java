/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import static dev.zapkv.store.format.LittleEndian.INT;
import static dev.zapkv.store.format.LittleEndian.LONG;

import java.lang.foreign.MemorySegment;

/// The chunks of a large value that was there, or was being written or dropped, when a checkpoint began.
///
/// | offset | size | type | field           | meaning and valid range                                        |
/// |-------:|-----:|------|-----------------|----------------------------------------------------------------|
/// |      0 |    8 | u64  | chunkSet        | first part of each chunk's key                                 |
/// |      8 |    8 | u64  | headFingerprint | of the user's key                                              |
/// |     16 |    4 | u32  | headShard       | of the user's key                                              |
/// |     20 |    4 | u32  | chunks          | number of chunks                                               |
///
/// @param chunkSet        first part of each chunk's key
/// @param headFingerprint of the user's key
/// @param headShard       of the user's key
/// @param chunks          number of chunks
public record ChunkSetNote(long chunkSet, long headFingerprint, int headShard, int chunks) {
    /// Offset of the chunk set's number.
    public static final int CHUNK_SET_OFFSET = 0;
    /// Offset of the head's fingerprint.
    public static final int HEAD_FINGERPRINT_OFFSET = CHUNK_SET_OFFSET + 8;
    /// Offset of the head's shard.
    public static final int HEAD_SHARD_OFFSET = HEAD_FINGERPRINT_OFFSET + 8;
    /// Offset of the number of chunks.
    public static final int CHUNKS_OFFSET = HEAD_SHARD_OFFSET + 4;
    /// Length of the stored form.
    public static final int LENGTH = CHUNKS_OFFSET + 4;

    /// Writes the stored form.
    public void encode(final MemorySegment memory, final long offset) {
        memory.set(LONG, offset + CHUNK_SET_OFFSET, chunkSet);
        memory.set(LONG, offset + HEAD_FINGERPRINT_OFFSET, headFingerprint);
        memory.set(INT, offset + HEAD_SHARD_OFFSET, headShard);
        memory.set(INT, offset + CHUNKS_OFFSET, chunks);
    }

    static ChunkSetNote decode(final MemorySegment memory, final long offset) {
        return new ChunkSetNote(
                memory.get(LONG, offset + CHUNK_SET_OFFSET),
                memory.get(LONG, offset + HEAD_FINGERPRINT_OFFSET),
                memory.get(INT, offset + HEAD_SHARD_OFFSET),
                memory.get(INT, offset + CHUNKS_OFFSET));
    }
}
