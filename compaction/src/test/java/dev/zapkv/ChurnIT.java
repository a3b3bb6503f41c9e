/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.AsyncIo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A bounded store goes on for ever: many times its capacity is written to it, and everything is where it
/// belongs.
@Tag("integration")
class ChurnIT {
    private static final int MIB = 1 << 20;
    private static final int VALUE = 1000;
    private static final int ABSENT = -1;
    private static final long SEED = 20261121;

    @TempDir
    private Path directory;

    private Context context(final long capacity) {
        return new Context().directory(directory).capacityBytes(capacity).memoryBytes(32 * MIB);
    }

    /// What a key should hold: the version and length of its value; the length is {@link #ABSENT} for none.
    private static final class Model {
        final int[] versions;
        final int[] lengths;

        Model(final int keys) {
            versions = new int[keys];
            lengths = new int[keys];
            java.util.Arrays.fill(lengths, ABSENT);
        }

        void put(final ZapKv store, final int key, final int length) {
            versions[key]++;
            lengths[key] = length;
            store.put(TestData.key(key), TestData.value(key, versions[key], length));
        }

        void delete(final ZapKv store, final int key, final String context) {
            assertEquals(lengths[key] != ABSENT, store.delete(TestData.key(key)), () -> context + " key " + key);
            lengths[key] = ABSENT;
        }

        void check(final ZapKv store, final String context) {
            int count = 0;
            for (int key = 0; key < versions.length; key++) {
                final int id = key;
                final byte[] value = store.get(TestData.key(key));
                if (lengths[key] == ABSENT) {
                    assertNull(value, () -> context + ": key " + id + " was deleted");
                    continue;
                }
                count++;
                assertNotNull(value, () -> context + ": key " + id + " is gone");
                assertEquals(lengths[key], value.length, () -> context + ": length of key " + id);
                if (value.length >= 16) {
                    assertEquals(
                            versions[key],
                            TestData.versionOf(key, value, context),
                            () -> context + ": version of key " + id);
                }
            }
            assertEquals(count, store.count(), context + ": count");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = AsyncIo.class,
            names = {"AUTO", "THREADS"})
    void shouldTakeUniformOverwritesOfTenTimesTheLiveData(final AsyncIo asyncIo) {
        final String context = "seed " + SEED;
        final int keys = 48 * MIB / VALUE;
        final SplittableRandom random = new SplittableRandom(SEED);
        final Model model = new Model(keys);
        try (ZapKv store = ZapKv.open(context(72L * MIB).asynchronousIo(asyncIo))) {
            for (int key = 0; key < keys; key++) {
                model.put(store, key, VALUE);
            }
            for (int i = 0; i < 10 * keys; i++) {
                model.put(store, random.nextInt(keys), VALUE);
            }
            model.check(store, context + " churned");
            final StoreStats stats = store.stats();
            assertTrue(stats.zonesCollected() > 100, stats.toString());
            assertTrue(stats.deviceBytesUsed() <= stats.capacityBytes(), stats.toString());
            System.out.printf(
                    "churn over %s: write amplification %.2f, %d zones collected, %d stalls%n",
                    asyncIo, stats.writeAmplification(), stats.zonesCollected(), stats.writeStalls());
        }
        try (ZapKv store = ZapKv.open(context(72L * MIB).asynchronousIo(asyncIo))) {
            assertTrue(
                    store.stats().recovery().contains("closed cleanly"),
                    store.stats().recovery());
            model.check(store, context + " reopened");
            for (int i = 0; i < 2 * keys; i++) {
                model.put(store, random.nextInt(keys), VALUE);
            }
            model.check(store, context + " churned after reopening");
        }
        try (ZapKv store = ZapKv.open(context(72L * MIB).asynchronousIo(asyncIo))) {
            model.check(store, context + " reopened again");
        }
    }

    /// Tombstones must not fill the store, though each hides a key that never comes back.
    @Test
    void shouldTakeAndDeleteEverNewKeysForEver() {
        final int window = 4_000;
        final int total = 400_000;
        final int length = 400;
        try (ZapKv store = ZapKv.open(context(20L * MIB))) {
            for (int key = 0; key < total; key++) {
                store.put(TestData.key(key), TestData.value(key, 1, length));
                if (key >= window) {
                    assertTrue(store.delete(TestData.key(key - window)), "key " + (key - window));
                }
            }
            assertEquals(window, store.count());
            checkWindow(store, total, window, length);
        }
        try (ZapKv store = ZapKv.open(context(20L * MIB))) {
            checkWindow(store, total, window, length);
            for (int key = total - window; key < total; key++) {
                assertTrue(store.delete(TestData.key(key)));
            }
            assertEquals(0, store.count());
        }
        try (ZapKv store = ZapKv.open(context(20L * MIB))) {
            assertEquals(0, store.count(), "deleted keys came back");
            store.forEach((key, value) -> assertNull(key, "deleted keys came back"));
        }
    }

    private static void checkWindow(final ZapKv store, final int total, final int window, final int length) {
        assertEquals(window, store.count());
        for (int key = 0; key < total; key++) {
            final byte[] value = store.get(TestData.key(key));
            if (key < total - window) {
                assertNull(value, "deleted key " + key);
            } else {
                assertNotNull(value, "key " + key);
                assertEquals(1, TestData.versionOf(key, value, "window"));
                assertEquals(length, value.length);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void shouldKeepValuesOfMixedSizesThroughChurn(final long seed) {
        final String context = "seed " + seed;
        final int keys = 300;
        final SplittableRandom random = new SplittableRandom(seed);
        final Model model = new Model(keys);
        for (int life = 0; life < 3; life++) {
            try (ZapKv store = ZapKv.open(context(64L * MIB))) {
                model.check(store, context + " life " + life + " opened");
                for (int i = 0; i < 3_000; i++) {
                    final int key = random.nextInt(keys);
                    if (random.nextInt(5) == 0) {
                        model.delete(store, key, context);
                    } else {
                        final int length = switch (random.nextInt(4)) {
                            case 0 -> random.nextInt(100);
                            case 1 -> random.nextInt(60_000);
                            case 2 -> 130_000 + random.nextInt(3_000);
                            default -> random.nextInt(400_000);
                        };
                        model.put(store, key, length);
                    }
                }
                model.check(store, context + " life " + life + " churned");
            }
        }
    }

    @Test
    void shouldKeepEachThreadsKeysThroughChurn() throws Exception {
        final int threads = 3;
        final int keysEach = 8_000;
        final List<Model> models = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            models.add(new Model(threads * keysEach));
        }
        try (ZapKv store = ZapKv.open(context(36L * MIB))) {
            inThreads(threads, thread -> {
                final SplittableRandom random = new SplittableRandom(SEED + thread);
                for (int i = 0; i < 8 * keysEach; i++) {
                    final int key = thread * keysEach + random.nextInt(keysEach);
                    if (random.nextInt(10) == 0) {
                        models.get(thread).delete(store, key, "seed " + SEED);
                    } else {
                        models.get(thread).put(store, key, VALUE);
                    }
                }
            });
            merged(models, keysEach).check(store, "seed " + SEED + " churned");
        }
        try (ZapKv store = ZapKv.open(context(36L * MIB))) {
            merged(models, keysEach).check(store, "seed " + SEED + " reopened");
        }
    }

    private static Model merged(final List<Model> models, final int keysEach) {
        final Model all = new Model(models.size() * keysEach);
        for (int key = 0; key < all.versions.length; key++) {
            all.versions[key] = models.get(key / keysEach).versions[key];
            all.lengths[key] = models.get(key / keysEach).lengths[key];
        }
        return all;
    }

    /// Each key's versions rise with time in each thread: what is read never goes back, and what stays is the
    /// newest of some thread.
    @Test
    void shouldAgreeOnTheNewestVersionWhenThreadsShareKeys() throws Exception {
        final int threads = 4;
        final int keys = 3_000;
        final int rounds = 60_000;
        final AtomicIntegerArray newestOfThread = new AtomicIntegerArray(threads * keys);
        final int[] found = new int[keys];
        // By chance up to some forty of the keys have large values at a time.
        try (ZapKv store = ZapKv.open(context(20L * MIB))) {
            inThreads(threads, thread -> {
                final SplittableRandom random = new SplittableRandom(SEED + thread);
                final byte[] target = new byte[2 * VALUE];
                for (int i = 1; i <= rounds; i++) {
                    final int key = random.nextInt(keys);
                    final long version = (long) i * threads + thread;
                    if (random.nextInt(200) == 0) {
                        store.put(TestData.key(key), TestData.value(key, version, 200_000));
                    } else {
                        store.put(TestData.key(key), TestData.value(key, version, VALUE));
                    }
                    newestOfThread.set(thread * keys + key, i);
                    final int other = random.nextInt(keys);
                    final int length = store.get(TestData.key(other), target);
                    if (length == VALUE) {
                        final byte[] value = java.util.Arrays.copyOf(target, length);
                        TestData.versionOf(other, value, "seed " + SEED + " while writing");
                    }
                }
            });
            for (int key = 0; key < keys; key++) {
                found[key] = checkShared(store, key, threads, newestOfThread, keys);
            }
        }
        try (ZapKv store = ZapKv.open(context(20L * MIB))) {
            for (int key = 0; key < keys; key++) {
                assertEquals(found[key], checkShared(store, key, threads, newestOfThread, keys), "key " + key);
            }
        }
    }

    private static int checkShared(
            final ZapKv store, final int key, final int threads, final AtomicIntegerArray newest, final int keys) {
        final byte[] value = store.get(TestData.key(key));
        if (value == null) {
            for (int thread = 0; thread < threads; thread++) {
                assertEquals(0, newest.get(thread * keys + key), "key " + key + " is gone");
            }
            return 0;
        }
        final int version = (int) TestData.versionOf(key, value, "shared keys");
        assertEquals(newest.get(version % threads * keys + key), version / threads, "key " + key);
        return version;
    }

    @FunctionalInterface
    private interface Work {
        void run(int thread);
    }

    private static void inThreads(final int threads, final Work work) throws ExecutionException, InterruptedException {
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            final List<Future<?>> futures = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                final int thread = t;
                futures.add(pool.submit(() -> work.run(thread)));
            }
            for (final Future<?> future : futures) {
                future.get();
            }
        }
    }
}
