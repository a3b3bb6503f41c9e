/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ForwardingZoneDevice;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.sim.SimCrash;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A metadata zone becomes read-only or goes offline: another zone takes its place, and is found again.
class MetadataZoneTest {
    private static final int ZONE = 256 << 10;
    private static final int VALUE = 3000;
    private static final int KEYS = 300;
    // Each opening and closing writes three images of a block each: so many fill a zone and more.
    private static final int LIVES = 40;

    @TempDir
    private Path directory;

    private SimMedia media = new SimMedia(new ZoneGeometry(4096, ZONE, ZONE, 24, 3, 3, 64 << 10));
    private Set<Integer> stubborn = Set.of();
    private long version;

    /// A device on which every append to some zones fails, whose states look well.
    private static final class Stubborn extends ForwardingZoneDevice {
        private final Set<Integer> zones;
        private final Set<Long> failing = new HashSet<>();

        Stubborn(final ZoneDevice device, final Set<Integer> zones) {
            super(device);
            this.zones = zones;
        }

        @Override
        public boolean append(
                final int zone,
                final IoBuffer buffer,
                final long offset,
                final int length,
                final int attributes,
                final long token) {
            if (!zones.contains(zone)) {
                return super.append(zone, buffer, offset, length, attributes, token);
            }
            failing.add(token);
            // Something that takes its time and leaves nothing.
            return super.flush(token);
        }

        private CompletionHandler failing(final CompletionHandler handler) {
            return new CompletionHandler() {
                @Override
                public void onResult(final long token, final long result, final int answers) {
                    handler.onResult(token, failing.remove(token) ? -DeviceException.EIO : result, answers);
                }

                @Override
                public void onBufferReleased(final long token, final boolean bounceCopy) {
                    handler.onBufferReleased(token, bounceCopy);
                }
            };
        }

        @Override
        public int poll(final CompletionHandler handler) {
            return super.poll(failing(handler));
        }

        @Override
        public int await(final CompletionHandler handler, final long timeoutNs) {
            return super.await(failing(handler), timeoutNs);
        }
    }

    private ZapKv open() {
        return ZapKv.open(new Context()
                .device(new Stubborn(new SimZoneDevice(media, SimOptions.DEFAULT, new Random(1)), stubborn))
                .threaded(false)
                .blockBytes(64 << 10)
                .memoryBytes(32 << 20)
                .stagingDirectory(directory));
    }

    private void live(final ZapKv store) {
        for (int key = 0; key < KEYS; key++) {
            if (version > 0) {
                assertArrayEquals(TestData.value(key, version, VALUE), store.get(TestData.key(key)), "key " + key);
            }
            store.put(TestData.key(key), TestData.value(key, version + 1, VALUE));
        }
        version++;
        store.flush();
    }

    private void live(final int lives) {
        for (int life = 0; life < lives; life++) {
            try (ZapKv store = open()) {
                live(store);
            }
        }
    }

    /// The zone of the newest image: the only one that is not finished.
    private static int newest(final ZapKv store) {
        final List<Integer> active = store.zones().stream()
                .filter(zone -> zone.stream().equals("metadata")
                        && (zone.state().equals("OPEN") || zone.state().equals("CLOSED")))
                .map(ZoneReport::zone)
                .toList();
        assertEquals(1, active.size(), () -> store.zones().toString());
        return active.getFirst();
    }

    @ParameterizedTest
    @CsvSource({"READ_ONLY, 0", "READ_ONLY, 1", "OFFLINE, 0", "OFFLINE, 1"})
    void shouldMoveMetadataToAnotherZone(final ZoneState state, final int zone) {
        live(2);
        try (ZapKv store = open()) {
            live(store);
            media.fail(zone, state);
            live(store);
        }
        live(LIVES);
        try (ZapKv store = open()) {
            live(store);
            assertTrue(
                    store.zones().stream().anyMatch(z -> z.stream().equals("metadata") && z.zone() > 1),
                    () -> store.zones().toString());
            store.collect(0);
            live(store);
        }
        live(1);
    }

    @ParameterizedTest
    @EnumSource(
            value = ZoneState.class,
            names = {"READ_ONLY", "OFFLINE"})
    void shouldGoOnWithoutBothOfItsMetadataZones(final ZoneState state) {
        live(1);
        for (int zone = 0; zone < 2; zone++) {
            try (ZapKv store = open()) {
                media.fail(zone, state);
                live(store);
            }
            live(LIVES);
        }
        try (ZapKv store = open()) {
            live(store);
            assertTrue(newest(store) > 1);
        }
        // And a third one.
        final int third;
        try (ZapKv store = open()) {
            third = newest(store);
            media.fail(third, state);
            live(store);
        }
        live(LIVES);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void shouldGoOnElsewhereWhenAZoneThatLooksWellTakesNoMetadata(final int zone) {
        live(2);
        stubborn = Set.of(zone);
        live(LIVES);
        try (ZapKv store = open()) {
            live(store);
            assertTrue(newest(store) > 1, () -> store.zones().toString());
            assertEquals("FULL", store.zones().get(0).state());
            assertEquals("FULL", store.zones().get(1).state());
        }
        // The zone it went to as well: another one, and another one.
        for (int turn = 0; turn < 2; turn++) {
            try (ZapKv store = open()) {
                stubborn = Set.of(zone, newest(store));
                live(store);
            }
            live(LIVES);
        }
        // Where metadata lies is found whatever becomes of the zones it had left, and without a clean end.
        stubborn = Set.of();
        final SimMedia survivor;
        try (ZapKv store = open()) {
            live(store);
            survivor = media.crash(SimCrash.POWER, new Random(zone));
        }
        media = survivor;
        live(LIVES);
    }

    @Test
    void shouldStopWritingWhenNoZoneTakesMetadata() {
        live(1);
        final ZapKv store = open();
        live(store);
        for (int zone = 0; zone < media.geometry().zoneCount(); zone++) {
            media.fail(zone, ZoneState.READ_ONLY);
        }
        assertThrows(ZapKvException.class, () -> {
            for (int life = 0; life < LIVES; life++) {
                live(store);
            }
        });
        store.close();
        for (int zone = 0; zone < media.geometry().zoneCount(); zone++) {
            assertEquals(ZoneState.READ_ONLY, state(zone), "zone " + zone);
        }
    }

    private ZoneState state(final int zone) {
        try (SimZoneDevice device = new SimZoneDevice(media, SimOptions.DEFAULT, new Random(1))) {
            return device.report(zone).state();
        }
    }

    @Test
    void shouldRefuseMetadataThatMayBeOutdated() {
        live(LIVES);
        final SimMedia survivor;
        try (ZapKv store = open()) {
            live(store);
            final int newest = newest(store);
            media.fail(newest, ZoneState.OFFLINE);
            survivor = media.crash(SimCrash.POWER, new Random(3));
            survivor.fail(newest, ZoneState.OFFLINE);
        }
        media = survivor;
        final FormatException e = assertThrows(FormatException.class, this::open);
        assertTrue(e.getMessage().contains("backup"), e.getMessage());
    }

    @Test
    void shouldMakeAStoreOnADriveWhoseFirstZonesAreDead() {
        media.fail(0, ZoneState.OFFLINE);
        media.fail(1, ZoneState.READ_ONLY);
        live(LIVES);
    }
}
