/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import static dev.zapkv.store.format.LittleEndian.BYTE;
import static dev.zapkv.store.format.LittleEndian.INT;
import static dev.zapkv.store.format.LittleEndian.LONG;

import dev.zapkv.store.format.RecordFormat;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/// Encodes records into claimed places. One per thread.
public final class RecordWriter {
    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    // Native order: Linux on the supported processors is little-endian.
    private static final VarHandle LENGTH = ValueLayout.JAVA_INT.varHandle();

    private final CRC32C crc = new CRC32C();
    private final byte[] header = new byte[RecordFormat.HEADER_LENGTH];

    /// A writer for one thread.
    public RecordWriter() {}

    /// Writes all of a record but its length, without which it does not count.
    ///
    /// @param value  the array the value lies in, or null if it lies in its place already
    /// @param from   first byte of the value in {@code value}
    /// @param length length of the value
    public void write(
            final MemorySegment memory,
            final long offset,
            final long logPosition,
            final int flags,
            final byte[] key,
            final byte[] value,
            final int from,
            final int length) {
        final int recordLength = RecordFormat.length(key.length, length);
        INTS.set(header, RecordFormat.LENGTH_OFFSET, recordLength);
        LONGS.set(header, RecordFormat.LOG_POSITION_OFFSET, logPosition);
        header[RecordFormat.FLAGS_OFFSET] = (byte) flags;
        SHORTS.set(header, RecordFormat.KEY_LENGTH_OFFSET, (short) (key.length - 1));
        crc.reset();
        crc.update(header, RecordFormat.LENGTH_OFFSET, header.length - RecordFormat.LENGTH_OFFSET);
        crc.update(key, 0, key.length);
        final long valueAt = offset + RecordFormat.HEADER_LENGTH + key.length;
        final int aligned = RecordFormat.align(recordLength);
        if (value == null) {
            crc.update(memory.asSlice(valueAt, length).asByteBuffer());
            memory.asSlice(offset + recordLength, aligned - recordLength).fill((byte) 0);
        } else {
            crc.update(value, from, length);
            // The last unit first: what the value does not cover of it is padding.
            memory.set(LONG, offset + aligned - 16, 0);
            memory.set(LONG, offset + aligned - 8, 0);
        }
        memory.set(INT, offset + RecordFormat.CRC_OFFSET, (int) crc.getValue());
        final int behindLength = RecordFormat.LOG_POSITION_OFFSET;
        MemorySegment.copy(header, behindLength, memory, BYTE, offset + behindLength, header.length - behindLength);
        MemorySegment.copy(key, 0, memory, BYTE, offset + RecordFormat.HEADER_LENGTH, key.length);
        if (value != null) {
            MemorySegment.copy(value, from, memory, BYTE, valueAt, length);
        }
    }

    /// Stores a record's length: from here on it is committed, as far as a later reader of staging is concerned.
    static void commit(final MemorySegment memory, final long offset, final int recordLength) {
        // Release: whoever finds the length finds the record; the kernel keeps the order should the process die.
        LENGTH.setRelease(memory, offset + RecordFormat.LENGTH_OFFSET, recordLength);
    }

    /// Takes a record's length away: it does not count any more.
    static void withdraw(final MemorySegment memory, final long offset) {
        LENGTH.setRelease(memory, offset + RecordFormat.LENGTH_OFFSET, 0);
        // The kernel keeps the order should the process die, the JVM must too.
        VarHandle.fullFence();
    }

    /// Fills a place with padding, whatever lies there.
    ///
    /// @param length a multiple of the alignment, long enough for a record
    void writePadding(final MemorySegment memory, final long offset, final long logPosition, final int length) {
        final byte[] key = {0};
        LENGTH.setRelease(memory, offset + RecordFormat.LENGTH_OFFSET, 0);
        write(memory, offset, logPosition, RecordFormat.FLAG_PADDING, key, null, 0, length - RecordFormat.length(1, 0));
        commit(memory, offset, length);
    }

    /// Turns a committed record into padding.
    void cancel(final MemorySegment memory, final long offset) {
        memory.set(BYTE, offset + RecordFormat.FLAGS_OFFSET, (byte)
                (RecordFormat.flags(memory, offset) | RecordFormat.FLAG_PADDING));
        final int length = RecordFormat.length(memory, offset);
        crc.reset();
        crc.update(memory.asSlice(offset + RecordFormat.LENGTH_OFFSET, length - RecordFormat.LENGTH_OFFSET)
                .asByteBuffer());
        memory.set(INT, offset + RecordFormat.CRC_OFFSET, (int) crc.getValue());
    }
}
