/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.store.format.LittleEndian;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class YoungCacheTest {
    private static final int GRANULE = 4096;
    private static final int STEP = 2 << 20;
    private static final ZoneGeometry GEOMETRY = new ZoneGeometry(GRANULE, 4 << 20, 4 << 20, 64, 0, 0, 1 << 17);

    private final Arena arena = Arena.ofShared();
    private final MemorySegment block = arena.allocate(1 << 17, 8);
    private long budget = 2 * STEP;
    private final YoungCache cache = new YoungCache(GEOMETRY, 4 * STEP, () -> budget);

    @AfterEach
    void close() {
        cache.close();
        arena.close();
    }

    @Test
    void shouldFindEveryAddressOfABlockAndNoOther() {
        final long address = GEOMETRY.address(3, 8192);
        add(address, 3, 77);
        assertEquals(YoungCache.ABSENT, cache.find(address - 1));
        assertEquals(77, read(address));
        assertEquals(79, read(address + 3 * GRANULE - 8));
        assertEquals(YoungCache.ABSENT, cache.find(address + 3 * GRANULE));
        assertEquals(YoungCache.ABSENT, cache.find(GEOMETRY.address(4, 8192)));
        assertEquals(STEP, cache.memoryBytes());
    }

    @Test
    void shouldForgetTheBlocksOfAnEmptiedZoneButNotItsNextOnes() {
        final long address = GEOMETRY.address(3, 0);
        add(address, 2, 1);
        add(GEOMETRY.address(4, 0), 2, 10);
        final long before = cache.find(address);
        cache.forget(3);
        assertEquals(YoungCache.ABSENT, cache.find(address));
        assertTrue(cache.stillHolds(before), "a copy begun before is what it was");
        assertEquals(10, read(GEOMETRY.address(4, 0)));
        add(address, 1, 20);
        assertEquals(20, read(address));
        assertEquals(YoungCache.ABSENT, cache.find(address + GRANULE));
        cache.forget(5);
    }

    @Test
    void shouldGiveUpTheOldestFirstOnceTheBudgetIsUsedUp() {
        final int blocks = 2 * STEP / (32 * GRANULE);
        for (int i = 0; i < blocks; i++) {
            add(address(i), 32, i * 100L);
        }
        assertFalse(cache.hasSpareRoom());
        for (int i = 0; i < blocks; i++) {
            assertEquals(i * 100L, read(address(i)));
        }
        final long oldest = cache.find(address(0));
        add(address(blocks), 32, 7);
        assertEquals(7, read(address(blocks)));
        assertEquals(YoungCache.ABSENT, cache.find(address(0)));
        assertFalse(cache.stillHolds(oldest));
        assertEquals(100, read(address(1)));
        assertEquals(2L * STEP, cache.memoryBytes());
    }

    @Test
    void shouldGiveMemoryBackWhenTheBudgetShrinksAndTakeItWhenItGrows() {
        int i = 0;
        for (; i < 40; i++) {
            add(address(i), 32, i);
        }
        budget = STEP;
        for (; i < 100; i++) {
            add(address(i), 32, i);
        }
        assertEquals(STEP, cache.memoryBytes());
        assertEquals(99, read(address(99)));
        assertEquals(90, read(address(90)));
        assertEquals(YoungCache.ABSENT, cache.find(address(80)));
        budget = 100 * STEP;
        for (; i < 300; i++) {
            add(address(i), 32, i);
        }
        assertEquals(4 * STEP, cache.memoryBytes());
        assertEquals(250, read(address(250)));
        budget = 0;
        for (; i < 600; i++) {
            add(address(i), 32, i);
        }
        assertEquals(0, cache.memoryBytes());
        assertEquals(YoungCache.ABSENT, cache.find(address(i - 1)));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldAgreeWithAModelOfAFifo(final long seed) {
        final Random random = new Random(seed);
        final Deque<long[]> model = new ArrayDeque<>();
        final int[] filled = new int[GEOMETRY.zoneCount()];
        int zone = 0;
        for (int i = 0; i < 20_000; i++) {
            final int granules = 1 + random.nextInt(32);
            if (filled[zone] + granules > GEOMETRY.zoneCapacity() / GRANULE) {
                zone = (zone + 1) % GEOMETRY.zoneCount();
                final int emptied = zone;
                cache.forget(emptied);
                model.removeIf(b -> GEOMETRY.zoneOf(b[0]) == emptied);
                filled[zone] = 0;
            }
            final long address = GEOMETRY.address(zone, (long) filled[zone] * GRANULE);
            filled[zone] += granules;
            add(address, granules, i * 100L);
            model.addLast(new long[] {address, granules, i * 100L});
            if (i % 50 == 0) {
                boolean gone = true;
                long found = 0;
                for (final long[] b : model) {
                    final boolean absent = cache.find(b[0]) == YoungCache.ABSENT;
                    assertTrue(gone || !absent, "seed " + seed + ": a younger block is gone before an older");
                    gone = absent;
                    for (int g = 0; !absent && g < b[1]; g++) {
                        assertEquals(b[2] + g, read(b[0] + (long) g * GRANULE), "seed " + seed);
                    }
                    found += absent ? 0 : b[1];
                }
                while (cache.find(model.getFirst()[0]) == YoungCache.ABSENT) {
                    model.removeFirst();
                }
                // Less one block that did not fit at the end of a lap, and those the last one overlaps.
                assertTrue(i < 1000 || found > 2 * STEP / GRANULE / 2 - 64, "seed " + seed + ": " + found);
            }
        }
        assertNotEquals(0, model.size());
    }

    @Test
    void shouldNeverLetAReaderTakeOverwrittenBytesForGood() throws Exception {
        budget = STEP;
        final int blocks = 200_000;
        final AtomicBoolean stop = new AtomicBoolean();
        try (ExecutorService pool = Executors.newSingleThreadExecutor()) {
            final Future<Long> reading = pool.submit(() -> {
                final Random random = new Random(1);
                long good = 0;
                while (!stop.get()) {
                    final long address = GEOMETRY.address(0, random.nextInt(1024) * (long) GRANULE);
                    final long place = cache.find(address);
                    if (place == YoungCache.ABSENT) {
                        continue;
                    }
                    final long at = cache.offsetOf(place, address);
                    final long first = cache.memory().get(LittleEndian.LONG, at);
                    final long last = cache.memory().get(LittleEndian.LONG, at + GRANULE - 8);
                    if (cache.stillHolds(place)) {
                        assertEquals(first, last);
                        assertEquals(address, (first & 0xFFFF) * GRANULE);
                        good++;
                    }
                }
                return good;
            });
            for (int i = 0; i < blocks; i++) {
                final int granule = i * 4 % 1024;
                for (int g = 0; g < 4; g++) {
                    final long value = (long) i << 16 | granule + g;
                    block.set(LittleEndian.LONG, (long) g * GRANULE, value);
                    block.set(LittleEndian.LONG, (long) (g + 1) * GRANULE - 8, value);
                }
                cache.add(GEOMETRY.address(0, (long) granule * GRANULE), block, 0, 4 * GRANULE);
            }
            stop.set(true);
            assertTrue(reading.get() > 0);
        }
    }

    @Test
    void shouldRefuseReadersAfterClose() {
        add(GEOMETRY.address(3, 0), 1, 5);
        cache.close();
        cache.close();
        assertThrows(IllegalStateException.class, () -> read(GEOMETRY.address(3, 0)));
    }

    private static long address(final int i) {
        return GEOMETRY.address(i / 32 % 64, (long) i % 32 * 32 * GRANULE);
    }

    /// Adds a block whose granules hold {@code value}, {@code value + 1} and so on.
    private void add(final long address, final int granules, final long value) {
        for (int g = 0; g < granules; g++) {
            block.set(LittleEndian.LONG, (long) g * GRANULE, value + g);
            block.set(LittleEndian.LONG, (long) (g + 1) * GRANULE - 8, value + g);
        }
        cache.add(address, block, 0, granules * GRANULE);
    }

    private long read(final long address) {
        final long place = cache.find(address);
        assertNotEquals(YoungCache.ABSENT, place);
        final long value = cache.memory().get(LittleEndian.LONG, cache.offsetOf(place, address));
        assertTrue(cache.stillHolds(place));
        return value;
    }
}
