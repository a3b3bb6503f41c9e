/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A zone goes offline under an open store: what was lost is said exactly, nothing else is, and the store
/// goes on.
class ZoneLossTest {
    private static final int ZONE = 2 << 20;
    private static final int VALUE = 4000;
    // More than the memory holds, so that reads go to the device.
    private static final int KEYS = 14_000;
    private static final int LARGE = 300_000;

    @TempDir
    private Path directory;

    private final SimMedia media = new SimMedia(new ZoneGeometry(4096, ZONE, ZONE, 60, 0, 0, 128 << 10));
    private final List<ZoneLoss> heard = new ArrayList<>();

    private ZapKv open() {
        return ZapKv.open(new Context()
                .device(new SimZoneDevice(media, SimOptions.DEFAULT, new Random(1)))
                .threaded(false)
                .memoryBytes(32 << 20)
                .stagingDirectory(directory)
                .lossListener(heard::add));
    }

    private static void fill(final ZapKv store, final int from, final int to, final long version) {
        for (int key = from; key < to; key++) {
            store.put(TestData.key(key), TestData.value(key, version, VALUE));
        }
        store.flush();
    }

    private static int zoneOfTheOldest(final ZapKv store) {
        return store.zones().stream()
                .filter(zone -> zone.stream().equals("host") && zone.state().equals("FULL"))
                .findFirst()
                .orElseThrow()
                .zone();
    }

    /// Keys that are lost; the value of each other one is checked.
    private static Set<Integer> lost(final ZapKv store, final long version, final int zone) {
        final Set<Integer> lost = new HashSet<>();
        for (int key = 0; key < KEYS; key++) {
            try {
                assertArrayEquals(TestData.value(key, version, VALUE), store.get(TestData.key(key)), "key " + key);
            } catch (final ZoneLostException e) {
                assertEquals(zone, e.zone());
                assertTrue(e.getMessage().contains("zone " + zone), e.getMessage());
                assertTrue(e.getMessage().contains("offline"), e.getMessage());
                lost.add(key);
            }
        }
        return lost;
    }

    @Test
    void shouldSayExactlyWhatWasLostAndGoOn() {
        final int zone;
        final Set<Integer> lost;
        try (ZapKv store = open()) {
            fill(store, 0, KEYS, 1);
            zone = zoneOfTheOldest(store);
            final long live = store.zones().get(zone).liveBytes();
            media.fail(zone, ZoneState.OFFLINE);
            lost = lost(store, 1, zone);
            assertFalse(lost.isEmpty());
            assertEquals(
                    List.of(new ZoneLoss(zone, lost.size(), live)),
                    store.stats().losses());
            assertEquals(store.stats().losses(), heard);
            assertEquals("OFFLINE", store.zones().get(zone).state());
            assertEquals(KEYS, store.count(), "lost is not deleted");
            final Set<Integer> visited = new HashSet<>();
            final ZoneLostException e = assertThrows(
                    ZoneLostException.class, () -> store.forEach((key, value) -> visited.add(number(key))));
            assertTrue(e.getMessage().startsWith(lost.size() + " entries"), e.getMessage());
            assertEquals(KEYS - lost.size(), visited.size());

            for (final int key : lost) {
                assertTrue(store.contains(TestData.key(key)));
                if (key % 2 == 0) {
                    assertTrue(store.delete(TestData.key(key)));
                    assertNull(store.get(TestData.key(key)));
                } else {
                    store.put(TestData.key(key), TestData.value(key, 1, VALUE));
                    assertArrayEquals(TestData.value(key, 1, VALUE), store.get(TestData.key(key)));
                }
            }
            store.flush();
            assertEquals(0, store.zones().get(zone).liveBytes());
            lost.removeIf(key -> key % 2 != 0);
            assertAbsent(store, lost);
            store.collect(0.1);
            fill(store, KEYS, KEYS + 2000, 1);
            assertEquals(1, heard.size());
            assertFalse(
                    store.stats().recovery().contains("DAMAGED"), store.stats().recovery());
        }
        heard.clear();
        try (ZapKv again = open()) {
            assertAbsent(again, lost);
            final ZoneLoss unknown = new ZoneLoss(zone, ZoneLoss.UNKNOWN, ZoneLoss.UNKNOWN);
            assertEquals(List.of(unknown), again.stats().losses());
            assertEquals(List.of(unknown), heard);
            assertTrue(
                    again.stats().recovery().contains("LOST: 1 zone"),
                    again.stats().recovery());
        }
    }

    private static int number(final byte[] key) {
        return Integer.parseInt(new String(key, java.nio.charset.StandardCharsets.UTF_8).substring("key-".length()));
    }

    private static void assertAbsent(final ZapKv store, final Set<Integer> absent) {
        for (int key = 0; key < KEYS; key++) {
            assertArrayEquals(
                    absent.contains(key) ? null : TestData.value(key, 1, VALUE),
                    store.get(TestData.key(key)),
                    "key " + key);
        }
    }

    @Test
    void shouldReplaceAndDeleteLargeValuesOfWhichPartsAreLost() {
        final int large = 60;
        try (ZapKv store = open()) {
            for (int key = 0; key < large; key++) {
                store.put(TestData.key(key), TestData.value(key, 1, LARGE));
            }
            fill(store, large, KEYS, 1);
            final int zone = zoneOfTheOldest(store);
            media.fail(zone, ZoneState.OFFLINE);
            int lost = 0;
            for (int key = 0; key < large; key++) {
                final int number = key;
                try {
                    assertArrayEquals(TestData.value(key, 1, LARGE), store.get(TestData.key(key)), "key " + key);
                } catch (final ZoneLostException e) {
                    lost++;
                }
                if (key % 2 == 0) {
                    assertTrue(store.delete(TestData.key(key)));
                    assertNull(store.get(TestData.key(number)));
                } else {
                    store.put(TestData.key(key), TestData.value(key, 2, LARGE));
                    assertArrayEquals(TestData.value(key, 2, LARGE), store.get(TestData.key(key)));
                }
            }
            assertTrue(lost > 1, lost + " lost");
            assertTrue(store.stats().losses().getFirst().keys() > lost, "chunks and heads");
        }
        try (ZapKv again = open()) {
            for (int key = 0; key < large; key++) {
                assertArrayEquals(
                        key % 2 == 0 ? null : TestData.value(key, 2, LARGE),
                        again.get(TestData.key(key)),
                        "key " + key);
            }
        }
    }

    @Test
    void shouldSayWhenOpenedThatOlderValuesMayBeFound() {
        final int zone;
        try (ZapKv store = open()) {
            fill(store, 0, 1000, 1);
            fill(store, 0, 1000, 2);
            zone = zoneOfTheOldest(store) + 2;
            fill(store, 1000, 3000, 2);
        }
        media.fail(zone, ZoneState.OFFLINE);
        for (int life = 0; life < 2; life++) {
            try (ZapKv store = open()) {
                assertTrue(
                        store.stats().recovery().contains("LOST: 1 zone"),
                        store.stats().recovery());
                assertFalse(store.stats().losses().getFirst().isCounted());
                int absent = 0;
                int older = 0;
                for (int key = 0; key < 3000; key++) {
                    final byte[] value = store.get(TestData.key(key));
                    absent += value == null ? 1 : 0;
                    older += value != null && TestData.versionOf(key, value, "reopened") == 1 ? 1 : 0;
                }
                // A checkpoint knows which version was the newest, and that it is gone; the log alone does not.
                if (store.stats().recovery().contains(" read (")) {
                    assertEquals(0, older, "older values came back behind a checkpoint");
                    assertTrue(absent > 0, "the test loses nothing");
                } else {
                    assertTrue(older > 0, "the test lets no older value come back");
                }
            }
        }
    }

    @Test
    void shouldNotLoseFlushedWritesBehindABlockThatWasLost() {
        final SimZoneDevice device = new SimZoneDevice(media, SimOptions.DEFAULT, new Random(1));
        final ZapKv store = ZapKv.open(new Context()
                .device(device)
                .threaded(false)
                .memoryBytes(32 << 20)
                .stagingDirectory(directory));
        fill(store, 0, 2000, 1);
        final int zone = zoneOfTheOldest(store);
        // Power fails with the zone: staging is gone, and the metadata knows only the beginning of the log.
        media.fail(zone, ZoneState.OFFLINE);
        final SimMedia survivor = media.crash(dev.zapkv.io.sim.SimCrash.POWER, new Random(2));
        store.close();
        int found = 0;
        try (ZapKv again = ZapKv.open(new Context()
                .device(new SimZoneDevice(survivor, SimOptions.DEFAULT, new Random(1)))
                .threaded(false)
                .memoryBytes(32 << 20)
                .stagingDirectory(directory))) {
            for (int key = 0; key < 2000; key++) {
                final byte[] value = again.get(TestData.key(key));
                if (value != null) {
                    assertArrayEquals(TestData.value(key, 1, VALUE), value);
                    found++;
                }
            }
            // All but what the one zone held.
            assertTrue(found >= 2000 - ZONE / VALUE, "found " + found);
            assertTrue(found < 2000);
        }
    }

    @Test
    void shouldAppendAgainWhatLandedInAZoneThatIsGone() {
        try (ZapKv store = open()) {
            fill(store, 0, KEYS, 1);
            final int zone = store.zones().stream()
                    .filter(z -> z.stream().equals("host") && z.state().equals("OPEN"))
                    .findFirst()
                    .orElseThrow()
                    .zone();
            for (int key = 0; key < 100; key++) {
                store.put(TestData.key(key), TestData.value(key, 2, VALUE));
            }
            media.fail(zone, ZoneState.OFFLINE);
            for (int key = 100; key < 1000; key++) {
                store.put(TestData.key(key), TestData.value(key, 2, VALUE), WriteOptions.DEVICE);
            }
            store.flush();
            for (int key = 500; key < 1000; key++) {
                assertArrayEquals(TestData.value(key, 2, VALUE), store.get(TestData.key(key)), "key " + key);
            }
            assertEquals(1, store.stats().losses().size());
        }
    }
}
