/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.Context;
import dev.zapkv.Durability;
import dev.zapkv.FormatException;
import dev.zapkv.TestData;
import dev.zapkv.ZapKv;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.sim.SimCrash;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.meta.MetadataSearch;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A store is made by its first opening, without a format, and that is cut short.
class CreateTest {
    private static final ZoneGeometry GEOMETRY = new ZoneGeometry(4096, 128 << 10, 128 << 10, 12, 0, 0, 64 << 10);
    private static final int MOST_CALLS = 10_000;
    private static final int BEHIND_HEADER = BlockFormat.HEADER_LENGTH + 8;

    @TempDir
    private Path staging;

    private Context context(final ZoneDevice device) {
        return new Context()
                .device(device)
                .threaded(false)
                .blockBytes(64 << 10)
                .memoryBytes(32 << 20)
                .durability(Durability.FLUSHED)
                .stagingDirectory(staging)
                .nanoClock(() -> 0);
    }

    private static SimZoneDevice device(final SimMedia media) {
        return new SimZoneDevice(media, SimOptions.DEFAULT, new SplittableRandom(1));
    }

    /// At any call to the device.
    @ParameterizedTest
    @EnumSource(SimCrash.class)
    void shouldBeMadeByTheNextOpeningWhenCutShort(final SimCrash kind) {
        final SplittableRandom random = new SplittableRandom(1);
        int torn = 0;
        boolean done = false;
        for (int calls = 1; !done; calls++) {
            assertTrue(calls < MOST_CALLS);
            final SimMedia left = cutShort(calls, kind, random);
            done = left == null;
            if (!done && newestNumber(left.crash(SimCrash.PROCESS, random)) == 1) {
                // As if the power cut had torn the first image.
                final SimMedia tornMedia = left.crash(SimCrash.PROCESS, random);
                tornMedia.flip(0, BEHIND_HEADER, 1);
                torn += isTornFirstImage(tornMedia) ? 1 : 0;
                assertTakesEntries(tornMedia);
            }
            if (!done) {
                assertTakesEntries(left);
            }
        }
        assertTrue(torn > 0, "the first image was never torn");
    }

    /// What is left of an opening that is cut short; null if that comes to its end before.
    private SimMedia cutShort(final int calls, final SimCrash kind, final SplittableRandom random) {
        final SimMedia media = new SimMedia(GEOMETRY);
        final CrashPointDevice device = new CrashPointDevice(media, device(media), new Trace());
        device.arm(calls, kind, random);
        try (ZapKv store = ZapKv.open(context(device))) {
            assertEquals(0, store.count());
            return null;
        } catch (final CrashPointDevice.Crashed e) {
            return device.survivor();
        }
    }

    /// 0 if there is none.
    private static long newestNumber(final SimMedia media) {
        try (SimZoneDevice device = device(media)) {
            return MetadataSearch.highestNumber(device);
        }
    }

    private static boolean isTornFirstImage(final SimMedia media) {
        try (SimZoneDevice device = device(media)) {
            return MetadataSearch.isTornFirstImage(device);
        }
    }

    private void assertTakesEntries(final SimMedia media) {
        try (ZapKv store = ZapKv.open(context(device(media)))) {
            assertEquals(0, store.count());
            store.put(TestData.key(1), TestData.value(1, 1, 1000));
        }
        try (ZapKv store = ZapKv.open(context(device(media)).createIfMissing(false))) {
            assertArrayEquals(TestData.value(1, 1, 1000), store.get(TestData.key(1)));
        }
    }

    @Test
    void shouldMakeNoNewStoreWhereOneHadMoreThanItsFirstImage() {
        final SimMedia media = new SimMedia(GEOMETRY);
        ZapKv.open(context(device(media))).close();
        assertEquals(0, newestZone(media));
        // Behind each header: what is left says that images were there, and not what they said.
        for (long at = 0; at < GEOMETRY.zoneCapacity(); at += GEOMETRY.blockSize()) {
            media.flip(0, at + BEHIND_HEADER, 1);
        }
        assertFalse(isTornFirstImage(media));
        assertThrows(FormatException.class, () -> ZapKv.open(context(device(media))));
    }

    private static int newestZone(final SimMedia media) {
        try (SimZoneDevice device = device(media)) {
            return MetadataSearch.find(device).zone();
        }
    }
}
