/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Openings from checkpoints, on a directory. Histories with crashes are for the simulation.
class CheckpointTest {
    private static final int KEYS = 20_000;
    private static final int BLOCK = 4096;

    @TempDir
    private Path directory;

    private Context context() {
        return new Context()
                .directory(directory.resolve("store"))
                .zoneSizeBytes(1 << 20)
                .capacityBytes(64 << 20)
                .memoryBytes(32 << 20)
                .stagingDirectory(directory);
    }

    private static Map<ByteBuffer, byte[]> fill(final ZapKv store, final long version) {
        final Map<ByteBuffer, byte[]> model = new HashMap<>();
        for (int i = 0; i < KEYS; i++) {
            put(store, model, i, TestData.value(i, version, 100));
        }
        return model;
    }

    private static void put(final ZapKv store, final Map<ByteBuffer, byte[]> model, final int i, final byte[] value) {
        store.put(TestData.key(i), value);
        model.put(ByteBuffer.wrap(TestData.key(i)), value);
    }

    @Test
    void shouldReplayNothingAfterACleanEnd() {
        final Map<ByteBuffer, byte[]> model;
        try (ZapKv store = ZapKv.open(context())) {
            model = fill(store, 1);
            put(store, model, 7, TestData.value(7, 2, 500_000));
        }
        try (ZapKv store = ZapKv.open(context())) {
            assertTrue(store.stats().recovery().contains("checkpoint 1 read"), store.stats()::recovery);
            assertTrue(store.stats().recovery().contains("; 0 records replayed"), store.stats()::recovery);
            TestData.assertHolds(model, store, "after a clean end");
        }
    }

    @Test
    void shouldReplayOnlyWhatWasWrittenSince() throws IOException {
        final Map<ByteBuffer, byte[]> model;
        final Path copy = directory.resolve("copy");
        try (ZapKv store = ZapKv.open(context())) {
            model = fill(store, 1);
            // What a busy device has not taken yet would be replayed, too.
            store.flush();
            assertTrue(store.checkpoint());
            for (int i = 0; i < 100; i++) {
                put(store, model, i, TestData.value(i, 2, 50));
            }
            assertTrue(store.delete(TestData.key(5_000)));
            model.remove(ByteBuffer.wrap(TestData.key(5_000)));
            store.flush();
            copyStore(copy);
        }
        try (ZapKv store = ZapKv.open(context().directory(copy))) {
            assertTrue(store.stats().recovery().contains("checkpoint 1 read"), store.stats()::recovery);
            // And what was in the block that was being filled when the checkpoint began.
            final long replayed = replayedRecords(store);
            assertTrue(replayed >= 101 && replayed < KEYS / 4, store.stats()::recovery);
            TestData.assertHolds(model, store, "after an unclean end");
        }
    }

    private static long replayedRecords(final ZapKv store) {
        final String recovery = store.stats().recovery();
        final int end = recovery.indexOf(" records replayed");
        return Long.parseLong(recovery.substring(recovery.lastIndexOf(' ', end - 1) + 1, end));
    }

    /// The store as a crash would leave it: everything that is on the device now.
    private void copyStore(final Path target) throws IOException {
        final Path source = directory.resolve("store");
        final List<Path> files;
        try (java.util.stream.Stream<Path> walk = Files.walk(source)) {
            files = walk.sorted().toList();
        }
        for (final Path file : files) {
            final Path to = target.resolve(source.relativize(file).toString());
            if (Files.isDirectory(file)) {
                Files.createDirectories(to);
            } else {
                Files.copy(file, to);
            }
        }
    }

    @Test
    void shouldDropChunksOfALargeValueThatWasReplacedAfterTheCheckpoint() throws IOException {
        final Map<ByteBuffer, byte[]> model;
        final Path copy = directory.resolve("copy");
        final long live;
        try (ZapKv store = ZapKv.open(context())) {
            model = fill(store, 1);
            put(store, model, 1, TestData.value(1, 2, 700_000));
            put(store, model, 2, TestData.value(2, 2, 700_000));
            assertTrue(store.checkpoint());
            put(store, model, 1, TestData.value(1, 3, 600_000));
            put(store, model, 2, TestData.value(2, 3, 10));
            store.flush();
            live = store.stats().liveBytes() - checkpointLive(store);
            copyStore(copy);
        }
        try (ZapKv store = ZapKv.open(context().directory(copy))) {
            assertTrue(store.stats().recovery().contains("checkpoint 1 read"), store.stats()::recovery);
            TestData.assertHolds(model, store, "after an unclean end");
            assertEquals(live, store.stats().liveBytes() - checkpointLive(store));
        }
    }

    private static long checkpointLive(final ZapKv store) {
        return store.zones().stream()
                .filter(zone -> zone.stream().equals("checkpoint"))
                .mapToLong(ZoneReport::liveBytes)
                .sum();
    }

    @Test
    void shouldTakeTheCheckpointBeforeOrTheWholeLogIfOneIsDamaged() throws IOException {
        Map<ByteBuffer, byte[]> model;
        try (ZapKv store = ZapKv.open(context())) {
            fill(store, 1);
            assertTrue(store.checkpoint());
            model = fill(store, 2);
        }
        damageNewest();
        try (ZapKv store = ZapKv.open(context())) {
            assertTrue(store.stats().recovery().contains("checkpoint 2 is of no use"), store.stats()::recovery);
            assertTrue(store.stats().recovery().contains("checkpoint 1 read"), store.stats()::recovery);
            TestData.assertHolds(model, store, "from the checkpoint before");
            model = fill(store, 3);
        }
        damageNewest();
        damageNewest();
        try (ZapKv store = ZapKv.open(context())) {
            assertFalse(store.stats().recovery().contains(" read ("), store.stats()::recovery);
            TestData.assertHolds(model, store, "from the whole log");
        }
        try (ZapKv store = ZapKv.open(context())) {
            assertTrue(
                    store.stats().recovery().contains(" read ("),
                    "no new checkpoint: " + store.stats().recovery());
            TestData.assertHolds(model, store, "from a new checkpoint");
        }
    }

    /// Flips a bit in the root of the newest checkpoint that is not damaged yet.
    private void damageNewest() throws IOException {
        final Path zones = directory.resolve("store").resolve("zones");
        Path newestFile = null;
        long newestAt = -1;
        long newestNumber = -1;
        final List<Path> files;
        try (java.util.stream.Stream<Path> list = Files.list(zones)) {
            files = list.toList();
        }
        for (final Path file : files) {
            final byte[] bytes = Files.readAllBytes(file);
            for (int at = 0; at + BLOCK <= bytes.length; at += BLOCK) {
                final ByteBuffer block = ByteBuffer.wrap(bytes, at, BLOCK).order(java.nio.ByteOrder.LITTLE_ENDIAN);
                final boolean root = block.getInt(at) == 0x4250415A
                        && block.getShort(at + 6) == 4
                        && block.getInt(at + 128 + 4) == 4
                        && block.getInt(at + 128 + 24) == 0;
                if (root && block.getLong(at + 32) > newestNumber) {
                    newestNumber = block.getLong(at + 32);
                    newestFile = file;
                    newestAt = at;
                }
            }
        }
        try (RandomAccessFile file = new RandomAccessFile(newestFile.toFile(), "rw")) {
            file.seek(newestAt + 128 + 24);
            file.write(1);
        }
    }

    @Test
    void shouldNotWriteShardsAgainThatDidNotChange() {
        try (ZapKv store = ZapKv.open(context().memoryBytes(256 << 20))) {
            fill(store, 1);
            assertTrue(store.checkpoint());
            final long first = store.stats().checkpointBytes();
            assertTrue(first > KEYS * 16);
            store.put(TestData.key(1), TestData.value(1, 2, 100));
            assertTrue(store.checkpoint());
            final long second = store.stats().checkpointBytes() - first;
            assertTrue(second < first / 4, first + " bytes, then " + second);
        }
        try (ZapKv store = ZapKv.open(context().memoryBytes(256 << 20))) {
            assertEquals(0, store.stats().checkpointBytes());
            assertEquals(KEYS, store.count());
            store.put(TestData.key(1), TestData.value(1, 3, 100));
            assertTrue(store.checkpoint());
            assertTrue(store.stats().checkpointBytes() < KEYS * 4, "after reopening: " + store.stats());
        }
    }

    @Test
    void shouldBeWrittenByItselfWhileThreadsWrite() throws Exception {
        final int threads = 3;
        try (ZapKv store = ZapKv.open(context().checkpointBytes(2 << 20));
                ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            final List<Callable<Void>> writers = java.util.stream.IntStream.range(0, threads)
                    .mapToObj(thread -> (Callable<Void>) () -> {
                        final SplittableRandom random = new SplittableRandom(thread);
                        for (int i = 0; i < 60_000; i++) {
                            final int key = random.nextInt(5_000) * threads + thread;
                            if (random.nextInt(5) == 0) {
                                store.delete(TestData.key(key));
                            } else {
                                store.put(TestData.key(key), TestData.value(key, i, 100));
                            }
                        }
                        return null;
                    })
                    .toList();
            // How many fit into a round depends on the machine.
            for (int round = 0; round < 100 && store.stats().checkpoints() < 3; round++) {
                for (final Future<Void> writer : pool.invokeAll(writers)) {
                    writer.get();
                }
            }
            assertTrue(store.stats().checkpoints() >= 3, store.stats()::toString);
        }
        try (ZapKv store = ZapKv.open(context())) {
            assertTrue(store.stats().recovery().contains(" read ("), store.stats()::recovery);
            for (int thread = 0; thread < threads; thread++) {
                final SplittableRandom random = new SplittableRandom(thread);
                final Map<Integer, Integer> newest = new HashMap<>();
                for (int i = 0; i < 60_000; i++) {
                    final int key = random.nextInt(5_000) * threads + thread;
                    newest.put(key, random.nextInt(5) == 0 ? -1 : i);
                }
                newest.forEach((key, version) -> {
                    if (version < 0) {
                        assertNull(store.get(TestData.key(key)), () -> "key " + key);
                    } else {
                        assertArrayEquals(
                                TestData.value(key, version, 100), store.get(TestData.key(key)), "key " + key);
                    }
                });
            }
        }
    }

    @Test
    void shouldReplayTheLogOnceForAMuchLargerIndex() {
        final Map<ByteBuffer, byte[]> model;
        try (ZapKv store = ZapKv.open(context())) {
            model = fill(store, 1);
        }
        try (ZapKv store = ZapKv.open(context().memoryBytes(512 << 20))) {
            assertTrue(store.stats().recovery().contains("smaller memory budget"), store.stats()::recovery);
            TestData.assertHolds(model, store, "with more shards");
        }
        try (ZapKv store = ZapKv.open(context().memoryBytes(512 << 20))) {
            assertTrue(store.stats().recovery().contains(" read ("), store.stats()::recovery);
        }
        try (ZapKv store = ZapKv.open(context())) {
            assertTrue(store.stats().recovery().contains(" read ("), store.stats()::recovery);
            TestData.assertHolds(model, store, "with less memory again");
        }
    }

    @Test
    void shouldSayWhyThereIsNone() {
        try (ZapKv store = ZapKv.open(context().capacityBytes(10 << 20))) {
            store.put(TestData.key(1), TestData.value(1, 1, 10));
            assertFalse(store.checkpoint());
            assertTrue(store.stats().checkpointProblem().contains("few zones"), store.stats()::checkpointProblem);
        }
    }

    @Test
    void shouldKeepToItsShareOfTheZones() {
        try (ZapKv store = ZapKv.open(
                context().capacityBytes(16 << 20).blockBytes(64 << 10).checkpointBytes(1 << 20))) {
            for (int round = 0; round < 20; round++) {
                for (int i = 0; i < KEYS; i++) {
                    store.put(TestData.key(i), TestData.value(i, round, 20));
                }
                final long taken = store.zones().stream()
                        .filter(zone -> zone.stream().equals("checkpoint"))
                        .count();
                assertTrue(taken <= 3, taken + " zones");
            }
            assertTrue(store.stats().checkpoints() > 1, store.stats()::toString);
        }
    }
}
