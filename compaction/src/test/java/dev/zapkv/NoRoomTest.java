/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Appends fail so often that the zones kept for garbage collection are used up: then collection waits for a zone, or
/// for the log, and the log for collection. Writers are told so; they do not wait for ever.
class NoRoomTest {
    private static final ZoneGeometry GEOMETRY = new ZoneGeometry(4096, 512 << 10, 512 << 10, 16, 0, 0, 64 << 10);
    private static final int KEYS = 40;
    private static final int VALUE = 40_000;
    private static final int MOST_WRITES = 20_000;
    private static final int FEW_WRITES = 3000;
    private static final int BURST_PERIOD = 20;
    // A fifth failure of one block in a row would end the store.
    private static final int BURST = 4;

    @TempDir
    private Path staging;

    private long clock;

    private ZapKv open(final SimZoneDevice device) {
        return ZapKv.open(new Context()
                .device(device)
                .threaded(false)
                .blockBytes(64 << 10)
                .stagingDirectory(staging)
                .memoryBytes(32 << 20)
                .durability(Durability.PROCESS)
                .nanoClock(() -> clock += 1_000_000));
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void shouldGoOnAfterBurstsOfFailedAppends() {
        final SplittableRandom random = new SplittableRandom(1);
        final SimZoneDevice device = new SimZoneDevice(new SimMedia(GEOMETRY), SimOptions.DEFAULT, random.split());
        final int[] versions = new int[KEYS];
        try (ZapKv store = open(device)) {
            for (int write = 1; write <= FEW_WRITES; write++) {
                if (write % BURST_PERIOD == 0) {
                    device.failAppends(BURST);
                }
                final int key = random.nextInt(KEYS);
                store.put(TestData.key(key), TestData.value(key, write, VALUE));
                versions[key] = write;
            }
            assertHolds(store, versions);
        }
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void shouldRefuseWritesInsteadOfWaitingForEver() {
        final SplittableRandom random = new SplittableRandom(1);
        final SimMedia media = new SimMedia(GEOMETRY);
        final SimZoneDevice device = new SimZoneDevice(media, SimOptions.DEFAULT, random.split());
        final int[] versions = new int[KEYS];
        try (ZapKv store = open(device)) {
            final StoreFullException full = assertThrows(StoreFullException.class, () -> {
                for (int write = 1; write <= MOST_WRITES; write++) {
                    if (random.nextInt(3) == 0) {
                        device.failAppends(2);
                    }
                    final int key = random.nextInt(KEYS);
                    store.put(TestData.key(key), TestData.value(key, write, VALUE));
                    versions[key] = write;
                }
            });
            assertTrue(full.getMessage().contains("the store is full"), full.getMessage());
            assertHolds(store, versions);
            // Nor do others wait: for a collection, or for room for a second write.
            assertEquals(0, store.collect(0).zonesCollected());
            assertThrows(StoreFullException.class, () -> putAll(store));
            assertHolds(store, versions);
        }
    }

    private static void putAll(final ZapKv store) {
        for (int key = 0; key < KEYS; key++) {
            store.put(TestData.key(KEYS + key), TestData.value(key, 0, VALUE));
        }
    }

    private static void assertHolds(final ZapKv store, final int[] versions) {
        for (int key = 0; key < KEYS; key++) {
            if (versions[key] > 0) {
                assertArrayEquals(
                        TestData.value(key, versions[key], VALUE), store.get(TestData.key(key)), "key " + key);
            }
        }
    }
}
