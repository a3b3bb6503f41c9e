/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import static dev.zapkv.store.format.LittleEndian.INT;
import static dev.zapkv.store.format.LittleEndian.LONG;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// A part of a checkpoint: the payload of a block of the checkpoint stream. A header, then items of one kind.
///
/// | offset | size | type | field       | meaning and valid range                                                  |
/// |-------:|-----:|------|-------------|--------------------------------------------------------------------------|
/// |      0 |    4 | u32  | partVersion | {@link #VERSION}                                                         |
/// |      4 |    4 | u32  | kind        | 1 entries, 2 zones, 3 chunk sets, 4 root                                 |
/// |      8 |    8 | u64  | checkpoint  | number of the checkpoint that wrote the part                             |
/// |     16 |    4 | u32  | shard       | of the entries; else 0                                                   |
/// |     20 |    4 | u32  | count       | items                                                                    |
/// |     24 |    8 | u64  | reserved    | 0                                                                        |
/// |     32 |    – | –    | items       | one behind the other; their tables stand at the records that hold them   |
///
/// An entry is the fingerprint of a key (u64) and its index word (u64), see {@link
/// dev.zapkv.store.index.IndexEntry}; the entries of a shard ascend by unsigned fingerprint.
public final class CheckpointPart {
    /// The only version there is.
    public static final int VERSION = 1;

    /// Offset of the version.
    public static final int PART_VERSION_OFFSET = 0;
    /// Offset of the kind.
    public static final int KIND_OFFSET = PART_VERSION_OFFSET + 4;
    /// Offset of the checkpoint's number.
    public static final int CHECKPOINT_OFFSET = KIND_OFFSET + 4;
    /// Offset of the shard.
    public static final int SHARD_OFFSET = CHECKPOINT_OFFSET + 8;
    /// Offset of the number of items.
    public static final int COUNT_OFFSET = SHARD_OFFSET + 4;
    /// Offset of the items.
    public static final int ITEMS_OFFSET = COUNT_OFFSET + 12;

    /// Entries of the index.
    public static final int ENTRIES = 1;
    /// What is known of each zone.
    public static final int ZONES = 2;
    /// Large values.
    public static final int CHUNK_SETS = 3;
    /// Where the other parts are.
    public static final int ROOT = 4;

    /// Length of an index entry.
    public static final int ENTRY_LENGTH = 16;

    private CheckpointPart() {}

    /// Length of a part's payload.
    public static int length(final int kind, final int count) {
        return ITEMS_OFFSET + count * itemLength(kind);
    }

    /// Items of a kind that fit a payload.
    public static int capacity(final int kind, final int payloadBytes) {
        return (payloadBytes - ITEMS_OFFSET) / itemLength(kind);
    }

    private static int itemLength(final int kind) {
        return switch (kind) {
            case ENTRIES -> ENTRY_LENGTH;
            case ZONES -> ZoneNote.LENGTH;
            case CHUNK_SETS -> ChunkSetNote.LENGTH;
            case ROOT -> PartPointer.LENGTH;
            default -> throw new IllegalArgumentException("kind=" + kind);
        };
    }

    /// Writes the header of a part.
    public static void header(
            final MemorySegment memory,
            final long offset,
            final int kind,
            final long checkpoint,
            final int shard,
            final int count) {
        memory.set(INT, offset + PART_VERSION_OFFSET, VERSION);
        memory.set(INT, offset + KIND_OFFSET, kind);
        memory.set(LONG, offset + CHECKPOINT_OFFSET, checkpoint);
        memory.set(INT, offset + SHARD_OFFSET, shard);
        memory.set(INT, offset + COUNT_OFFSET, count);
        memory.set(LONG, offset + COUNT_OFFSET + 4, 0L);
    }

    /// Whether a payload is the part that a pointer names. Everything is checked: its items may be read.
    public static boolean isValid(
            final MemorySegment memory, final long offset, final int payloadLength, final PartPointer pointer) {
        return payloadLength >= ITEMS_OFFSET
                && memory.get(INT, offset + PART_VERSION_OFFSET) == VERSION
                && memory.get(INT, offset + KIND_OFFSET) == pointer.kind()
                && memory.get(INT, offset + SHARD_OFFSET) == pointer.shard()
                && memory.get(INT, offset + COUNT_OFFSET) == pointer.count()
                && pointer.count() <= capacity(pointer.kind(), payloadLength)
                && payloadLength == length(pointer.kind(), pointer.count());
    }

    /// Offset of an item in a payload.
    public static long itemOffset(final int kind, final long offset, final int item) {
        return offset + ITEMS_OFFSET + (long) item * itemLength(kind);
    }

    /// The zones noted in a valid part; null if one says what cannot be.
    public static List<ZoneNote> zones(
            final MemorySegment memory, final long offset, final int count, final ZoneLayout layout) {
        final List<ZoneNote> notes = new ArrayList<>(count);
        for (int item = 0; item < count; item++) {
            final ZoneNote note = ZoneNote.decode(memory, itemOffset(ZONES, offset, item), layout);
            if (note == null) {
                return null;
            }
            notes.add(note);
        }
        return notes;
    }

    /// The chunk sets noted in a valid part; null if one says what cannot be.
    public static List<ChunkSetNote> chunkSets(
            final MemorySegment memory, final long offset, final int count, final int shards) {
        final List<ChunkSetNote> notes = new ArrayList<>(count);
        for (int item = 0; item < count; item++) {
            final ChunkSetNote note = ChunkSetNote.decode(memory, itemOffset(CHUNK_SETS, offset, item));
            if (note.headShard() < 0 || note.headShard() >= shards || note.chunks() < 0) {
                return null;
            }
            notes.add(note);
        }
        return notes;
    }

    /// The pointers in a valid root part; null if one says what cannot be.
    public static List<PartPointer> pointers(final MemorySegment memory, final long offset, final int count) {
        final List<PartPointer> pointers = new ArrayList<>(count);
        for (int item = 0; item < count; item++) {
            final PartPointer pointer = PartPointer.decode(memory, itemOffset(ROOT, offset, item));
            if (pointer == null) {
                return null;
            }
            pointers.add(pointer);
        }
        return pointers;
    }
}
