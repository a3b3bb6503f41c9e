/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardWriterTest {
    private static final long MIB = 1 << 20;
    private static final long STEP = 1L << 47;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void shouldHoldWhatAMapHolds(final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final NavigableMap<Long, Long> model = new TreeMap<>(Long::compareUnsigned);
        try (PointIndex index = new PointIndex(1, 8 * MIB)) {
            for (int turn = 0; turn < 20; turn++) {
                change(index, model, random);
                assertEquals(entries(model), entries(index), "seed " + seed + " turn " + turn);
            }
        }
    }

    private static void change(
            final PointIndex index, final NavigableMap<Long, Long> model, final SplittableRandom random) {
        try (ShardWriter writer = index.writeShard(0)) {
            if (random.nextBoolean()) {
                assertTrue(writer.reserve(model.size() + random.nextInt(2_000)));
            }
            // In order, as a checkpoint comes; spread over all values, as hashes are.
            final int count = 1 + random.nextInt(3_000);
            final long step = Long.divideUnsigned(-1, count);
            for (int i = 0; i < count; i++) {
                final long fingerprint = i * step + random.nextLong(step >>> 1);
                set(writer, model, fingerprint, 1 + random.nextLong(1_000));
                if (random.nextInt(400) == 0) {
                    remove(writer, model, random.nextBoolean() ? fingerprint : random.nextLong());
                }
            }
            for (int i = random.nextInt(500); i > 0 && !model.isEmpty(); i--) {
                final Long near = model.ceilingKey(random.nextLong());
                final long word = 1 + random.nextLong(1_000);
                final long any = near == null ? model.firstKey() : near;
                switch (random.nextInt(4)) {
                    case 0 -> set(writer, model, any, word);
                    case 1 -> set(writer, model, random.nextLong(), word);
                    case 2 -> remove(writer, model, any);
                    default -> {
                        final long known = random.nextInt(3) == 0 ? random.nextLong() : any;
                        final Long before = model.replace(known, word);
                        assertEquals(before == null ? 0 : before, writer.replace(known, word));
                    }
                }
            }
        }
    }

    private static void set(
            final ShardWriter writer, final NavigableMap<Long, Long> model, final long fingerprint, final long word) {
        final Long before = model.put(fingerprint, word);
        assertEquals(before == null ? 0 : before, writer.set(fingerprint, word));
    }

    private static void remove(final ShardWriter writer, final NavigableMap<Long, Long> model, final long fingerprint) {
        final Long before = model.remove(fingerprint);
        assertEquals(before == null ? 0 : before, writer.remove(fingerprint));
    }

    private static List<Long> entries(final NavigableMap<Long, Long> model) {
        final List<Long> entries = new ArrayList<>();
        model.forEach((fingerprint, word) -> {
            entries.add(fingerprint);
            entries.add(word);
        });
        return entries;
    }

    private static List<Long> entries(final PointIndex index) {
        final long[] copy = new long[1 << 18];
        final int count = index.readShard(0, 0, copy);
        final List<Long> entries = new ArrayList<>();
        for (int i = 0; i < 2 * count; i++) {
            entries.add(copy[i]);
            if (i % 2 == 1) {
                assertEquals(copy[i], index.getInShard(0, copy[i - 1]), "by search");
            }
        }
        return entries;
    }

    @Test
    void shouldRefuseWhatDoesNotFitAndKeepTheRest() {
        try (PointIndex index = new PointIndex(1, MIB)) {
            int entered = 0;
            try (ShardWriter writer = index.writeShard(0)) {
                long word = writer.set(0, 1);
                while (word == 0) {
                    entered++;
                    word = writer.set(entered * STEP, 1);
                }
                assertEquals(PointIndex.REFUSED_FULL, word);
            }
            assertEquals(entered, index.size());
            assertEquals(0, index.getInShard(0, entered * STEP));
        }
    }

    @Test
    void shouldRefuseWordsThatMeanSomethingElse() {
        try (PointIndex index = new PointIndex(1, MIB);
                ShardWriter writer = index.writeShard(0)) {
            assertThrows(IllegalArgumentException.class, () -> writer.set(1, 0));
            assertThrows(IllegalArgumentException.class, () -> writer.replace(1, PointIndex.REFUSED_FULL));
        }
    }
}
