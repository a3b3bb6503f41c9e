/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import dev.zapkv.checks.fuzz.FuzzTarget;
import dev.zapkv.zone.Stream;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Parts of checkpoints: a part that is taken for valid can be read to its end, and what is noted lies within
/// bounds.
public final class CheckpointPartTarget implements FuzzTarget {
    private static final ZoneLayout LAYOUT = new ZoneLayout(512, 16 << 10, 15 << 10, 4, 0);
    private static final int SHARDS = 8;

    @Override
    public List<byte[]> seeds() {
        final byte[] zones = part(CheckpointPart.ZONES, 1);
        new ZoneNote(2, 1, Stream.HOST, true, 1024, 5, 0, 64)
                .encode(MemorySegment.ofArray(zones), CheckpointPart.itemOffset(CheckpointPart.ZONES, 0, 0));
        final byte[] sets = part(CheckpointPart.CHUNK_SETS, 1);
        new ChunkSetNote(11, 12, 3, 4)
                .encode(MemorySegment.ofArray(sets), CheckpointPart.itemOffset(CheckpointPart.CHUNK_SETS, 0, 0));
        final byte[] root = part(CheckpointPart.ROOT, 1);
        new PartPointer(0x8000, 6, 512, CheckpointPart.ENTRIES, 3, 9)
                .encode(MemorySegment.ofArray(root), CheckpointPart.itemOffset(CheckpointPart.ROOT, 0, 0));
        return List.of(zones, sets, root, part(CheckpointPart.ENTRIES, 2));
    }

    private static byte[] part(final int kind, final int count) {
        final byte[] bytes = new byte[CheckpointPart.length(kind, count)];
        CheckpointPart.header(MemorySegment.ofArray(bytes), 0, kind, 1, 0, count);
        return bytes;
    }

    @Override
    public void run(final byte[] input) {
        if (input.length < CheckpointPart.ITEMS_OFFSET) {
            return;
        }
        final MemorySegment memory = MemorySegment.ofArray(input);
        final int kind = memory.get(LittleEndian.INT, CheckpointPart.KIND_OFFSET);
        final int shard = memory.get(LittleEndian.INT, CheckpointPart.SHARD_OFFSET);
        final int count = memory.get(LittleEndian.INT, CheckpointPart.COUNT_OFFSET);
        // A pointer says no kind that there is not, and no negative number: see PartPointer.
        if (kind < CheckpointPart.ENTRIES || kind > CheckpointPart.ROOT || shard < 0 || count < 0) {
            return;
        }
        final PartPointer pointer = new PartPointer(0, 0, 512, kind, shard, count);
        if (!CheckpointPart.isValid(memory, 0, input.length, pointer)) {
            return;
        }
        switch (kind) {
            case CheckpointPart.ZONES -> checkZones(CheckpointPart.zones(memory, 0, count, LAYOUT));
            case CheckpointPart.CHUNK_SETS -> checkSets(CheckpointPart.chunkSets(memory, 0, count, SHARDS));
            case CheckpointPart.ROOT -> CheckpointPart.pointers(memory, 0, count);
            default -> memory.get(LittleEndian.BYTE, CheckpointPart.itemOffset(kind, 0, count) - 1);
        }
    }

    private static void checkZones(final List<ZoneNote> notes) {
        for (final ZoneNote note : notes == null ? List.<ZoneNote>of() : notes) {
            if (note.zone() < 0 || note.zone() >= LAYOUT.zoneCount() || note.written() > LAYOUT.zoneCapacity()) {
                throw new AssertionError(note.toString());
            }
        }
    }

    private static void checkSets(final List<ChunkSetNote> notes) {
        for (final ChunkSetNote note : notes == null ? List.<ChunkSetNote>of() : notes) {
            if (note.headShard() < 0 || note.headShard() >= SHARDS || note.chunks() < 0) {
                throw new AssertionError(note.toString());
            }
        }
    }
}
