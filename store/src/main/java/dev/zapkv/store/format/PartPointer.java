/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import static dev.zapkv.store.format.LittleEndian.INT;
import static dev.zapkv.store.format.LittleEndian.LONG;

import java.lang.foreign.MemorySegment;

/// Where a part of a checkpoint lies, and what must be found there.
///
/// | offset | size | type | field   | meaning and valid range                                     |
/// |-------:|-----:|------|---------|-------------------------------------------------------------|
/// |      0 |    8 | u64  | address | device address of its block                                 |
/// |      8 |    8 | u64  | number  | its block number in the checkpoint stream                   |
/// |     16 |    4 | u32  | length  | appended bytes, a multiple of the logical block             |
/// |     20 |    4 | u32  | kind    | see {@link CheckpointPart}                                  |
/// |     24 |    4 | u32  | shard   | see {@link CheckpointPart}                                  |
/// |     28 |    4 | u32  | count   | items                                                       |
///
/// @param address device address of its block
/// @param number  its block number
/// @param length  appended bytes
/// @param kind    what its items are
/// @param shard   of the entries
/// @param count   items
public record PartPointer(long address, long number, int length, int kind, int shard, int count) {
    /// Offset of the address.
    public static final int ADDRESS_OFFSET = 0;
    /// Offset of the block number.
    public static final int NUMBER_OFFSET = ADDRESS_OFFSET + 8;
    /// Offset of the length.
    public static final int LENGTH_OFFSET = NUMBER_OFFSET + 8;
    /// Offset of the kind.
    public static final int KIND_OFFSET = LENGTH_OFFSET + 4;
    /// Offset of the shard.
    public static final int SHARD_OFFSET = KIND_OFFSET + 4;
    /// Offset of the number of items.
    public static final int COUNT_OFFSET = SHARD_OFFSET + 4;
    /// Length of the stored form.
    public static final int LENGTH = COUNT_OFFSET + 4;

    /// Writes the stored form.
    public void encode(final MemorySegment memory, final long offset) {
        memory.set(LONG, offset + ADDRESS_OFFSET, address);
        memory.set(LONG, offset + NUMBER_OFFSET, number);
        memory.set(INT, offset + LENGTH_OFFSET, length);
        memory.set(INT, offset + KIND_OFFSET, kind);
        memory.set(INT, offset + SHARD_OFFSET, shard);
        memory.set(INT, offset + COUNT_OFFSET, count);
    }

    /// Reads the stored form; null if it says what cannot be on any device.
    static PartPointer decode(final MemorySegment memory, final long offset) {
        final long address = memory.get(LONG, offset + ADDRESS_OFFSET);
        final int length = memory.get(INT, offset + LENGTH_OFFSET);
        final int kind = memory.get(INT, offset + KIND_OFFSET);
        final int shard = memory.get(INT, offset + SHARD_OFFSET);
        final int count = memory.get(INT, offset + COUNT_OFFSET);
        if (address < 0 || length <= BlockFormat.HEADER_LENGTH || shard < 0 || count < 0) {
            return null;
        }
        if (kind < CheckpointPart.ENTRIES || kind > CheckpointPart.ROOT) {
            return null;
        }
        return new PartPointer(address, memory.get(LONG, offset + NUMBER_OFFSET), length, kind, shard, count);
    }
}
