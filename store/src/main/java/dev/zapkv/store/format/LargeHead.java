/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Value of a record with {@link RecordFormat#FLAG_LARGE}: where the chunks of a large value are.
///
/// | offset | size | type | field       | meaning and valid range                                          |
/// |-------:|-----:|------|-------------|------------------------------------------------------------------|
/// |      0 |    8 | u64  | chunkSet    | first part of each chunk's key                                   |
/// |      8 |    8 | u64  | totalLength | length of the value, 1 to 2^31 - 1                               |
/// |     16 |    4 | u32  | chunkLength | length of each chunk but the last, above 0                       |
/// |     20 |    4 | u32  | reserved    | 0                                                                |
///
/// @param chunkSet    first part of each chunk's key
/// @param totalLength length of the value in bytes
/// @param chunkLength length of each chunk but the last, in bytes
public record LargeHead(long chunkSet, long totalLength, int chunkLength) {
    /// Offset of the chunk set's number.
    public static final int CHUNK_SET_OFFSET = 0;
    /// Offset of the total length.
    public static final int TOTAL_LENGTH_OFFSET = CHUNK_SET_OFFSET + 8;
    /// Offset of the chunk length.
    public static final int CHUNK_LENGTH_OFFSET = TOTAL_LENGTH_OFFSET + 8;
    /// Length of the head, reserved bytes included.
    public static final int LENGTH = CHUNK_LENGTH_OFFSET + 8;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    /// Number of chunks.
    public int chunkCount() {
        return (int) ((totalLength + chunkLength - 1) / chunkLength);
    }

    /// Length of one chunk.
    public int lengthOfChunk(final int index) {
        return (int) Math.min(chunkLength, totalLength - (long) index * chunkLength);
    }

    /// The stored form.
    public byte[] encode() {
        final byte[] bytes = new byte[LENGTH];
        LONG.set(bytes, CHUNK_SET_OFFSET, chunkSet);
        LONG.set(bytes, TOTAL_LENGTH_OFFSET, totalLength);
        INT.set(bytes, CHUNK_LENGTH_OFFSET, chunkLength);
        return bytes;
    }

    /// A head from its stored form, or null if the bytes are none.
    public static LargeHead decode(final byte[] bytes) {
        if (bytes.length != LENGTH || (int) INT.get(bytes, CHUNK_LENGTH_OFFSET + 4) != 0) {
            return null;
        }
        final long total = (long) LONG.get(bytes, TOTAL_LENGTH_OFFSET);
        final int chunk = (int) INT.get(bytes, CHUNK_LENGTH_OFFSET);
        if (chunk <= 0 || total <= 0 || total > Integer.MAX_VALUE) {
            return null;
        }
        return new LargeHead((long) LONG.get(bytes, CHUNK_SET_OFFSET), total, chunk);
    }
}
