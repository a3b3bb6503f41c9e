/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is refused when a drive is formatted or opened, and stays as it was.
class DriveFormatTest {
    private static final int BLOCK = 4096;
    private static final int ZONE = 1 << 20;
    private static final int ZONES = 16;
    private static final int FILLED = 5;
    private static final byte[] VALUE = TestData.value(1, 1, 1000);

    @TempDir
    private Path staging;

    private static SimMedia media(final int maxOpen, final int maxActive) {
        return new SimMedia(new ZoneGeometry(BLOCK, ZONE, ZONE, ZONES, maxOpen, maxActive, 128 << 10));
    }

    private static SimZoneDevice device(final SimMedia media) {
        return new SimZoneDevice(media, SimOptions.DEFAULT, new SplittableRandom(1));
    }

    private Context context(final SimMedia media) {
        return new Context()
                .device(device(media))
                .stagingDirectory(staging)
                .memoryBytes(32 << 20)
                .createIfMissing(false);
    }

    @Test
    void shouldEraseNothingOnADriveThatAllowsTooFewOpenZones() {
        final SimMedia media = media(2, 2);
        try (SimZoneDevice device = device(media)) {
            device.finish(FILLED);
        }
        final ConfigurationException refused =
                assertThrows(ConfigurationException.class, () -> ZapKv.format(context(media), true));
        assertTrue(refused.getMessage().contains("2 open and 2 active zones"), refused.getMessage());
        assertTrue(refused.getMessage().contains("a store needs 3"), refused.getMessage());
        try (SimZoneDevice device = device(media)) {
            assertEquals(ZoneState.FULL, device.report(FILLED).state());
        }
    }

    @Test
    void shouldEraseNothingForABlockSizeThatTheDriveDoesNotTake() {
        final SimMedia media = media(0, 0);
        try (SimZoneDevice device = device(media)) {
            device.finish(FILLED);
        }
        assertThrows(
                ConfigurationException.class, () -> ZapKv.format(context(media).blockBytes(1 << 20), true));
        try (SimZoneDevice device = device(media)) {
            assertEquals(ZoneState.FULL, device.report(FILLED).state());
        }
    }

    @Test
    void shouldSayThatADriveHasLostItsZoneStatesAndLeaveItAlone() {
        final SimMedia media = media(3, 4);
        ZapKv.format(context(media), false);
        try (ZapKv store = ZapKv.open(context(media))) {
            store.put(TestData.key(1), VALUE);
        }
        try (ZapKv store = ZapKv.open(context(media))) {
            assertArrayEquals(VALUE, store.get(TestData.key(1)));
        }
        try (SimZoneDevice device = device(media)) {
            for (int zone = 0; zone < ZONES; zone++) {
                // Leaves the bytes readable.
                device.reset(zone);
            }
        }
        final FormatException refused = assertThrows(FormatException.class, () -> ZapKv.open(context(media)));
        assertTrue(refused.getMessage().contains("has lost its zone states"), refused.getMessage());
        final FormatException kept = assertThrows(FormatException.class, () -> ZapKv.format(context(media), false));
        assertTrue(kept.getMessage().contains("a store among them"), kept.getMessage());
        try (SimZoneDevice device = device(media)) {
            for (int zone = 0; zone < ZONES; zone++) {
                assertEquals(ZoneState.EMPTY, device.report(zone).state(), "zone " + zone);
            }
        }
        ZapKv.format(context(media), true);
        try (ZapKv store = ZapKv.open(context(media))) {
            assertEquals(0, store.count());
        }
    }
}
