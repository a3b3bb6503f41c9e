/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Key of a chunk of a large value, in records with {@link RecordFormat#FLAG_CHUNK}.
///
/// | offset | size | type | field   | meaning                                                         |
/// |-------:|-----:|------|---------|-----------------------------------------------------------------|
/// |      0 |    8 | u64  | chunkSet | unique per large put: a random number, never 0                 |
/// |      8 |    4 | u32  | index   | from 0                                                          |
public final class ChunkKey {
    /// Offset of the chunk set's number.
    public static final int CHUNK_SET_OFFSET = 0;
    /// Offset of the chunk's index.
    public static final int INDEX_OFFSET = CHUNK_SET_OFFSET + 8;
    /// Length of the key.
    public static final int LENGTH = INDEX_OFFSET + 4;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private ChunkKey() {}

    /// Writes a chunk's key into an array of {@link #LENGTH} bytes.
    public static void set(final byte[] key, final long chunkSet, final int index) {
        LONG.set(key, CHUNK_SET_OFFSET, chunkSet);
        INT.set(key, INDEX_OFFSET, index);
    }

    /// The chunk set a key belongs to.
    public static long chunkSet(final byte[] key) {
        return (long) LONG.get(key, CHUNK_SET_OFFSET);
    }
}
