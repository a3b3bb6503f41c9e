/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TakeOverNotesTest {
    private static final int FIRST = 1000;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment header = arena.allocate(StagingFile.SLOTS_OFFSET, 8);
    private final TakeOverNotes notes = new TakeOverNotes(header);

    @AfterEach
    void free() {
        arena.close();
    }

    @Test
    void shouldBeginWithTheFirstRecordIfNothingWasNoted() {
        assertEquals(0, notes.resumeAt(0));
        assertEquals(0, notes.resumeAt(FIRST));
    }

    @Test
    void shouldGoOnWithTheFirstRecordOfTheFirstBlockThatIsMissing() {
        begin(FIRST, 10);
        begin(FIRST + 1, 20);
        begin(FIRST + 2, 30);
        notes.next(37);
        assertEquals(10, notes.resumeAt(FIRST - 1));
        assertEquals(20, notes.resumeAt(FIRST));
        assertEquals(30, notes.resumeAt(FIRST + 1));
    }

    @Test
    void shouldRepeatTheLastRecordIfNoBlockIsMissing() {
        begin(FIRST, 10);
        notes.next(17);
        assertEquals(17, notes.resumeAt(FIRST));
        // Its block was appended before it could be noted.
        assertEquals(17, notes.resumeAt(FIRST + 1));
    }

    @Test
    void shouldForgetBlocksOfAnAttemptThatNeverCounted() {
        begin(FIRST, 10);
        begin(FIRST + 1, 20);
        begin(FIRST + 2, 30);
        // FIRST alone is there; the second attempt's blocks have higher numbers than all of the first.
        begin(FIRST + 5, 20);
        begin(FIRST + 6, 25);
        assertEquals(20, notes.resumeAt(FIRST));
        assertEquals(25, notes.resumeAt(FIRST + 5));
        assertEquals(25, notes.resumeAt(FIRST + 6));
    }

    @Test
    void shouldHaveRoomForAsManyBlocksAsItSays() {
        for (int i = 0; i < 3 * TakeOverNotes.BLOCKS; i++) {
            begin(FIRST + i, 10L * i);
            final int lowest = Math.max(0, i - TakeOverNotes.BLOCKS + 1);
            assertEquals(10L * lowest, notes.resumeAt(FIRST + lowest - 1));
        }
    }

    @Test
    void shouldFillTheHeaderAndNoMore() {
        final int end = TakeOverNotes.BEGUN_OFFSET + 16 * TakeOverNotes.BLOCKS;
        assertEquals(StagingFile.SLOTS_OFFSET, end);
    }

    private void begin(final long block, final long position) {
        notes.next(position);
        notes.begun(block, position);
    }
}
