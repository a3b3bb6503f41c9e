/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.log.EntryShape;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class PointIndexTest {
    private static final long MIB = 1 << 20;
    private static final long FP = 0x0123_4567_89AB_CDEFL;
    private static final long LOC = -1;

    @Test
    void shouldFindNothingInAnEmptyIndex() {
        try (PointIndex index = new PointIndex(4, MIB)) {
            assertEquals(0, index.get(FP, LOC));
            assertEquals(0, index.get(0, 0));
            assertEquals(0, index.get(-1, -1));
            assertEquals(0, index.size());
        }
    }

    @Test
    void shouldTakeEveryFingerprint() {
        try (PointIndex index = new PointIndex(1, MIB)) {
            final long[] extremes = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE};
            for (int i = 0; i < extremes.length; i++) {
                assertEquals(0, index.publish(extremes[i], LOC, memory(i), false));
            }
            for (int i = 0; i < extremes.length; i++) {
                assertEquals(memory(i), index.get(extremes[i], LOC));
            }
        }
    }

    @Test
    void shouldReplaceOlderMemoryWordsOnly() {
        try (PointIndex index = new PointIndex(4, MIB)) {
            assertEquals(0, index.publish(FP, LOC, memory(5), false));
            assertEquals(PointIndex.REFUSED_OLDER, index.publish(FP, LOC, memory(4), false));
            assertEquals(PointIndex.REFUSED_OLDER, index.publish(FP, LOC, memory(5), true));
            assertEquals(memory(5), index.publish(FP, LOC, memory(6), false));
            assertEquals(memory(6), index.get(FP, LOC));
        }
    }

    @Test
    void shouldPublishSeveralAsOneAfterTheOther() {
        try (PointIndex index = new PointIndex(4, MIB)) {
            final long large = IndexEntry.device(1L << 30, EntryShape.of(RecordFormat.FLAG_LARGE, 64), false);
            index.publish(1, LOC, memory(1), false);
            index.publish(2, LOC, memory(100), false);
            index.set(3, LOC, large);
            final long[] fingerprints = {1, 2, 3, FP, FP, 4};
            final long[] locations = {LOC, LOC, LOC, 0, 0, LOC >>> 1};
            final long[] words = {memory(10), memory(11), memory(12), memory(13), memory(14), memory(15)};
            final long[] replaced = new long[words.length];
            assertTrue(index.publishAll(fingerprints, locations, words, replaced));
            assertArrayEquals(
                    new long[] {memory(1), PointIndex.REFUSED_OLDER, PointIndex.REFUSED_LARGE, 0, memory(13), 0},
                    replaced);
            assertEquals(memory(10), index.get(1, LOC));
            assertEquals(memory(100), index.get(2, LOC));
            assertEquals(large, index.get(3, LOC));
            assertEquals(memory(14), index.get(FP, 0), "the last of a key counts");
            assertEquals(5, index.size());
        }
    }

    @Test
    void shouldPublishAllOrNoneAndShowNobodyAPart() throws Exception {
        try (PointIndex index = new PointIndex(2, 5 * 4096)) {
            final long[] fingerprints = new long[1000];
            final long[] locations = new long[fingerprints.length];
            final long[] words = new long[fingerprints.length];
            index.publish(-1, LOC, memory(1), false);
            for (int i = 0; i < fingerprints.length; i++) {
                fingerprints[i] = i == 0 ? -1 : i * FP;
                locations[i] = i % 2 == 0 ? LOC : 0;
                words[i] = memory(i + 2);
            }
            final AtomicBoolean done = new AtomicBoolean();
            try (ExecutorService pool = Executors.newSingleThreadExecutor()) {
                final Future<?> reader = pool.submit(() -> {
                    while (!done.get()) {
                        for (int i = 1; i < 20; i++) {
                            assertEquals(0, index.get(fingerprints[i], locations[i]), "part of what is refused");
                        }
                    }
                });
                for (int i = 0; i < 500; i++) {
                    assertFalse(index.publishAll(fingerprints, locations, words, new long[words.length]));
                }
                done.set(true);
                reader.get();
            }
            assertEquals(1, index.size());
            assertEquals(memory(1), index.get(-1, LOC), "not even what was there is replaced");
            // The latches were given back.
            assertEquals(0, index.publish(FP, LOC, memory(5000), false));
            assertEquals(0, index.publish(FP, 0, memory(5000), false));
        }
    }

    @Test
    void shouldReplaceDeviceWordsAlways() {
        try (PointIndex index = new PointIndex(4, MIB)) {
            final long device = IndexEntry.device(1L << 40, 7, false);
            assertEquals(0, index.set(FP, LOC, device));
            assertEquals(device, index.publish(FP, LOC, memory(0), false));
            assertEquals(memory(0), index.get(FP, LOC));
        }
    }

    @Test
    void shouldLeaveLargeHeadsUnlessToldOtherwise() {
        try (PointIndex index = new PointIndex(4, MIB)) {
            final long large = IndexEntry.device(1L << 40, IndexEntry.LARGE | 5, false);
            index.set(FP, LOC, large);
            assertEquals(PointIndex.REFUSED_LARGE, index.publish(FP, LOC, memory(1), false));
            assertEquals(large, index.get(FP, LOC));
            assertEquals(large, index.publish(FP, LOC, memory(1), true));

            final long stagedLarge = IndexEntry.memory(32, IndexEntry.LARGE | 5, false);
            index.set(FP, LOC, stagedLarge);
            // An old record needs no decision about the large value that has replaced it.
            assertEquals(PointIndex.REFUSED_OLDER, index.publish(FP, LOC, memory(1), false));
            assertEquals(PointIndex.REFUSED_LARGE, index.publish(FP, LOC, memory(3), false));
            assertEquals(stagedLarge, index.publish(FP, LOC, memory(3), true));
        }
    }

    @Test
    void shouldCompareAndSet() {
        try (PointIndex index = new PointIndex(4, MIB)) {
            assertFalse(index.replace(FP, LOC, 0, memory(1)), "there is no entry");
            index.publish(FP, LOC, memory(1), false);
            assertFalse(index.replace(FP, LOC, memory(2), memory(3)));
            assertTrue(index.replace(FP, LOC, memory(1), IndexEntry.device(16, 1, false)));
            assertFalse(index.remove(FP, LOC, memory(1)));
            assertTrue(index.remove(FP, LOC, IndexEntry.device(16, 1, false)));
            assertFalse(index.remove(FP, LOC, IndexEntry.device(16, 1, false)));
            assertEquals(0, index.get(FP, LOC));
        }
    }

    @Test
    void shouldCountTombstonesApart() {
        try (PointIndex index = new PointIndex(4, MIB)) {
            index.publish(1, 1, memory(1), false);
            index.publish(2, 2, IndexEntry.memory(32, 1, true), false);
            assertEquals(1, index.size());
            assertEquals(1, index.tombstones());
            index.publish(1, 1, IndexEntry.memory(48, 1, true), false);
            assertEquals(0, index.size());
            assertEquals(2, index.tombstones());
            index.publish(2, 2, memory(4), false);
            index.remove(1, 1, IndexEntry.memory(48, 1, true));
            assertEquals(1, index.size());
            assertEquals(0, index.tombstones());
        }
    }

    @Test
    void shouldKeepEqualFingerprintsOfDifferentShardsApart() {
        try (PointIndex index = new PointIndex(2, MIB)) {
            index.publish(FP, 0, memory(1), false);
            index.publish(FP, -1, memory(2), false);
            assertEquals(memory(1), index.get(FP, 0));
            assertEquals(memory(2), index.get(FP, -1));
            assertEquals(memory(1), index.getInShard(0, FP));
            assertEquals(memory(2), index.getInShard(1, FP));
        }
    }

    @Test
    void shouldGrowWhenItsLastBucketsOverflow() {
        try (PointIndex index = new PointIndex(1, MIB)) {
            // The last tenth of the range: some 20 slots of their own and 32 behind those in a shard of one page.
            final int count = 200;
            for (long i = 0; i < count; i++) {
                assertEquals(0, index.publish(-1 - (i << 53), LOC, memory((int) i), false), "i=" + i);
            }
            for (long i = 0; i < count; i++) {
                assertEquals(memory((int) i), index.get(-1 - (i << 53), LOC), "i=" + i);
            }
            assertTrue(index.memoryBytes() > 8192, "memoryBytes=" + index.memoryBytes());
        }
    }

    @Test
    void shouldRefuseNewEntriesAtTheLimitAndLoseNothing() {
        final long limit = 256 << 10;
        try (PointIndex index = new PointIndex(4, limit)) {
            int count = 0;
            while (index.publish(fingerprint(count), location(count), memory(count), false) == 0) {
                count++;
            }
            final int full = count;
            assertEquals(PointIndex.REFUSED_FULL, index.set(fingerprint(full), location(full), memory(full)));
            assertTrue(index.memoryBytes() <= limit, "memoryBytes=" + index.memoryBytes());
            assertTrue(count * 24L > limit / 2, "only " + count + " entries in " + limit + " bytes");
            assertEquals(count, index.size());
            for (int i = 0; i < count; i++) {
                assertEquals(memory(i), index.get(fingerprint(i), location(i)), "i=" + i);
                assertEquals(memory(i), index.publish(fingerprint(i), location(i), memory(count + i), false));
            }
            assertEquals(0, index.get(fingerprint(full), location(full)));
            assertTrue(index.remove(fingerprint(0), location(0), memory(count)));
            assertEquals(0, index.get(fingerprint(0), location(0)));
        }
    }

    @Test
    void shouldReadShardsPieceByPiece() {
        try (PointIndex index = new PointIndex(8, MIB)) {
            final int count = 5_000;
            for (int i = 0; i < count; i++) {
                index.publish(fingerprint(i), location(i), memory(i), false);
            }
            final boolean[] seen = new boolean[count];
            for (int shard = 0; shard < index.shardCount(); shard++) {
                assertEquals(0, index.readShard(shard, 0, new long[1]));
                final long[] entries = new long[2 * 100];
                long from = 0;
                int read;
                do {
                    read = index.readShard(shard, from, entries);
                    for (int i = 0; i < 2 * read; i += 2) {
                        final int key = (int) (IndexEntry.positionBits(entries[i + 1]) / 16);
                        assertEquals(fingerprint(key), entries[i]);
                        assertEquals(shard, index.shardOf(location(key)));
                        assertFalse(seen[key], "key=" + key);
                        seen[key] = true;
                        assertTrue(Long.compareUnsigned(entries[i], from) >= 0);
                        from = entries[i] + 1;
                    }
                } while (read == 100);
            }
            for (int key = 0; key < count; key++) {
                assertTrue(seen[key], "key=" + key);
            }
        }
    }

    @Test
    void shouldMapToOtherThingsThanWords() {
        try (PointIndex index = new PointIndex(1, MIB)) {
            assertEquals(0, index.set(FP, LOC, 1L << 20));
            assertEquals(1L << 20, index.set(FP, LOC, Long.MAX_VALUE));
            assertEquals(Long.MAX_VALUE, index.get(FP, LOC));
        }
    }

    @Test
    void shouldRefuseWhatIsNoWord() {
        try (PointIndex index = new PointIndex(1, MIB)) {
            index.set(FP, LOC, 1);
            for (final long word :
                    new long[] {0, PointIndex.REFUSED_FULL, PointIndex.REFUSED_LARGE, PointIndex.REFUSED_OLDER}) {
                assertThrows(IllegalArgumentException.class, () -> index.publish(FP, LOC, word, true));
                assertThrows(IllegalArgumentException.class, () -> index.set(FP, LOC, word));
                assertThrows(IllegalArgumentException.class, () -> index.replace(FP, LOC, 1, word));
            }
            assertThrows(
                    IllegalArgumentException.class,
                    () -> index.publish(FP, LOC, IndexEntry.device(16, 1, false), true));
            assertEquals(1, index.get(FP, LOC));
        }
    }

    @Test
    void shouldRefuseImpossibleSizes() {
        assertThrows(IllegalArgumentException.class, () -> new PointIndex(0, MIB));
        assertThrows(IllegalArgumentException.class, () -> new PointIndex(-1, MIB));
        assertThrows(IllegalArgumentException.class, () -> new PointIndex(3, MIB));
        assertThrows(IllegalArgumentException.class, () -> new PointIndex(1 << 17, Long.MAX_VALUE));
        assertThrows(IllegalArgumentException.class, () -> new PointIndex(1, Long.MAX_VALUE));
        assertThrows(IllegalArgumentException.class, () -> new PointIndex(1 << 16, Long.MAX_VALUE));
        assertThrows(IllegalArgumentException.class, () -> new PointIndex(1024, MIB));
        assertThrows(IllegalArgumentException.class, () -> new PointIndex(1, -1));
        try (PointIndex index = new PointIndex(2, MIB)) {
            assertThrows(IndexOutOfBoundsException.class, () -> index.getInShard(2, FP));
            assertThrows(IndexOutOfBoundsException.class, () -> index.readShard(-1, 0, new long[2]));
        }
    }

    @Test
    void shouldThrowAfterClose() {
        final PointIndex index = new PointIndex(2, MIB);
        index.publish(FP, LOC, memory(1), false);
        index.close();
        index.close();
        assertThrows(IllegalStateException.class, () -> index.get(FP, LOC));
        assertThrows(IllegalStateException.class, () -> index.getInShard(0, FP));
        assertThrows(IllegalStateException.class, () -> index.publish(FP, LOC, memory(2), false));
        assertThrows(IllegalStateException.class, () -> index.set(FP, LOC, memory(2)));
        assertThrows(IllegalStateException.class, () -> index.replace(FP, LOC, memory(1), memory(2)));
        assertThrows(IllegalStateException.class, () -> index.remove(FP, LOC, memory(1)));
        assertThrows(IllegalStateException.class, () -> index.readShard(0, 0, new long[2]));
        assertThrows(IllegalStateException.class, index::size);
    }

    @Test
    void shouldTakeReservedEntriesInAnyNumberOfPieces() {
        final int count = 30_000;
        final long[] piece = new long[2 * count];
        try (PointIndex source = new PointIndex(4, MIB);
                PointIndex target = new PointIndex(4, MIB)) {
            for (int i = 0; i < count; i++) {
                source.publish(fingerprint(i), location(i), memory(i), false);
            }
            for (int shard = 0; shard < 4; shard++) {
                final int entries = source.readShard(shard, 0, piece);
                try (ShardWriter writer = target.writeShard(shard)) {
                    assertTrue(writer.reserve(entries));
                    final long reserved = target.memoryBytes();
                    for (int i = 0; i < entries; i++) {
                        assertEquals(0, writer.set(piece[2 * i], piece[2 * i + 1]));
                    }
                    assertEquals(
                            reserved, target.memoryBytes(), "the reservation of shard " + shard + " did not suffice");
                }
            }
            for (int i = 0; i < count; i++) {
                assertEquals(memory(i), target.get(fingerprint(i), location(i)), "i=" + i);
            }
            try (ShardWriter writer = target.writeShard(0)) {
                assertFalse(writer.reserve(1 << 20), "more than the limit was reserved");
            }
        }
    }

    @Test
    void shouldCountChangesOfAShard() {
        try (PointIndex index = new PointIndex(1, MIB)) {
            final long before = index.changes(0);
            index.publish(FP, LOC, memory(1), false);
            final long entered = index.changes(0);
            assertTrue(entered > before);
            assertEquals(PointIndex.REFUSED_OLDER, index.publish(FP, LOC, memory(0), false));
            assertFalse(index.replace(FP, LOC, memory(7), memory(8)));
            assertEquals(entered, index.changes(0), "a refused change was counted");
            assertTrue(index.replace(FP, LOC, memory(1), memory(8)));
            final long replaced = index.changes(0);
            assertTrue(replaced > entered);
            assertTrue(index.remove(FP, LOC, memory(8)));
            assertTrue(index.changes(0) > replaced);
        }
    }

    @Test
    void shouldAllocateNothing() {
        final int keys = 20_000;
        try (PointIndex index = new PointIndex(16, 4 * MIB)) {
            final long[] target = new long[2 * keys];
            final int[] position = {0};
            final long allocated = Allocation.leastBytesOf(20, keys, i -> {
                final long fingerprint = fingerprint(i);
                final long location = location(i);
                final long word = memory(++position[0]);
                long result = index.publish(fingerprint, location, word, false);
                result += index.get(fingerprint, location) + index.get(~fingerprint, location);
                if (i % 3 == 0) {
                    result += index.remove(fingerprint, location, word) ? 1 : 0;
                } else {
                    final long device = IndexEntry.device(16L * i, 1, false);
                    result += index.replace(fingerprint, location, word, device) ? 1 : 0;
                    result += index.set(fingerprint, location, device);
                }
                return result + (i % 1000 == 0 ? index.size() + index.readShard(i / 1000 % 16, 0, target) : 0);
            });
            assertTrue(allocated < Allocation.NOISE_BYTES, keys + " rounds allocated " + allocated + " bytes");
        }
    }

    private static long memory(final int position) {
        return IndexEntry.memory(16L * position, 1, false);
    }

    private static long fingerprint(final int key) {
        return Mix.of(2L * key);
    }

    private static long location(final int key) {
        return Mix.of(2L * key + 1);
    }
}
