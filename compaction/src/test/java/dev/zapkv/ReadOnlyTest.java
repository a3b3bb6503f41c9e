/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.sim.SimCrash;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A store that is opened read-only shows what an ordinary opening would, and stays as it is.
class ReadOnlyTest {
    private static final int ZONE = 1 << 20;
    private static final int KEYS = 400;

    @TempDir
    private Path directory;

    private final Map<ByteBuffer, byte[]> model = new HashMap<>();

    private Context onDirectory() {
        return new Context()
                .directory(directory.resolve("store"))
                .zoneSizeBytes(ZONE)
                .capacityBytes(40L * ZONE)
                .memoryBytes(32 << 20)
                .stagingDirectory(directory);
    }

    private Context onDevice(final WriteCounter device) {
        return new Context()
                .device(device)
                .threaded(false)
                .memoryBytes(32 << 20)
                .checkpointBytes(1 << 20)
                .stagingDirectory(directory);
    }

    private static WriteCounter device(final SimMedia media) {
        return new WriteCounter(new SimZoneDevice(media, SimOptions.DEFAULT, new Random(1)));
    }

    /// Puts, overwrites, deletes and batches, some of them of values in chunks.
    private void work(final ZapKv store, final SplittableRandom random, final int steps) {
        for (int step = 0; step < steps; step++) {
            final int key = random.nextInt(KEYS);
            final ByteBuffer name = ByteBuffer.wrap(TestData.key(key));
            final int dice = random.nextInt(100);
            if (dice < 15) {
                assertEquals(model.remove(name) != null, store.delete(TestData.key(key)));
            } else if (dice < 25) {
                final WriteBatch batch = new WriteBatch();
                for (int i = 0; i < 3; i++) {
                    final int other = (key + i * 7) % KEYS;
                    final byte[] value = TestData.value(other, step, 200);
                    batch.put(TestData.key(other), value);
                    model.put(ByteBuffer.wrap(TestData.key(other)), value);
                }
                store.write(batch);
            } else {
                final int length = dice < 30 ? 140_000 + random.nextInt(200_000) : 16 + random.nextInt(3000);
                final byte[] value = TestData.value(key, step, length);
                store.put(TestData.key(key), value);
                model.put(name, value);
            }
        }
    }

    @Test
    void shouldLeaveADirectoryAsItIsForAnyNumberOfReaders() throws IOException {
        try (ZapKv store = ZapKv.open(onDirectory())) {
            work(store, new SplittableRandom(1), 1500);
        }
        final SortedMap<String, String> before = DirectoryHash.of(directory);
        try (ZapKv one = ZapKv.open(onDirectory().readOnly(true));
                ZapKv two = ZapKv.open(onDirectory().readOnly(true))) {
            TestData.assertHolds(model, one, "first reader");
            TestData.assertHolds(model, two, "second reader");
            assertTrue(one.stats().recovery().startsWith("opened read-only; closed cleanly"), one.stats()::recovery);
            final StoreLockedException e = assertThrows(StoreLockedException.class, () -> ZapKv.open(onDirectory()));
            assertTrue(e.getMessage().contains("open read-only in this process"), e.getMessage());
        }
        assertEquals(before, DirectoryHash.of(directory));
        try (ZapKv store = ZapKv.open(onDirectory())) {
            TestData.assertHolds(model, store, "opened for writing");
            final StoreLockedException e = assertThrows(
                    StoreLockedException.class, () -> ZapKv.open(onDirectory().readOnly(true)));
            assertTrue(e.getMessage().contains("already open in this process"), e.getMessage());
        }
    }

    @Test
    void shouldRefuseWhateverWouldWrite() {
        try (ZapKv store = ZapKv.open(onDirectory())) {
            work(store, new SplittableRandom(1), 100);
        }
        try (ZapKv store = ZapKv.open(onDirectory().readOnly(true))) {
            final byte[] key = TestData.key(1);
            refused("put", () -> store.put(key, new byte[3]));
            refused("putAsync", () -> store.putAsync(key, new byte[3]));
            refused("delete", () -> store.delete(key));
            refused("write", () -> store.write(new WriteBatch().put(key, new byte[3])));
            refused("lease", () -> store.lease(1000));
            refused("collect", () -> store.collect(0));
            refused("checkpoint", store::checkpoint);
            refused("flush", store::flush);
            assertTrue(store.maxValueBytes() > 0);
            TestData.assertHolds(model, store, "after refusals");
        }
    }

    @Test
    void shouldRefuseEverythingOnceClosed() {
        ZapKv.open(onDirectory()).close();
        final ZapKv store = ZapKv.open(onDirectory().readOnly(true));
        store.close();
        store.close();
        assertThrows(StoreClosedException.class, () -> store.get(TestData.key(1)));
        assertThrows(StoreClosedException.class, store::stats);
    }

    private static void refused(final String operation, final Executable action) {
        final StoreReadOnlyException e = assertThrows(StoreReadOnlyException.class, action);
        assertTrue(e.getMessage().startsWith(operation + ": the store was opened read-only"), e.getMessage());
    }

    @Test
    void shouldNeverMakeAStore() throws IOException {
        final FormatException missing = assertThrows(
                FormatException.class, () -> ZapKv.open(onDirectory().readOnly(true)));
        assertTrue(missing.getMessage().contains("does not exist"), missing.getMessage());
        Files.createDirectory(directory.resolve("store"));
        final FormatException empty = assertThrows(
                FormatException.class, () -> ZapKv.open(onDirectory().readOnly(true)));
        assertTrue(empty.getMessage().contains("there is no store"), empty.getMessage());
        assertEquals(2, DirectoryHash.of(directory).size(), "nothing was made");
    }

    @Test
    void shouldSayWhatToDoAboutAMissingLockFile() throws IOException {
        try (ZapKv store = ZapKv.open(onDirectory())) {
            store.put(TestData.key(1), new byte[3]);
        }
        Files.delete(directory.resolve("store/LOCK"));
        final ConfigurationException e = assertThrows(
                ConfigurationException.class, () -> ZapKv.open(onDirectory().readOnly(true)));
        assertTrue(e.getMessage().contains("touch " + directory.resolve("store/LOCK")), e.getMessage());
        assertFalse(Files.exists(directory.resolve("store/LOCK")));
    }

    /// What is only in the staging of a killed process is seen and stays there, chunks and deletes included.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldShowWhatAKilledProcessLeftInStaging(final long seed) throws IOException {
        final SplittableRandom random = new SplittableRandom(seed);
        final SimMedia media = new SimMedia(new ZoneGeometry(4096, ZONE, ZONE, 40, 0, 0, 128 << 10));
        final SimMedia survivor;
        final ZapKv killed = ZapKv.open(onDevice(device(media)));
        try {
            work(killed, random, 700);
            if (seed % 2 == 0) {
                killed.flush();
            }
            work(killed, random, 60);
            survivor = media.crash(SimCrash.PROCESS, new Random(seed));
            leaveStaging();
            final SortedMap<String, String> before = DirectoryHash.of(directory);
            final SimMedia copy = survivor.crash(SimCrash.PROCESS, new Random(seed));
            final WriteCounter device = device(copy);
            try (ZapKv store = ZapKv.open(onDevice(device).readOnly(true))) {
                TestData.assertHolds(model, store, "seed " + seed);
                assertTrue(store.stats().recovery().contains("records found in staging"), store.stats()::recovery);
                assertEquals(0, device.writes());
            }
            assertEquals(0, device.writes(), "seed " + seed);
            assertEquals(before, DirectoryHash.of(directory), "seed " + seed);
            try (ZapKv store = ZapKv.open(onDevice(device(survivor)))) {
                assertTrue(store.stats().recovery().contains("taken over from staging"), store.stats()::recovery);
                TestData.assertHolds(model, store, "opened for writing, seed " + seed);
            }
        } finally {
            killed.close();
        }
    }

    /// As a killed process does: the store that lives on in this one keeps another file, without a name.
    private void leaveStaging() throws IOException {
        try (var files = Files.list(directory)) {
            for (final Path file : files.toList()) {
                final Path copy = Files.copy(file, file.resolveSibling("copy"));
                Files.move(copy, file, StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    @Test
    void shouldOpenWithoutTheStagingOfAKilledProcess() throws IOException {
        final SimMedia media = new SimMedia(new ZoneGeometry(4096, ZONE, ZONE, 40, 0, 0, 128 << 10));
        try (ZapKv killed = ZapKv.open(onDevice(device(media)))) {
            work(killed, new SplittableRandom(1), 300);
            killed.flush();
            final SimMedia survivor = media.crash(SimCrash.PROCESS, new Random(1));
            try (var files = Files.list(directory)) {
                for (final Path file : files.toList()) {
                    Files.move(file, file.resolveSibling("elsewhere"));
                }
            }
            try (ZapKv store = ZapKv.open(onDevice(device(survivor)).readOnly(true))) {
                TestData.assertHolds(model, store, "without staging");
                assertTrue(store.stats().recovery().contains("staging memory is gone"), store.stats()::recovery);
            }
        }
    }
}
