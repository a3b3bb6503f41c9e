/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.sim.SimCrash;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A device fails while a store is open: nothing wrong is returned, nothing is acknowledged that does not hold, and the
/// next opening finds what was.
class FaultTest {
    private static final ZoneGeometry GEOMETRY = new ZoneGeometry(4096, 1 << 20, 1 << 20, 32, 0, 0, 128 << 10);
    private static final int KEYS = 8_000;
    private static final int VALUE = 1_000;

    @TempDir
    private Path staging;

    private SimMedia media = new SimMedia(GEOMETRY);
    private int life;
    private FaultyDevice device;

    private ZapKv open() {
        device = new FaultyDevice(new SimZoneDevice(media, SimOptions.DEFAULT, new SplittableRandom(++life)));
        return ZapKv.open(new Context().device(device).stagingDirectory(staging).memoryBytes(32 << 20));
    }

    private static byte[] value(final int key) {
        return TestData.value(key, 1, VALUE);
    }

    /// Writes all keys and opens the store again, so that nothing of them lies in memory.
    private ZapKv reopenedWithKeys() {
        try (ZapKv store = open()) {
            for (int key = 0; key < KEYS; key++) {
                store.put(TestData.key(key), value(key));
            }
        }
        return open();
    }

    private static void assertHoldsKeys(final ZapKv store) {
        for (int key = 0; key < KEYS; key++) {
            assertArrayEquals(value(key), store.get(TestData.key(key)), "key " + key);
        }
    }

    // ---- reads

    @Test
    void shouldReadAgainWhatCouldNotBeReadAtFirst() {
        try (ZapKv store = reopenedWithKeys()) {
            device.reads.set(0);
            device.failingReads.set(2);
            assertArrayEquals(value(7), store.get(TestData.key(7)));
            assertEquals(3, device.reads.get());
            device.damagedReads.set(2);
            assertArrayEquals(value(8), store.get(TestData.key(8)));
            assertEquals(6, device.reads.get());
            device.failingReads.set(1);
            device.damagedReads.set(1);
            final Set<Integer> visited = new HashSet<>();
            store.forEach((key, value) -> visited.add(value.length));
            assertEquals(Set.of(VALUE), visited);
        }
    }

    @Test
    void shouldSayWhereARecordLiesThatCannotBeRead() {
        try (ZapKv store = reopenedWithKeys()) {
            device.failingReads.set(Integer.MAX_VALUE);
            final CorruptionException unreadable =
                    assertThrows(CorruptionException.class, () -> store.get(TestData.key(7)));
            assertTrue(
                    unreadable.getMessage().matches("a record in zone \\d+ at offset \\d+ cannot be read .*errno 5.*"),
                    unreadable.getMessage());
            assertInstanceOf(DeviceException.class, unreadable.getCause());
            assertThrows(CorruptionException.class, () -> store.get(TestData.key(7), new byte[VALUE]));
            assertThrows(CorruptionException.class, () -> store.forEach((key, value) -> {}));
            // The store goes on, and the key can be made whole.
            store.put(TestData.key(7), value(70), WriteOptions.FLUSHED);
            assertTrue(store.delete(TestData.key(8), WriteOptions.FLUSHED));
            device.failingReads.set(0);
            assertArrayEquals(value(70), store.get(TestData.key(7)));
            assertNull(store.get(TestData.key(8)));
            assertArrayEquals(value(9), store.get(TestData.key(9)));
        }
    }

    @Test
    void shouldVisitAllOthersWhereOneRecordCannotBeRead() {
        try (ZapKv store = reopenedWithKeys()) {
            device.failingReads.set(3);
            final Set<String> visited = new HashSet<>();
            final CorruptionException unreadable = assertThrows(
                    CorruptionException.class,
                    () -> store.forEach((key, value) -> visited.add(new String(key, StandardCharsets.UTF_8))));
            assertTrue(unreadable.getMessage().startsWith("1 entries could not be visited"), unreadable.getMessage());
            assertEquals(KEYS - 1, visited.size());
        }
    }

    @Test
    void shouldNeverReturnDamagedBytes() {
        try (ZapKv store = reopenedWithKeys()) {
            device.damagedReads.set(Integer.MAX_VALUE);
            final CorruptionException damaged =
                    assertThrows(CorruptionException.class, () -> store.get(TestData.key(7)));
            assertTrue(
                    damaged.getMessage().matches("a record in zone \\d+ at offset \\d+ is damaged .*"),
                    damaged.getMessage());
            device.damagedReads.set(0);
            assertHoldsKeys(store);
        }
    }

    @Test
    void shouldOverwriteALargeValueWhoseHeadCannotBeRead() {
        try (ZapKv store = open()) {
            store.put(TestData.key(-1), TestData.value(-1, 1, 300_000));
        }
        try (ZapKv store = open()) {
            device.failingReads.set(Integer.MAX_VALUE);
            store.put(TestData.key(-1), value(-1));
            device.failingReads.set(0);
            assertArrayEquals(value(-1), store.get(TestData.key(-1)));
        }
        try (ZapKv store = open()) {
            assertArrayEquals(value(-1), store.get(TestData.key(-1)));
            assertEquals(1, store.count());
        }
    }

    // ---- garbage collection

    private void halve(final ZapKv store) {
        for (int key = 0; key < KEYS; key += 2) {
            store.put(TestData.key(key), value(key));
        }
        store.flush();
    }

    @Test
    void shouldCollectAZoneThatCouldNotBeReadAtFirst() {
        try (ZapKv store = reopenedWithKeys()) {
            // Before there is garbage: the store may begin to collect it by itself.
            device.failingQueuedReads.set(2);
            halve(store);
            store.collect(0.2);
            assertTrue(store.stats().zonesCollected() > 0);
            assertEquals(0, device.failingQueuedReads.get());
            assertFalse(
                    store.stats().recovery().contains("DAMAGED"), store.stats().recovery());
            assertHoldsKeys(store);
        }
    }

    @Test
    void shouldKeepAZoneThatCannotBeRead() {
        try (ZapKv store = reopenedWithKeys()) {
            final Set<Integer> resetBefore = Set.copyOf(device.resets);
            // Before there is garbage: the store may begin to collect it by itself.
            device.failingQueuedReads.set(Integer.MAX_VALUE);
            halve(store);
            assertEquals(0, store.collect(0.2).zonesCollected());
            assertEquals(resetBefore, device.resets);
            device.failingQueuedReads.set(0);
            assertTrue(
                    store.stats().recovery().contains("DAMAGED"), store.stats().recovery());
            assertHoldsKeys(store);
        }
        try (ZapKv store = open()) {
            assertHoldsKeys(store);
        }
    }

    // ---- flushes, and devices that are gone

    private static void assertRefusesWrites(final ZapKv store) {
        final StoreFailedException refused =
                assertThrows(StoreFailedException.class, () -> store.put(TestData.key(1), new byte[1]));
        assertInstanceOf(DeviceException.class, refused.getCause());
        assertThrows(StoreFailedException.class, () -> store.delete(TestData.key(1)));
        assertThrows(StoreFailedException.class, () -> store.write(new WriteBatch().put(TestData.key(1), new byte[1])));
        assertThrows(StoreFailedException.class, () -> store.putAsync(TestData.key(1), new byte[1]));
        assertThrows(StoreFailedException.class, store::flush);
    }

    @Test
    void shouldAcknowledgeNothingThatAFailedFlushCovers() {
        int acknowledged = 0;
        try (ZapKv store = open()) {
            for (; acknowledged < 200; acknowledged++) {
                store.put(TestData.key(acknowledged), value(acknowledged), WriteOptions.FLUSHED);
            }
            device.flushesFail = true;
            assertThrows(
                    StoreFailedException.class, () -> store.put(TestData.key(200), value(200), WriteOptions.FLUSHED));
            // Also when the device seems to be well again: what it lost it does not tell.
            device.flushesFail = false;
            assertRefusesWrites(store);
            for (int key = 0; key < acknowledged; key++) {
                assertArrayEquals(value(key), store.get(TestData.key(key)), "key " + key);
            }
        }
        media = media.crash(SimCrash.POWER, new SplittableRandom(5));
        try (ZapKv store = open()) {
            for (int key = 0; key < acknowledged; key++) {
                assertArrayEquals(value(key), store.get(TestData.key(key)), "reopened, key " + key);
            }
            store.put(TestData.key(1), value(10), WriteOptions.FLUSHED);
            assertArrayEquals(value(10), store.get(TestData.key(1)));
        }
    }

    @Test
    void shouldKeepWhatWasAcknowledgedWhenTheDeviceIsGone() {
        final int written = KEYS + 500;
        try (ZapKv store = reopenedWithKeys()) {
            for (int key = KEYS; key < written; key++) {
                store.put(TestData.key(key), value(key), key % 100 == 0 ? WriteOptions.DEVICE : WriteOptions.PROCESS);
            }
            device.gone = true;
            assertThrows(
                    StoreFailedException.class,
                    () -> store.put(TestData.key(written), value(written), WriteOptions.DEVICE));
            assertRefusesWrites(store);
            // What lies in memory can be read, the rest says what is wrong.
            assertArrayEquals(value(written - 1), store.get(TestData.key(written - 1)));
            assertThrows(CorruptionException.class, () -> store.get(TestData.key(0)));
        }
        try (ZapKv store = open()) {
            assertHoldsKeys(store);
            for (int key = KEYS; key < written; key++) {
                assertArrayEquals(value(key), store.get(TestData.key(key)), "key " + key);
            }
        }
    }

    @Test
    void shouldNotBelieveStagingOfAnEarlierRunOfTheMachine() throws IOException {
        try (ZapKv store = reopenedWithKeys()) {
            store.put(TestData.key(-1), value(-1), WriteOptions.FLUSHED);
            device.gone = true;
            store.put(TestData.key(-2), value(-2));
            assertThrows(StoreFailedException.class, store::flush);
        }
        final Path left;
        try (Stream<Path> files = Files.list(staging)) {
            left = files.findFirst().orElseThrow();
        }
        try (FileChannel file = FileChannel.open(left, StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.allocate(16), 56);
        }
        try (ZapKv store = open()) {
            assertTrue(
                    store.stats().recovery().contains("staging memory is gone"),
                    store.stats().recovery());
            assertHoldsKeys(store);
            assertArrayEquals(value(-1), store.get(TestData.key(-1)));
            assertNull(store.get(TestData.key(-2)));
        }
        try (Stream<Path> files = Files.list(staging)) {
            assertEquals(0, files.count());
        }
    }
}
