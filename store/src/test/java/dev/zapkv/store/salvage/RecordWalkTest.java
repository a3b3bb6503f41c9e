/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.salvage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.zapkv.store.engine.RecordWriter;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.log.StagingCopy;
import dev.zapkv.store.meta.StoreId;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecordWalkTest {
    private static final int BLOCK = 16 << 10;
    private static final long NUMBER = 7;
    private static final int HEADER = BlockFormat.HEADER_LENGTH;
    private static final int RECORD = 64;
    private static final byte[] KEY = {1};
    private static final byte[] VALUE = new byte[RECORD - RecordFormat.HEADER_LENGTH - KEY.length];

    private final RecordWriter writer = new RecordWriter();
    private final MemorySegment slot = Arena.ofAuto().allocate(BLOCK, 16);
    private final StagingCopy staging = new StagingCopy(Path.of("staging"), new StoreId(1, 2), 1, BLOCK, 1, slot);

    @Test
    void shouldVisitABatchWithItsBeginning() {
        record(0, 0);
        record(1, RecordFormat.FLAG_BATCH_PART);
        record(2, 0);
        assertEquals(List.of(0, 1, 2), visited());
    }

    @Test
    void shouldNotVisitTheRestOfABatchBehindAHole() {
        record(0, 0);
        record(2, RecordFormat.FLAG_BATCH_PART);
        record(3, 0);
        assertEquals(List.of(0, 3), visited());
    }

    @Test
    void shouldNotVisitTheRestOfABatchBehindWhatMadeUpForItsBeginning() {
        record(0, RecordFormat.FLAG_PADDING);
        record(1, RecordFormat.FLAG_BATCH_PART);
        record(2, RecordFormat.FLAG_BATCH_PART);
        record(3, 0);
        assertEquals(List.of(3), visited());
    }

    private void record(final int place, final int flags) {
        final int at = HEADER + place * RECORD;
        writer.write(slot, at, NUMBER * BLOCK + at, flags, KEY, VALUE, 0, VALUE.length);
        slot.set(LittleEndian.INT, at + RecordFormat.LENGTH_OFFSET, RECORD);
    }

    private List<Integer> visited() {
        final List<Integer> places = new ArrayList<>();
        new RecordWalk().staged(staging, slot, NUMBER, (memory, at) -> places.add((at - HEADER) / RECORD));
        return places;
    }
}
