/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.zapkv.store.engine.RecordWriter;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.log.StagingFile;
import dev.zapkv.store.meta.StoreId;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StagingReplayTest {
    private static final int BLOCK = 16 << 10;
    private static final int SLOTS = 8;
    private static final byte[] KEY = {1};

    private final RecordWriter writer = new RecordWriter();

    @TempDir
    private Path directory;

    private StagingFile file;
    private int slot;

    @BeforeEach
    void create() {
        file = StagingFile.create(List.of(directory), new StoreId(1, 2), 1, BLOCK, SLOTS, SLOTS);
    }

    @AfterEach
    void delete() {
        file.delete();
    }

    @Test
    void shouldVisitTheBlocksBehindTheLastOneThatCounts() {
        put(5, 3, 4, 6);
        assertEquals(List.of(5L, 6L), visited(4));
        assertEquals(6, new StagingReplay(file, 4).lastBlock());
    }

    @Test
    void shouldVisitNothingIfEverythingCounts() {
        put(5, 3, 4, 6);
        assertEquals(List.of(), visited(6));
        assertEquals(6, new StagingReplay(file, 6).lastBlock());
    }

    @Test
    void shouldVisitTheLastBlocksThoughTheFirstOnesBehindALossAreGone() {
        put(9, 10, 8);
        assertEquals(List.of(8L, 9L, 10L), visited(1));
    }

    @Test
    void shouldNotVisitABlockIfAnotherBehindItIsGone() {
        put(4, 9, 10, 3);
        assertEquals(List.of(9L, 10L), visited(2));
    }

    @Test
    void shouldVisitNoBlockBeforeTheOneToBeginWith() {
        put(5, 3, 4, 6);
        final StagingReplay replay = new StagingReplay(file, 3);
        assertEquals(4, replay.firstBlock());
        replay.read(6);
        final List<Long> blocks = new ArrayList<>();
        replay.visit((position, flags, key, value) -> blocks.add(position / BLOCK));
        assertEquals(List.of(6L), blocks);
    }

    private List<Long> visited(final long settled) {
        final StagingReplay replay = new StagingReplay(file, settled);
        replay.read(replay.firstBlock());
        final List<Long> blocks = new ArrayList<>();
        replay.visit((position, flags, key, value) -> blocks.add(position / BLOCK));
        return blocks;
    }

    /// Blocks of one record each.
    private void put(final long... blocks) {
        for (final long block : blocks) {
            final MemorySegment memory = file.memory().asSlice(file.slotOffset(slot), BLOCK);
            file.blockNumber(slot++, block);
            final int at = BlockFormat.HEADER_LENGTH;
            writer.write(memory, at, block * BLOCK + at, 0, KEY, KEY, 0, KEY.length);
            memory.set(LittleEndian.INT, at + RecordFormat.LENGTH_OFFSET, RecordFormat.length(KEY.length, KEY.length));
        }
    }
}
