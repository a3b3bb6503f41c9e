/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class IndexEntryTest {
    private static final long SEED = 20_260_101;
    private static final long WRAP = 1L << 46;

    @Test
    void shouldGiveBackWhatWasPacked() {
        final SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 100_000; i++) {
            final long location = random.nextLong(WRAP) & -16;
            final int units = random.nextInt(1, IndexEntry.MAX_LENGTH_UNITS + 1);
            final boolean large = random.nextBoolean();
            final boolean chunk = random.nextBoolean();
            final int shape = units | (large ? IndexEntry.LARGE : 0) | (chunk ? IndexEntry.CHUNK : 0);
            final boolean tombstone = random.nextBoolean();
            final String context = "seed=" + SEED + " i=" + i;

            final long memory = IndexEntry.memory(location, shape, tombstone);
            assertTrue(IndexEntry.isMemory(memory), context);
            assertEquals(location, IndexEntry.positionBits(memory), context);
            final long device = IndexEntry.device(location, shape, tombstone);
            assertFalse(IndexEntry.isMemory(device), context);
            assertEquals(location, IndexEntry.deviceAddress(device), context);
            for (final long word : new long[] {memory, device}) {
                assertNotEquals(0, word, context);
                assertEquals(units * 16, IndexEntry.lengthBytes(word), context);
                assertEquals(tombstone, IndexEntry.isTombstone(word), context);
                assertEquals(large, IndexEntry.isLarge(word), context);
                assertEquals(chunk, IndexEntry.isChunk(word), context);
            }
        }
    }

    @Test
    void shouldPackTheBitsOfTheTable() {
        assertEquals((1L << 63) | (1L << 62) | (3L << 20) | 5, IndexEntry.memory(48, 5, true));
        assertEquals(0x80002, IndexEntry.device(0, IndexEntry.LARGE | 2, false));
        assertEquals(0x40002, IndexEntry.device(0, IndexEntry.CHUNK | 2, false));
        final int everything = IndexEntry.LARGE | IndexEntry.CHUNK | IndexEntry.MAX_LENGTH_UNITS;
        assertEquals(~0L >>> 2, IndexEntry.device(WRAP - 16, everything, false));
    }

    @Test
    void shouldKeepLogPositionsModuloTheirRange() {
        assertEquals(IndexEntry.memory(32, 1, false), IndexEntry.memory(5 * WRAP + 32, 1, false));
        assertEquals(WRAP - 16, IndexEntry.positionBits(IndexEntry.memory(Long.MAX_VALUE & -16, 1, false)));
    }

    @Test
    void shouldOrderPositionsAcrossTheWrapAround() {
        final SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 100_000; i++) {
            // Half of the pairs straddle a multiple of the range.
            final long distance = random.nextLong(1, WRAP / 2 / 16) * 16;
            final long multiple = random.nextLong(1, 1 << 10) * WRAP;
            final long older = i % 2 == 0
                    ? multiple - random.nextLong(16, distance + 16) / 16 * 16
                    : multiple + (random.nextLong(WRAP) & -16);
            final long wordOlder = IndexEntry.memory(older, random.nextInt(1, 1 << 18), random.nextBoolean());
            final long wordNewer =
                    IndexEntry.memory(older + distance, random.nextInt(1, 1 << 18), random.nextBoolean());
            final String context = "seed=" + SEED + " i=" + i + " older=" + older + " distance=" + distance;
            assertTrue(IndexEntry.newer(wordNewer, wordOlder), context);
            assertFalse(IndexEntry.newer(wordOlder, wordNewer), context);
            assertFalse(IndexEntry.newer(wordOlder, wordOlder), context);
        }
    }

    @Test
    void shouldRefuseWhatDoesNotFitTheWord() {
        assertThrows(IllegalArgumentException.class, () -> IndexEntry.memory(8, 1, false));
        assertThrows(IllegalArgumentException.class, () -> IndexEntry.device(8, 1, false));
        assertThrows(IllegalArgumentException.class, () -> IndexEntry.device(WRAP, 1, false));
        assertThrows(IllegalArgumentException.class, () -> IndexEntry.device(-16, 1, false));
        assertThrows(IllegalArgumentException.class, () -> IndexEntry.device(0, 0, false));
        assertThrows(IllegalArgumentException.class, () -> IndexEntry.device(0, -1, false));
        assertThrows(IllegalArgumentException.class, () -> IndexEntry.device(0, IndexEntry.LARGE, false));
        assertThrows(IllegalArgumentException.class, () -> IndexEntry.device(0, 2 * IndexEntry.LARGE + 1, false));
    }
}
