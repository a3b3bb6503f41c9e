/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.Context;
import dev.zapkv.Durability;
import dev.zapkv.FormatException;
import dev.zapkv.TestData;
import dev.zapkv.ZapKv;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.sim.SimCrash;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import dev.zapkv.store.meta.MetadataSearch;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A store is made on zones that hold another. No image of that one may ever be taken for the newest: a failed
/// append of metadata may leave a hole that shows it once more.
class FormatOverStoreTest {
    private static final ZoneGeometry GEOMETRY = new ZoneGeometry(4096, 128 << 10, 128 << 10, 12, 0, 0, 64 << 10);
    private static final int KEYS = 20;
    private static final int LIVES = 12;
    private static final int MOST_CALLS = 10_000;

    @TempDir
    private Path staging;

    private int version;

    private Context context(final ZoneDevice device) {
        return new Context()
                .device(device)
                .threaded(false)
                .blockBytes(64 << 10)
                .memoryBytes(32 << 20)
                .durability(Durability.FLUSHED)
                .createIfMissing(false)
                .stagingDirectory(staging)
                .nanoClock(() -> 0);
    }

    private static SimZoneDevice device(final SimMedia media) {
        return new SimZoneDevice(media, SimOptions.DEFAULT, new SplittableRandom(1));
    }

    /// A store that has written many images, and values that tell its lives apart.
    private void fill(final SimMedia media) {
        ZapKv.format(context(device(media)), true);
        for (int life = 0; life < LIVES; life++) {
            version++;
            try (ZapKv store = ZapKv.open(context(device(media)))) {
                for (int key = 0; key < KEYS; key++) {
                    store.put(TestData.key(key), TestData.value(key, version, 1000));
                }
            }
        }
    }

    private static long newestNumber(final SimMedia media) {
        try (SimZoneDevice device = device(media)) {
            return MetadataSearch.find(device).sequence();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void shouldGoOnFromTheNumbersOfTheStoreBefore(final int conventionalZones) {
        final SimMedia media = new SimMedia(GEOMETRY, conventionalZones);
        fill(media);
        final long before = newestNumber(media);
        ZapKv.format(context(device(media)), true);
        assertTrue(newestNumber(media) > before, newestNumber(media) + " behind " + before);
        assertHolds(media, 0);
    }

    @Test
    void shouldGoOnFromTheNumbersOfAStoreWhoseZoneStatesAreForgotten() {
        final SimMedia media = new SimMedia(GEOMETRY);
        fill(media);
        final long before = newestNumber(media);
        try (SimZoneDevice device = device(media)) {
            for (int zone = 0; zone < GEOMETRY.zoneCount(); zone++) {
                // Leaves the bytes readable.
                device.reset(zone);
            }
        }
        ZapKv.format(context(device(media)), true);
        assertTrue(newestNumber(media) > before, newestNumber(media) + " behind " + before);
        assertHolds(media, 0);
    }

    @Test
    void shouldBeMadeWhereAMetadataZoneHasDied() {
        for (final ZoneState state : new ZoneState[] {ZoneState.READ_ONLY, ZoneState.OFFLINE}) {
            final SimMedia media = new SimMedia(GEOMETRY);
            fill(media);
            final long before = newestNumber(media);
            media.fail(0, state);
            ZapKv.format(context(device(media)), true);
            assertHolds(media, 0);
            if (state == ZoneState.READ_ONLY) {
                assertTrue(newestNumber(media) > before, newestNumber(media) + " behind " + before);
            }
        }
    }

    /// At any call to the device; what is found afterwards is the old store as it was, the new one, or nothing.
    @ParameterizedTest
    @CsvSource({"PROCESS, 0", "POWER, 0", "PROCESS, 2", "POWER, 2"})
    void shouldLeaveOneOfBothStoresWhenCutShort(final SimCrash kind, final int conventionalZones) {
        final SimMedia filled = new SimMedia(GEOMETRY, conventionalZones);
        fill(filled);
        final long before = newestNumber(filled);
        final SplittableRandom random = new SplittableRandom(1);
        boolean done = false;
        int kept = 0;
        int made = 0;
        for (int calls = 1; !done; calls++) {
            assertTrue(calls < MOST_CALLS);
            final SimMedia media = filled.crash(SimCrash.PROCESS, random);
            final CrashPointDevice device = new CrashPointDevice(media, device(media), new Trace());
            device.arm(calls, kind, random);
            try {
                ZapKv.format(context(device), true);
                done = true;
            } catch (final CrashPointDevice.Crashed e) {
                assertTrue(device.crashed());
            }
            final SimMedia left = done ? media : device.survivor();
            final SimMedia opened = left.crash(SimCrash.PROCESS, random);
            if (opensOld(opened)) {
                kept++;
            } else {
                made++;
            }
            ZapKv.format(context(device(left)), true);
            assertTrue(newestNumber(left) > before, newestNumber(left) + " behind " + before + ", call " + calls);
            assertHolds(left, 0);
        }
        assertTrue(kept > 0, "never the old store");
        assertTrue(made > 0, "never the new store");
    }

    /// Whether the old store is there, as it was; else it must be the new one.
    private boolean opensOld(final SimMedia media) {
        try (ZapKv store = ZapKv.open(context(device(media)))) {
            final boolean old = store.count() > 0;
            for (int key = 0; key < KEYS; key++) {
                assertArrayEquals(
                        old ? TestData.value(key, version, 1000) : null, store.get(TestData.key(key)), "key " + key);
                store.put(TestData.key(key), TestData.value(key, 0, 1000));
            }
            return old;
        } catch (final FormatException e) {
            throw new AssertionError("neither store can be opened", e);
        }
    }

    private void assertHolds(final SimMedia media, final int keys) {
        try (ZapKv store = ZapKv.open(context(device(media)))) {
            assertEquals(keys, store.count());
        }
    }
}
