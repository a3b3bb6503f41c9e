/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Compares the index with a map, operation by operation, with fingerprints that crowd in ways good hashes
/// never do.
class PointIndexModelTest {
    private static final int OPERATIONS = 60_000;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldAgreeWithAMapWhenFingerprintsAreRandom(final long seed) {
        run(seed, 2, 1 << 20, 6_000, Mix::of);
    }

    @ParameterizedTest
    @ValueSource(longs = {6, 7, 8})
    void shouldAgreeWithAMapWhenOneShardIsNearlyFull(final long seed) {
        run(seed, 1, 40 << 10, 3_000, Mix::of);
    }

    @ParameterizedTest
    @ValueSource(longs = {9, 10, 11})
    void shouldAgreeWithAMapWhenAllShareTheFirstBucket(final long seed) {
        run(seed, 1, 1 << 20, 300, key -> key);
    }

    @ParameterizedTest
    @ValueSource(longs = {12, 13, 14})
    void shouldAgreeWithAMapWhenAllShareTheLastBucket(final long seed) {
        run(seed, 1, 128 << 10, 300, key -> -1 - key);
    }

    @ParameterizedTest
    @ValueSource(longs = {15, 16, 17, 18})
    void shouldAgreeWithAMapWhenFingerprintsCluster(final long seed) {
        // Eight clumps spread over the range, of equal upper bits and random lower ones.
        run(seed, 2, 1 << 20, 1_500, key -> (Mix.of(key & 7) & 0xFF00_0000_0000_0000L) | (Mix.of(key) >>> 10));
    }

    private static void run(
            final long seed, final int shards, final long maxMemory, final int keys, final LongUnaryOperator hash) {
        final SplittableRandom random = new SplittableRandom(seed);
        final Map<Long, Long> model = new HashMap<>();
        try (PointIndex index = new PointIndex(shards, maxMemory)) {
            final List<Long> memorySizes = new ArrayList<>();
            for (int i = 0; i < OPERATIONS; i++) {
                // The population swells and shrinks, so that runs of slots join and part.
                final boolean swelling = i / 5_000 % 2 == 0;
                final long key = random.nextInt(keys);
                final long fingerprint = hash.applyAsLong(key);
                final long location = location(key, shards);
                final String context = "seed=" + seed + " i=" + i + " key=" + key;
                final long before = model.getOrDefault(key, 0L);
                assertEquals(before, index.get(fingerprint, location), context);
                switch (random.nextInt(10)) {
                    case 0, 1, 2 -> {
                        final long word = word(random, i);
                        final boolean replaceLarge = random.nextBoolean();
                        final long expected = published(before, word, replaceLarge);
                        final long result = index.publish(fingerprint, location, word, replaceLarge);
                        if (result == PointIndex.REFUSED_FULL) {
                            assertEquals(0, before, context);
                        } else {
                            assertEquals(expected, result, context);
                            if (expected == before) {
                                model.put(key, word);
                            }
                        }
                    }
                    case 3 -> {
                        final long word = IndexEntry.device(16L * i, random.nextInt(1, 1 << 18), random.nextBoolean());
                        final long result = index.set(fingerprint, location, word);
                        if (result == PointIndex.REFUSED_FULL) {
                            assertEquals(0, before, context);
                        } else {
                            assertEquals(before, result, context);
                            model.put(key, word);
                        }
                    }
                    case 4 -> {
                        final long expected = random.nextInt(4) == 0 ? word(random, i) : before;
                        final long word = IndexEntry.device(16L * i, 3, false);
                        final boolean hit = before != 0 && expected == before;
                        assertEquals(hit, index.replace(fingerprint, location, expected, word), context);
                        if (hit) {
                            model.put(key, word);
                        }
                    }
                    default -> {
                        if (swelling && random.nextInt(4) != 0) {
                            final long result = index.set(fingerprint, location, i + 1);
                            if (result != PointIndex.REFUSED_FULL) {
                                model.put(key, i + 1L);
                            }
                        } else {
                            final boolean hit = before != 0;
                            assertEquals(hit, index.remove(fingerprint, location, before), context);
                            model.remove(key);
                        }
                    }
                }
                if (i % 997 == 0) {
                    check(index, model, hash, shards, keys, context);
                    memorySizes.add(index.memoryBytes());
                }
            }
            check(index, model, hash, shards, keys, "seed=" + seed + " at the end");
            assertTrue(memorySizes.getLast() > memorySizes.getFirst(), "seed=" + seed + ": no shard ever grew");
            assertTrue(memorySizes.getLast() <= maxMemory, "seed=" + seed);
        }
    }

    private static long published(final long before, final long word, final boolean replaceLarge) {
        if (before == 0) {
            return 0;
        }
        if (IndexEntry.isMemory(before) && IndexEntry.positionBits(before) >= IndexEntry.positionBits(word)) {
            return PointIndex.REFUSED_OLDER;
        }
        return IndexEntry.isLarge(before) && !replaceLarge ? PointIndex.REFUSED_LARGE : before;
    }

    private static long word(final SplittableRandom random, final int i) {
        final int length =
                random.nextInt(1, IndexEntry.MAX_LENGTH_UNITS + 1) | (random.nextInt(8) == 0 ? IndexEntry.LARGE : 0);
        return IndexEntry.memory(16L * Math.max(0, i - random.nextInt(2_000)), length, random.nextInt(3) == 0);
    }

    private static void check(
            final PointIndex index,
            final Map<Long, Long> model,
            final LongUnaryOperator hash,
            final int shards,
            final int keys,
            final String context) {
        long tombstones = 0;
        for (final long word : model.values()) {
            tombstones += IndexEntry.isTombstone(word) ? 1 : 0;
        }
        assertEquals(tombstones, index.tombstones(), context);
        assertEquals(model.size() - tombstones, index.size(), context);
        for (long key = 0; key < keys; key++) {
            final long expected = model.getOrDefault(key, 0L);
            assertEquals(
                    expected, index.get(hash.applyAsLong(key), location(key, shards)), context + " checking " + key);
        }
        checkOrder(index, model.size(), context);
    }

    private static void checkOrder(final PointIndex index, final int size, final String context) {
        final long[] entries = new long[2 * size];
        int sum = 0;
        for (int shard = 0; shard < index.shardCount(); shard++) {
            final int count = index.readShard(shard, 0, entries);
            for (int i = 2; i < 2 * count; i += 2) {
                assertTrue(Long.compareUnsigned(entries[i - 2], entries[i]) < 0, context + " order in shard " + shard);
            }
            sum += count;
        }
        assertEquals(size, sum, context);
    }

    private static long location(final long key, final int shards) {
        return Mix.of(~key * shards);
    }
}
