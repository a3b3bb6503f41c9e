/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import static dev.zapkv.store.format.LittleEndian.BYTE;
import static dev.zapkv.store.format.LittleEndian.INT;
import static dev.zapkv.store.format.LittleEndian.LONG;
import static dev.zapkv.store.format.LittleEndian.SHORT;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/// A record: one put or delete within a block. It starts at a multiple of {@link #ALIGNMENT} and is padded with
/// zeros to the next.
///
/// | offset | size | type | field       | meaning and valid range
///    |
/// |-------:|-----:|------|-------------|-------------------------------------------------------------------------------|
/// |      0 |    4 | u32  | crc         | CRC32C of bytes 4 to {@code length}
///    |
/// |      4 |    4 | u32  | length      | header, extension, key and value, without padding; 33 to the block's
/// length   |
/// |      8 |    8 | u64  | logPosition | place in the store's write order (peers call it sequence number), above 0
///    |
/// |     16 |    1 | u8   | flags       | set of {@code FLAG_…}; unknown bits are corruption
///    |
/// |     17 |    1 | u8   | reserved    | 0
///    |
/// |     18 |    2 | u16  | keyLength   | key length less one: 0 to 65,535 for keys of 1 to 65,536 bytes
///    |
/// |     20 |    4 | u32  | table       | 0: the default table
///    |
/// |     24 |    8 | u64  | expiry      | 0: never
///    |
/// |     32 |    8 | u64  | origin      | only with {@link #FLAG_RELOCATED}: device address the record was moved
/// from   |
/// | 32, 40 |    – | –    | key         |
///    |
/// |      – |    – | –    | value       | the rest; empty in a tombstone
///    |
///
/// The writer stores {@code length} last, with release order: in staging, a record whose checksum holds is committed.
public final class RecordFormat {
    /// Records start at multiples of this.
    public static final int ALIGNMENT = 16;

    /// Offset of the checksum.
    public static final int CRC_OFFSET = 0;
    /// Offset of the length.
    public static final int LENGTH_OFFSET = CRC_OFFSET + 4;
    /// Offset of the log position.
    public static final int LOG_POSITION_OFFSET = LENGTH_OFFSET + 4;
    /// Offset of the flags.
    public static final int FLAGS_OFFSET = LOG_POSITION_OFFSET + 8;
    /// Offset of the reserved byte.
    public static final int RESERVED_OFFSET = FLAGS_OFFSET + 1;
    /// Offset of the key length less one.
    public static final int KEY_LENGTH_OFFSET = RESERVED_OFFSET + 1;
    /// Offset of the table.
    public static final int TABLE_OFFSET = KEY_LENGTH_OFFSET + 2;
    /// Offset of the expiry.
    public static final int EXPIRY_OFFSET = TABLE_OFFSET + 4;
    /// Length of the fixed part.
    public static final int HEADER_LENGTH = EXPIRY_OFFSET + 8;
    /// Offset of the origin address of a relocated record.
    public static final int ORIGIN_OFFSET = HEADER_LENGTH;
    /// Length of the extension of a relocated record.
    public static final int ORIGIN_LENGTH = 8;

    /// Longest key.
    public static final int MAX_KEY_LENGTH = 1 << 16;

    /// The record deletes its key.
    public static final int FLAG_TOMBSTONE = 1;
    /// Garbage collection wrote the record; it carries its origin.
    public static final int FLAG_RELOCATED = 1 << 1;
    /// One chunk of a large value; the key is a {@link ChunkKey}.
    public static final int FLAG_CHUNK = 1 << 2;
    /// Head of a value stored in chunks; the value is a {@link LargeHead}.
    public static final int FLAG_LARGE = 1 << 3;
    /// Not the first record of a batch: valid in staging only right behind its predecessor.
    public static final int FLAG_BATCH_PART = 1 << 4;
    /// Nothing: a claimed place whose writer failed.
    public static final int FLAG_PADDING = 1 << 5;
    /// All defined flags.
    public static final int FLAGS =
            FLAG_TOMBSTONE | FLAG_RELOCATED | FLAG_CHUNK | FLAG_LARGE | FLAG_BATCH_PART | FLAG_PADDING;

    private RecordFormat() {}

    /// Length of a host record, without padding.
    public static int length(final int keyLength, final int valueLength) {
        return HEADER_LENGTH + keyLength + valueLength;
    }

    /// A length rounded up to the alignment.
    public static int align(final int length) {
        return (length + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /// The stored length; 0 where nothing was committed.
    public static int length(final MemorySegment memory, final long offset) {
        return memory.get(INT, offset + LENGTH_OFFSET);
    }

    /// The log position.
    public static long logPosition(final MemorySegment memory, final long offset) {
        return memory.get(LONG, offset + LOG_POSITION_OFFSET);
    }

    /// The flags.
    public static int flags(final MemorySegment memory, final long offset) {
        return memory.get(BYTE, offset + FLAGS_OFFSET) & 0xFF;
    }

    /// Length of the key, 1 to {@link #MAX_KEY_LENGTH}.
    public static int keyLength(final MemorySegment memory, final long offset) {
        return (memory.get(SHORT, offset + KEY_LENGTH_OFFSET) & 0xFFFF) + 1;
    }

    /// Offset of the key relative to the record's start.
    public static int keyOffset(final int flags) {
        return (flags & FLAG_RELOCATED) != 0 ? ORIGIN_OFFSET + ORIGIN_LENGTH : HEADER_LENGTH;
    }

    /// The origin address; only with {@link #FLAG_RELOCATED}.
    public static long origin(final MemorySegment memory, final long offset) {
        return memory.get(LONG, offset + ORIGIN_OFFSET);
    }

    /// Why the bytes at an offset are no record, or null if they are one: every field is checked against its range,
    /// and the checksum.
    ///
    /// @param view the same memory as a buffer, whose position and limit are changed
    /// @param end  end of the valid bytes
    public static String invalidReason(
            final MemorySegment memory,
            final java.nio.ByteBuffer view,
            final long offset,
            final long end,
            final CRC32C crc) {
        if (end - offset < HEADER_LENGTH) {
            return "no room for a record header";
        }
        final int length = length(memory, offset);
        if (length <= HEADER_LENGTH || length > end - offset) {
            return "record length " + length;
        }
        final int flags = flags(memory, offset);
        if ((flags & ~FLAGS) != 0 || memory.get(BYTE, offset + RESERVED_OFFSET) != 0) {
            return "unknown record flags " + flags;
        }
        if (keyOffset(flags) + keyLength(memory, offset) > length) {
            return "key length " + keyLength(memory, offset);
        }
        crc.reset();
        view.limit((int) offset + length).position((int) offset + LENGTH_OFFSET);
        crc.update(view);
        if ((int) crc.getValue() != memory.get(INT, offset + CRC_OFFSET)) {
            return "record checksum";
        }
        return null;
    }
}
