/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.uring.Ring;
import dev.zapkv.io.uring.RingOptions;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// The public API against a map, over io_uring and over threads; each test ends with a clean close, a reopening, and
/// the same comparison.
@ParameterizedClass
@EnumSource(
        value = AsyncIo.class,
        names = {"IO_URING", "THREADS"})
class ZapKvTest {
    private static final int ZONE = 4 << 20;
    private static final List<Durability> LEVELS = List.of(Durability.PROCESS, Durability.DEVICE, Durability.FLUSHED);

    private final AsyncIo asyncIo;
    private final Map<ByteBuffer, byte[]> model = new HashMap<>();

    @TempDir
    private Path directory;

    private ZapKv store;

    ZapKvTest(final AsyncIo asyncIo) {
        this.asyncIo = asyncIo;
    }

    @BeforeEach
    void open() {
        assumeTrue(
                asyncIo != AsyncIo.IO_URING || hasRing(),
                "io_uring is not available here: allow it (kernel.io_uring_disabled, seccomp) to test it");
        store = ZapKv.open(context());
    }

    @AfterEach
    void shouldHoldTheSameAfterReopening() {
        if (store == null) {
            return;
        }
        TestData.assertHolds(model, store, "before close");
        store.close();
        store = ZapKv.open(context());
        TestData.assertHolds(model, store, "after reopening");
        assertTrue(
                store.stats().recovery().contains("closed cleanly"),
                store.stats().recovery());
        store.close();
    }

    private static boolean hasRing() {
        try {
            Ring.open(RingOptions.ofDepth(1)).close();
            return true;
        } catch (final DeviceException e) {
            return false;
        }
    }

    private Context context() {
        return new Context()
                .directory(directory)
                .zoneSizeBytes(ZONE)
                .memoryBytes(32 << 20)
                .asynchronousIo(asyncIo);
    }

    private void put(final byte[] key, final byte[] value) {
        store.put(key, value);
        model.put(ByteBuffer.wrap(key.clone()), value.clone());
    }

    private int maxInline(final int keyLength) {
        // A record has 32 bytes before its key.
        return store.maxBatchBytes() - 32 - keyLength;
    }

    @Test
    void shouldReturnValuesOfEveryLengthAroundEachBoundary() {
        final List<Integer> lengths = new ArrayList<>();
        for (int length = 0; length <= 50; length++) {
            lengths.add(length);
        }
        final int block = store.maxBatchBytes();
        for (final int boundary :
                new int[] {4096, 65536, block, 2 * block, maxInline(12), 2 * maxInline(12), 1 << 20}) {
            lengths.addAll(List.of(boundary - 1, boundary, boundary + 1));
        }
        for (final int key : new int[] {1, 7, 8, 9, 64}) {
            for (int delta = -2; delta <= 2; delta++) {
                final int length = maxInline(key) + delta;
                final byte[] bytes = TestData.value(key, delta, key);
                put(bytes, TestData.value(key, delta, length));
            }
        }
        long id = 0;
        for (final int length : lengths) {
            put(TestData.key(id), TestData.value(id, 1, length));
            assertArrayEquals(TestData.value(id, 1, length), store.get(TestData.key(id)));
            id++;
        }
    }

    @Test
    void shouldReturnTheValueOfEveryKeyOfOneByte() {
        for (int i = 0; i < 256; i++) {
            put(new byte[] {(byte) i}, TestData.value(i, 1, i));
        }
    }

    @Test
    void shouldReturnValuesUnderTheLongestKeys() {
        for (final int length : new int[] {255, 256, 65_535, 65_536}) {
            for (final int value : new int[] {0, 1, 1000, maxInline(length), maxInline(length) + 1, 300_000}) {
                final byte[] key = TestData.value(length, value, length);
                put(key, TestData.value(length, value, value));
            }
        }
        assertEquals(65_536, store.maxKeyBytes());
    }

    @Test
    void shouldStoreTheLongestValueAndRefuseOneByteMore() {
        final int longest = Math.toIntExact(store.maxValueBytes());
        assertEquals(ZONE, longest);
        put(TestData.key(1), TestData.value(1, 1, longest - 1));
        put(TestData.key(2), TestData.value(2, 1, longest));
        final IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> store.put(TestData.key(1), new byte[longest + 1]));
        assertTrue(e.getMessage().contains(String.valueOf(longest)), e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> store.putAsync(TestData.key(1), new byte[longest + 1]));
    }

    @Test
    void shouldReplaceValuesByLongerAndShorterOnes() {
        final int[] lengths = {0, 5, 200_000, 16, 1_000_000, 1_000_001, 0, 131_072, 40};
        for (int version = 0; version < lengths.length; version++) {
            for (int key = 0; key < 5; key++) {
                put(TestData.key(key), TestData.value(key, version, lengths[(version + key) % lengths.length]));
            }
        }
        assertEquals(5, store.count());
    }

    @Test
    void shouldForgetDeletedKeysAndTakeThemAgain() {
        for (int key = 0; key < 100; key++) {
            put(TestData.key(key), TestData.value(key, 0, key % 3 == 0 ? 150_000 : 100));
        }
        for (int key = 0; key < 100; key += 2) {
            assertTrue(store.delete(TestData.key(key)));
            assertFalse(store.delete(TestData.key(key)), "deleted twice");
            assertNull(store.get(TestData.key(key)));
            assertEquals(-1, store.get(TestData.key(key), new byte[10]));
            assertFalse(store.contains(TestData.key(key)));
            model.remove(ByteBuffer.wrap(TestData.key(key)));
        }
        assertFalse(store.delete(TestData.key(1000)), "never there");
        assertEquals(50, store.count());
        for (int key = 0; key < 10; key++) {
            put(TestData.key(key), TestData.value(key, 1, 77));
        }
        assertEquals(55, store.count());
    }

    @Test
    void shouldCopyAsMuchOfAValueAsFits() {
        for (final int length : new int[] {0, 1, 100, 5_000, 400_000}) {
            final byte[] key = TestData.key(length);
            final byte[] value = TestData.value(length, 1, length);
            put(key, value);
            for (final int room : new int[] {0, length / 2, length, length + 9}) {
                final byte[] target = new byte[room];
                Arrays.fill(target, (byte) 0x55);
                assertEquals(length, store.get(key, target));
                final int copied = Math.min(room, length);
                assertArrayEquals(Arrays.copyOf(value, copied), Arrays.copyOf(target, copied));
                for (int i = copied; i < room; i++) {
                    assertEquals(0x55, target[i], "byte behind the value");
                }
            }
        }
    }

    @Test
    void shouldReturnSeveralValuesInTheOrderOfTheKeys() {
        put(TestData.key(1), TestData.value(1, 1, 10));
        put(TestData.key(2), TestData.value(2, 1, 0));
        put(TestData.key(3), TestData.value(3, 1, 250_000));
        final List<byte[]> values = store.multiGet(
                List.of(TestData.key(3), TestData.key(9), TestData.key(2), TestData.key(1), TestData.key(3)));
        assertEquals(5, values.size());
        assertArrayEquals(TestData.value(3, 1, 250_000), values.get(0));
        assertNull(values.get(1));
        assertArrayEquals(new byte[0], values.get(2));
        assertArrayEquals(TestData.value(1, 1, 10), values.get(3));
        assertArrayEquals(TestData.value(3, 1, 250_000), values.get(4));
        assertTrue(store.multiGet(List.of()).isEmpty());
    }

    @Test
    void shouldCompleteAsynchronousWritesAtEachLevel() throws Exception {
        final List<CompletableFuture<Void>> futures = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            final byte[] key = TestData.key(i);
            final byte[] value = TestData.value(i, 1, i % 50 == 0 ? 200_000 : i);
            final Durability level = LEVELS.get(i % 3);
            final CompletableFuture<Void> future =
                    store.putAsync(key, value, WriteOptions.DEFAULT.withDurability(level));
            assertArrayEquals(value, store.get(key), "visible at once");
            assertTrue(level != Durability.PROCESS || future.isDone(), "the process level is reached at once");
            model.put(ByteBuffer.wrap(key), value);
            futures.add(future);
        }
        for (final CompletableFuture<Void> future : futures) {
            future.get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void shouldApplyABatchInItsOrder() {
        put(TestData.key(1), TestData.value(1, 0, 20));
        put(TestData.key(2), TestData.value(2, 0, 300_000));
        put(TestData.key(3), TestData.value(3, 0, 20));
        final WriteBatch batch = new WriteBatch()
                .put(TestData.key(1), TestData.value(1, 1, 30))
                .put(TestData.key(1), TestData.value(1, 2, 40))
                .delete(TestData.key(2))
                .delete(TestData.key(3))
                .put(TestData.key(3), new byte[0])
                .put(TestData.key(4), TestData.value(4, 1, 17))
                .delete(TestData.key(4))
                .delete(TestData.key(5));
        assertEquals(8, batch.size());
        store.write(batch);
        model.clear();
        model.put(ByteBuffer.wrap(TestData.key(1)), TestData.value(1, 2, 40));
        model.put(ByteBuffer.wrap(TestData.key(3)), new byte[0]);
        TestData.assertHolds(model, store, "after the batch");
        batch.clear();
        assertEquals(0, batch.size());
        store.write(batch);
        for (final WriteOptions options : List.of(WriteOptions.PROCESS, WriteOptions.DEVICE, WriteOptions.FLUSHED)) {
            batch.clear();
            for (int i = 10; i < 60; i++) {
                batch.put(TestData.key(i), TestData.value(i, options.hashCode(), 500));
                model.put(ByteBuffer.wrap(TestData.key(i)), TestData.value(i, options.hashCode(), 500));
            }
            store.write(batch, options);
        }
    }

    @Test
    void shouldStoreABatchThatJustFitsAndRefuseALargerOne() {
        // Records take 32 bytes, key and value, rounded up to 16.
        final int inOneRecord = (store.maxBatchBytes() / 2 & -16) - 32 - 16;
        final byte[] key1 = TestData.value(1, 1, 16);
        final byte[] key2 = TestData.value(2, 1, 16);
        final byte[] value = TestData.value(1, 1, inOneRecord);
        store.write(new WriteBatch().put(key1, value).put(key2, value));
        model.put(ByteBuffer.wrap(key1), value);
        model.put(ByteBuffer.wrap(key2), value);
        final IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> store.write(new WriteBatch()
                        .put(TestData.key(7), new byte[1])
                        .put(key1, value)
                        .put(key2, new byte[inOneRecord + 1])));
        assertTrue(e.getMessage().contains(String.valueOf(store.maxBatchBytes())), e.getMessage());
        assertNull(store.get(TestData.key(7)), "nothing of a refused batch is stored");
    }

    @Test
    void shouldWriteAtEachLevelAndFlush() {
        for (int i = 0; i < 20; i++) {
            put(TestData.key(i), TestData.value(i, 0, 100));
            store.put(TestData.key(i), TestData.value(i, 1, 100), WriteOptions.DEVICE);
            store.put(TestData.key(i), TestData.value(i, 2, 100), WriteOptions.FLUSHED);
            model.put(ByteBuffer.wrap(TestData.key(i)), TestData.value(i, 2, 100));
        }
        assertTrue(store.delete(TestData.key(0), WriteOptions.FLUSHED));
        assertFalse(store.delete(TestData.key(0), WriteOptions.DEVICE));
        model.remove(ByteBuffer.wrap(TestData.key(0)));
        put(TestData.key(50), TestData.value(50, 0, 100));
        final long flushes = store.stats().flushes();
        store.flush();
        assertTrue(store.stats().hostBytesAppended() > 0);
        assertTrue(store.stats().flushes() >= flushes);
    }

    @Test
    void shouldAgreeWithAMapAfterAnyMixOfOperations() {
        final long seed = 20260101;
        final SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 20_000; i++) {
            final long id = random.nextInt(1500);
            final byte[] key = TestData.key(id);
            switch (random.nextInt(10)) {
                case 0, 1 -> {
                    final boolean there = model.remove(ByteBuffer.wrap(key)) != null;
                    assertEquals(there, store.delete(key), "seed " + seed + " operation " + i);
                }
                case 2 -> {
                    final WriteBatch batch = new WriteBatch();
                    for (int n = random.nextInt(20); n >= 0; n--) {
                        final long member = random.nextInt(1500);
                        if (random.nextInt(4) == 0) {
                            batch.delete(TestData.key(member));
                            model.remove(ByteBuffer.wrap(TestData.key(member)));
                        } else {
                            final byte[] value = TestData.value(member, i, random.nextInt(2000));
                            batch.put(TestData.key(member), value);
                            model.put(ByteBuffer.wrap(TestData.key(member)), value);
                        }
                    }
                    store.write(batch);
                }
                case 3, 4, 5 ->
                    assertArrayEquals(
                            model.get(ByteBuffer.wrap(key)), store.get(key), "seed " + seed + " operation " + i);
                default ->
                    put(
                            key,
                            TestData.value(
                                    id, i, random.nextInt(500) == 0 ? random.nextInt(1 << 20) : random.nextInt(3000)));
            }
        }
    }

    @Test
    void shouldReportPlausibleFigures() {
        final long valueBytes = 1000;
        for (int i = 0; i < 12_000; i++) {
            put(TestData.key(i % 8000), TestData.value(i, 1, (int) valueBytes));
        }
        store.delete(TestData.key(0));
        model.remove(ByteBuffer.wrap(TestData.key(0)));
        store.get(TestData.key(5));
        store.flush();
        final StoreStats stats = store.stats();
        assertEquals(7999, stats.keys());
        assertEquals(12_000, stats.puts());
        assertEquals(1, stats.deletes());
        assertTrue(stats.gets() >= 1);
        assertTrue(stats.liveBytes() >= 7999 * valueBytes && stats.liveBytes() <= 7999 * (valueBytes + 64));
        assertTrue(stats.garbageBytes() >= 4000 * valueBytes, "garbage " + stats.garbageBytes());
        assertEquals(-1, stats.capacityBytes());
        assertTrue(stats.userBytesWritten() > 12_000 * valueBytes);
        assertTrue(stats.hostBytesAppended() > stats.userBytesWritten());
        assertTrue(stats.metadataBytes() > 0);
        assertTrue(stats.writeAmplification() > 1 && stats.writeAmplification() < 2, "" + stats.writeAmplification());
        assertTrue(stats.indexMemoryBytes() > 0 && stats.indexBytesPerKey() > 0);
        assertTrue(stats.stagingMemoryBytes() > 0);
        assertEquals(32 << 20, stats.memoryBudgetBytes());
        assertTrue(stats.cacheMemoryBytes() > 0);
        assertTrue(stats.indexMemoryBytes() + stats.stagingMemoryBytes() + stats.cacheMemoryBytes()
                <= stats.memoryBudgetBytes());
        assertEquals("new store", stats.recovery());
        assertTrue(stats.asynchronousIo().contains(asyncIo == AsyncIo.IO_URING ? "io_uring" : "thread"));

        final List<ZoneReport> zones = store.zones();
        assertEquals("metadata", zones.getFirst().stream());
        long live = 0;
        for (final ZoneReport zone : zones) {
            assertTrue(zone.writtenBytes() <= zone.capacityBytes(), zone.toString());
            assertTrue(zone.liveBytes() <= zone.writtenBytes(), zone.toString());
            live += zone.liveBytes();
        }
        // A tombstone is kept as long as it hides something.
        assertTrue(Math.abs(live - stats.liveBytes()) < 1000, live + " live in zones, " + stats.liveBytes());
    }

    @Test
    void shouldCollectOnRequestAndKeepEveryValue() {
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 8000; i++) {
                if (round == 0 || i % 4 != 0) {
                    put(TestData.key(i), TestData.value(i, round, 1000));
                }
            }
        }
        put(TestData.key(-1), TestData.value(-1, 0, 900_000));
        store.flush();
        final GcReport report = store.collect(0.1);
        assertTrue(report.zonesCollected() >= 2, report.toString());
        assertTrue(report.freedBytes() > 0, report.toString());
        assertTrue(report.relocatedBytes() > 0, report.toString());
        assertEquals(0, store.collect(1).zonesCollected());
        assertThrows(IllegalArgumentException.class, () -> store.collect(1.1));
        assertThrows(IllegalArgumentException.class, () -> store.collect(Double.NaN));
    }
}
