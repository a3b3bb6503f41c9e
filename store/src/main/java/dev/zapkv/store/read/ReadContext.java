/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.read;

import static dev.zapkv.store.format.LittleEndian.BYTE;
import static dev.zapkv.store.format.LittleEndian.LONG;

import dev.zapkv.io.ZoneDevice;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/// One thread's place of work for reads: where the record lies that it is looking at, and scratch memory for
/// device reads.
public final class ReadContext {
    private static final int INITIAL_SCRATCH = 8 << 10;
    private static final VarHandle ARRAY_LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final CRC32C crc = new CRC32C();
    private MemorySegment scratch = MemorySegment.NULL;
    private ByteBuffer scratchView;

    private MemorySegment memory;
    private long offset;
    private boolean staged;
    private int slot;
    private long block;
    private long place;
    private int flags;
    private long valueOffset;
    private int valueLength;
    private byte[] value;
    private byte[] key;

    ReadContext() {}

    void staged(final MemorySegment staging, final long at, final int inSlot, final long ofBlock) {
        memory = staging;
        offset = at;
        staged = true;
        slot = inSlot;
        block = ofBlock;
    }

    void cached(final MemorySegment cache, final long at, final long atPlace) {
        memory = cache;
        offset = at;
        staged = false;
        place = atPlace;
    }

    /// Reads a record into scratch memory and verifies its checksum; the reason if it does not hold, else
    /// null.
    String readDevice(final ZoneDevice device, final long address, final int length) {
        if (scratch.byteSize() < length) {
            scratch = Arena.ofAuto().allocate(Math.max(INITIAL_SCRATCH, Integer.highestOneBit(length) << 1), 16);
            scratchView = scratch.asByteBuffer();
        }
        device.readSync(address, scratch, 0, length);
        memory = scratch;
        offset = 0;
        return RecordFormat.invalidReason(scratch, scratchView, 0, length, crc);
    }

    /// Takes the located record apart. The bytes may be anything: every length is checked before it is used.
    ///
    /// @return whether it is a record of the key that fits the entry
    boolean parse(final long entry, final byte[] key, final boolean chunk) {
        final int length = RecordFormat.length(memory, offset);
        final int recordFlags = RecordFormat.flags(memory, offset);
        final int keyOffset = RecordFormat.keyOffset(recordFlags);
        final boolean plausible = RecordFormat.keyLength(memory, offset) == key.length
                && ((recordFlags & RecordFormat.FLAG_CHUNK) != 0) == chunk
                && (recordFlags & (RecordFormat.FLAG_TOMBSTONE | RecordFormat.FLAG_PADDING)) == 0
                && length >= keyOffset + key.length
                && offset + length <= memory.byteSize()
                && RecordFormat.align(length) == IndexEntry.lengthBytes(entry);
        if (!plausible || !keyEquals(key, offset + keyOffset)) {
            return false;
        }
        flags = recordFlags;
        valueOffset = offset + keyOffset + key.length;
        valueLength = length - keyOffset - key.length;
        return true;
    }

    private boolean keyEquals(final byte[] key, final long at) {
        int i = 0;
        for (; i + 8 <= key.length; i += 8) {
            if ((long) ARRAY_LONG.get(key, i) != memory.get(LONG, at + i)) {
                return false;
            }
        }
        for (; i < key.length; i++) {
            if (key[i] != memory.get(BYTE, at + i)) {
                return false;
            }
        }
        return true;
    }

    void copyValue(final byte[] into, final int at) {
        value = into == null ? new byte[valueLength] : into;
        MemorySegment.copy(memory, BYTE, valueOffset, value, at, Math.min(valueLength, value.length - at));
    }

    /// Copies key and value of the located record; false if the bytes are no such record.
    boolean copyKeyAndValue() {
        final int length = RecordFormat.length(memory, offset);
        flags = RecordFormat.flags(memory, offset);
        final int keyOffset = RecordFormat.keyOffset(flags);
        final int keyLength = RecordFormat.keyLength(memory, offset);
        if (length < keyOffset + keyLength || offset + length > memory.byteSize()) {
            return false;
        }
        key = new byte[keyLength];
        MemorySegment.copy(memory, BYTE, offset + keyOffset, key, 0, keyLength);
        valueOffset = offset + keyOffset + keyLength;
        valueLength = length - keyOffset - keyLength;
        copyValue(null, 0);
        return true;
    }

    /// The key, after {@link RecordReader#readEntry}.
    public byte[] key() {
        return key;
    }

    /// The array that holds the value.
    public byte[] value() {
        return value;
    }

    /// Whether the value is only the head of a large one.
    public boolean isLarge() {
        return (flags & RecordFormat.FLAG_LARGE) != 0;
    }

    /// Length of the value.
    public int valueLength() {
        return valueLength;
    }

    boolean isStaged() {
        return staged;
    }

    int slot() {
        return slot;
    }

    long block() {
        return block;
    }

    long place() {
        return place;
    }
}
