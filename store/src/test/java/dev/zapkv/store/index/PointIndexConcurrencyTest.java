/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;

/// Races bounded by counts. A word's length says to which key it was published, so that a word read for
/// another key, or put together from two, shows at once.
class PointIndexConcurrencyTest {
    private static final long SEED = 99;
    private static final int WRITERS = 3;
    private static final int PUBLISHES = 200_000;
    private static final int KEYS = 4_000;
    private static final int TIMEOUT_SECONDS = 60;

    @Test
    void shouldKeepTheNewestOfRacingPublishes() throws Exception {
        final AtomicLong log = new AtomicLong(16);
        final AtomicLongArray newest = new AtomicLongArray(KEYS);
        final AtomicLong writersLeft = new AtomicLong(WRITERS);
        try (PointIndex index = new PointIndex(2, 1 << 20)) {
            final List<Callable<Void>> tasks = new ArrayList<>();
            for (int writer = 0; writer < WRITERS; writer++) {
                final SplittableRandom random = new SplittableRandom(SEED + writer);
                tasks.add(() -> {
                    try {
                        for (int i = 0; i < PUBLISHES; i++) {
                            // Skewed: half of the publishes race for few keys, the rest makes the shards grow.
                            final int key = random.nextInt(random.nextBoolean() ? 8 : KEYS);
                            final long position = log.getAndAdd(16);
                            newest.accumulateAndGet(key, position, Math::max);
                            final long word = IndexEntry.memory(position, key + 1, i % 5 == 0);
                            final long result = index.publish(Mix.of(key), Mix.of(~key), word, false);
                            assertTrue(result == PointIndex.REFUSED_OLDER || belongs(key, result), "key=" + key);
                        }
                    } finally {
                        writersLeft.decrementAndGet();
                    }
                    return null;
                });
            }
            tasks.add(() -> {
                final long[] last = new long[KEYS];
                final SplittableRandom random = new SplittableRandom(SEED - 1);
                while (writersLeft.get() > 0) {
                    final int key = random.nextInt(random.nextBoolean() ? 8 : KEYS);
                    final long word = index.get(Mix.of(key), Mix.of(~key));
                    assertTrue(belongs(key, word), "key=" + key + " word=0x" + Long.toHexString(word));
                    assertTrue(IndexEntry.positionBits(word) >= last[key], "key=" + key + " went back in time");
                    assertTrue(IndexEntry.positionBits(word) <= newest.get(key), "key=" + key + " from the future");
                    last[key] = IndexEntry.positionBits(word);
                }
                return null;
            });
            runAll(tasks);
            for (int key = 0; key < KEYS; key++) {
                final long word = index.get(Mix.of(key), Mix.of(~key));
                assertEquals(newest.get(key), IndexEntry.positionBits(word), "lost the newest word of key " + key);
            }
        }
    }

    /// Entries come and go, so that others shift in both directions while a reader looks for those that
    /// always stay.
    @Test
    void shouldNeverMissAnEntryThatMoves() throws Exception {
        final AtomicLong writersLeft = new AtomicLong(2);
        try (PointIndex index = new PointIndex(1, 1 << 20)) {
            for (int key = 0; key < KEYS; key += 4) {
                index.publish(crowded(key), 0, word(key), false);
            }
            final List<Callable<Void>> tasks = new ArrayList<>();
            for (int writer = 1; writer <= 2; writer++) {
                final int remainder = writer;
                final SplittableRandom random = new SplittableRandom(SEED + writer);
                tasks.add(() -> {
                    try {
                        for (int i = 0; i < PUBLISHES; i++) {
                            final int key = random.nextInt(KEYS / 4) * 4 + remainder;
                            if (index.get(crowded(key), 0) == 0) {
                                assertEquals(0, index.publish(crowded(key), 0, word(key), false), "key=" + key);
                            } else {
                                assertTrue(index.remove(crowded(key), 0, word(key)), "key=" + key);
                            }
                        }
                    } finally {
                        writersLeft.decrementAndGet();
                    }
                    return null;
                });
            }
            tasks.add(() -> {
                final SplittableRandom random = new SplittableRandom(SEED - 1);
                final long[] copy = new long[2 * KEYS];
                for (int i = 0; writersLeft.get() > 0; i++) {
                    final int key = random.nextInt(KEYS / 4) * 4;
                    assertEquals(word(key), index.get(crowded(key), 0), "key=" + key);
                    assertEquals(0, index.get(crowded(key + 3), 0), "key=" + (key + 3));
                    if (i % 1_000 == 0) {
                        assertTrue(index.readShard(0, 0, copy) >= KEYS / 4);
                    }
                }
                return null;
            });
            runAll(tasks);
        }
    }

    @Test
    void shouldGiveAnExceptionToThreadsAtWorkWhileClosing() throws Exception {
        for (int round = 0; round < 20; round++) {
            final PointIndex index = new PointIndex(2, 1 << 20);
            final CountDownLatch working = new CountDownLatch(2);
            final List<Future<?>> results = new ArrayList<>();
            try (ExecutorService executor = Executors.newFixedThreadPool(2)) {
                for (int thread = 0; thread < 2; thread++) {
                    final SplittableRandom random = new SplittableRandom(SEED + thread);
                    results.add(executor.submit(() -> {
                        for (long i = 1; ; i++) {
                            final int key = random.nextInt(KEYS);
                            index.publish(Mix.of(key), Mix.of(~key), IndexEntry.memory(16 * i, 1, false), false);
                            index.get(Mix.of(~key), Mix.of(key));
                            if (i == 2_000) {
                                working.countDown();
                            }
                        }
                    }));
                }
                assertTrue(working.await(TIMEOUT_SECONDS, TimeUnit.SECONDS), "round=" + round);
                index.close();
                for (final Future<?> result : results) {
                    final ExecutionException e =
                            assertThrows(ExecutionException.class, () -> result.get(TIMEOUT_SECONDS, TimeUnit.SECONDS));
                    assertEquals(IllegalStateException.class, e.getCause().getClass(), "round=" + round);
                }
            }
        }
    }

    private static void runAll(final List<Callable<Void>> tasks)
            throws InterruptedException, ExecutionException, TimeoutException {
        try (ExecutorService executor = Executors.newFixedThreadPool(tasks.size())) {
            final List<Future<Void>> results = new ArrayList<>();
            for (final Callable<Void> task : tasks) {
                results.add(executor.submit(task));
            }
            for (final Future<Void> result : results) {
                result.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            }
        }
    }

    private static boolean belongs(final int key, final long word) {
        return word == 0 || (IndexEntry.isMemory(word) && IndexEntry.lengthBytes(word) == 16 * (key + 1));
    }

    private static long word(final int key) {
        return IndexEntry.memory(16L * key, key + 1, false);
    }

    /// Neighbouring keys crowd in neighbouring buckets, the four of a group next to each other.
    private static long crowded(final int key) {
        return (Mix.of(key / 64) & 0xFFF0_0000_0000_0000L) | (long) key;
    }
}
