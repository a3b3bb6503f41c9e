/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.zone.Stream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class CheckpointPartTest {
    private static final ZoneLayout LAYOUT = new ZoneLayout(4096, 1L << 20, 1L << 20, 64, 0);
    private static final ZoneNote ZONE =
            new ZoneNote(5, 3, Stream.GC, true, 0x4_0000, 0x1234_5678L, 0x1111_2222L, 0x90);
    private static final ChunkSetNote CHUNKS = new ChunkSetNote(0x0102_0304_0506_0708L, -2, 31, 17);
    private static final PartPointer POINTER = new PartPointer(0x80_0000, 44, 8192, CheckpointPart.ENTRIES, 6, 500);

    private static MemorySegment part(final int kind, final int count) {
        final MemorySegment memory = MemorySegment.ofArray(new byte[CheckpointPart.length(kind, count) + 64]);
        memory.fill((byte) 0xAA);
        CheckpointPart.header(memory, 0, kind, 9, 6, count);
        return memory;
    }

    private static long at(final int kind, final int item) {
        return CheckpointPart.itemOffset(kind, 0, item);
    }

    @Test
    void shouldBeStoredAsInTheGoldenFiles() throws IOException {
        final MemorySegment zones = part(CheckpointPart.ZONES, 1);
        ZONE.encode(zones, at(CheckpointPart.ZONES, 0));
        GoldenFile.assertMatches("checkpoint-zones", zones);
        final MemorySegment sets = part(CheckpointPart.CHUNK_SETS, 1);
        CHUNKS.encode(sets, at(CheckpointPart.CHUNK_SETS, 0));
        GoldenFile.assertMatches("checkpoint-chunk-sets", sets);
        final MemorySegment root = part(CheckpointPart.ROOT, 1);
        POINTER.encode(root, at(CheckpointPart.ROOT, 0));
        GoldenFile.assertMatches("checkpoint-root", root);
    }

    @Test
    void shouldReadTheGoldenFiles() throws IOException {
        final MemorySegment zones = MemorySegment.ofArray(GoldenFile.read("checkpoint-zones"));
        assertEquals(List.of(ZONE), CheckpointPart.zones(zones, 0, 1, LAYOUT));
        final MemorySegment sets = MemorySegment.ofArray(GoldenFile.read("checkpoint-chunk-sets"));
        assertEquals(List.of(CHUNKS), CheckpointPart.chunkSets(sets, 0, 1, 32));
        final MemorySegment root = MemorySegment.ofArray(GoldenFile.read("checkpoint-root"));
        assertEquals(List.of(POINTER), CheckpointPart.pointers(root, 0, 1));
    }

    @Test
    void shouldAcceptOnlyThePartThatThePointerNames() {
        final MemorySegment memory = part(CheckpointPart.ENTRIES, 500);
        final int length = CheckpointPart.length(CheckpointPart.ENTRIES, 500);
        assertTrue(CheckpointPart.isValid(memory, 0, length, POINTER));
        assertFalse(CheckpointPart.isValid(memory, 0, length - 16, POINTER));
        assertFalse(CheckpointPart.isValid(memory, 0, 8, POINTER));
        assertFalse(CheckpointPart.isValid(memory, 0, length, pointer(CheckpointPart.ZONES, 6, 500)));
        assertFalse(CheckpointPart.isValid(memory, 0, length, pointer(CheckpointPart.ENTRIES, 7, 500)));
        assertFalse(CheckpointPart.isValid(memory, 0, length, pointer(CheckpointPart.ENTRIES, 6, 499)));
        memory.set(LittleEndian.INT, CheckpointPart.PART_VERSION_OFFSET, CheckpointPart.VERSION + 1);
        assertFalse(CheckpointPart.isValid(memory, 0, length, POINTER), "a newer version");
    }

    private static PartPointer pointer(final int kind, final int shard, final int count) {
        return new PartPointer(POINTER.address(), POINTER.number(), POINTER.length(), kind, shard, count);
    }

    @Test
    void shouldRefuseACountThatWouldOverflow() {
        final MemorySegment memory = part(CheckpointPart.ENTRIES, 1);
        memory.set(LittleEndian.INT, CheckpointPart.COUNT_OFFSET, Integer.MAX_VALUE);
        final int length = CheckpointPart.length(CheckpointPart.ENTRIES, 1);
        assertFalse(CheckpointPart.isValid(memory, 0, length, pointer(CheckpointPart.ENTRIES, 6, Integer.MAX_VALUE)));
    }

    @Test
    void shouldRefuseNotesThatCannotBe() {
        for (final ZoneNote wrong : List.of(
                new ZoneNote(64, 3, Stream.GC, true, 4096, 0, 0, 0),
                new ZoneNote(-1, 3, Stream.GC, true, 4096, 0, 0, 0),
                new ZoneNote(5, 3, Stream.GC, true, -4096, 0, 0, 0),
                new ZoneNote(5, 3, Stream.GC, true, (1L << 20) + 4096, 0, 0, 0),
                new ZoneNote(5, 3, Stream.GC, true, 100, 0, 0, 0),
                new ZoneNote(5, 3, Stream.GC, true, 4096, 0, 0, 4097))) {
            final MemorySegment zones = part(CheckpointPart.ZONES, 1);
            wrong.encode(zones, at(CheckpointPart.ZONES, 0));
            assertNull(CheckpointPart.zones(zones, 0, 1, LAYOUT), wrong::toString);
        }
        final MemorySegment zones = part(CheckpointPart.ZONES, 1);
        ZONE.encode(zones, at(CheckpointPart.ZONES, 0));
        zones.set(LittleEndian.INT, at(CheckpointPart.ZONES, 0) + ZoneNote.STREAM_OFFSET, 99);
        assertNull(CheckpointPart.zones(zones, 0, 1, LAYOUT), "an unknown stream");
        final MemorySegment sets = part(CheckpointPart.CHUNK_SETS, 1);
        CHUNKS.encode(sets, at(CheckpointPart.CHUNK_SETS, 0));
        assertNull(CheckpointPart.chunkSets(sets, 0, 1, 31), "a shard there is not");
    }

    @Test
    void shouldRefusePointersThatCannotBe() {
        for (final PartPointer wrong : List.of(
                new PartPointer(-16, 44, 8192, CheckpointPart.ENTRIES, 6, 500),
                new PartPointer(0, 44, 0, CheckpointPart.ENTRIES, 6, 500),
                new PartPointer(0, 44, 8192, 0, 6, 500),
                new PartPointer(0, 44, 8192, 5, 6, 500),
                new PartPointer(0, 44, 8192, CheckpointPart.ENTRIES, -1, 500),
                new PartPointer(0, 44, 8192, CheckpointPart.ENTRIES, 6, -1))) {
            final MemorySegment root = part(CheckpointPart.ROOT, 1);
            wrong.encode(root, at(CheckpointPart.ROOT, 0));
            assertNull(CheckpointPart.pointers(root, 0, 1), wrong::toString);
        }
    }
}
