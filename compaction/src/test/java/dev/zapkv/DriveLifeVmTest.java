/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A store's whole life on a drive.
@Tag("vm")
class DriveLifeVmTest {
    private static final long SEED = Long.getLong("zapkv.test.seed", 20261121);
    private static final int VALUE = 4000;
    private static final int COLLECTIONS = 10;

    @Test
    void shouldFillChurnEmptyAndGiveEveryZoneBack() {
        final String context = "seed " + SEED;
        ZapKv.format(TestDrive.context(), true);
        final DriveSummary drive = ZapKv.examine(TestDrive.context());
        assertTrue(drive.holdsStore());
        final long capacity = drive.geometry().zoneCount() * drive.geometry().zoneCapacity();
        // A good half of the drive: it needs a reserve, and a gain from each collected zone.
        final int keys = (int) (capacity * 55 / 100 / VALUE);
        final long[] versions = new long[keys];
        final SplittableRandom random = new SplittableRandom(SEED);
        try (ZapKv store = ZapKv.open(TestDrive.context())) {
            for (int key = 0; key < keys; key++) {
                store.put(TestData.key(key), TestData.value(key, ++versions[key], VALUE));
            }
            check(store, versions, context + " filled");
            for (long written = 0; written < 5 * capacity; written += VALUE) {
                final int key = random.nextInt(keys);
                store.put(TestData.key(key), TestData.value(key, ++versions[key], VALUE));
            }
            check(store, versions, context + " churned");
            final StoreStats stats = store.stats();
            assertTrue(stats.zonesCollected() > drive.geometry().zoneCount(), stats.toString());
            System.out.printf(
                    "%s: write amplification %.2f, %d zones collected, %s%n",
                    TestDrive.location(), stats.writeAmplification(), stats.zonesCollected(), stats.device());
        }
        try (ZapKv store = ZapKv.open(TestDrive.context())) {
            check(store, versions, context + " reopened");
            for (int key = 0; key < keys; key++) {
                assertTrue(store.delete(TestData.key(key)), context + " key " + key);
            }
            store.flush();
            for (int i = 0; i < COLLECTIONS && zonesInUse(store) > 0; i++) {
                store.collect(0);
            }
            assertEquals(0, zonesInUse(store), () -> context + " emptied: " + store.zones());
        }
        final DriveSummary emptied = ZapKv.examine(TestDrive.context());
        assertTrue(emptied.zonesInUse() <= 2, emptied.toString());
        try (ZapKv store = ZapKv.open(TestDrive.context())) {
            assertEquals(0, store.count());
            store.forEach((key, value) -> {
                throw new AssertionError(context + ": a deleted key came back");
            });
        }
    }

    @Test
    void shouldRefuseADriveThatIsOpenOrNotFormattedOrHasOtherZones() {
        ZapKv.format(TestDrive.context(), true);
        try (ZapKv store = ZapKv.open(TestDrive.context())) {
            store.put(TestData.key(1), TestData.value(1, 1, VALUE));
            assertThrows(ZapKvException.class, () -> ZapKv.open(TestDrive.context()));
        }
        assertThrows(FormatException.class, () -> ZapKv.format(TestDrive.context(), false));
        final FormatException fewer = assertThrows(
                FormatException.class, () -> ZapKv.open(TestDrive.context().zones(new dev.zapkv.io.ZoneRange(0, 12))));
        assertTrue(fewer.getMessage().contains("has another size than when the store was made"), fewer.getMessage());
        final FormatException elsewhere = assertThrows(
                FormatException.class, () -> ZapKv.open(TestDrive.context().zones(new dev.zapkv.io.ZoneRange(24, 12))));
        assertTrue(elsewhere.getMessage().contains("zapkv format"), elsewhere.getMessage());
        try (ZapKv store = ZapKv.open(TestDrive.context())) {
            assertArrayEquals(TestData.value(1, 1, VALUE), store.get(TestData.key(1)));
        }
    }

    private static long zonesInUse(final ZapKv store) {
        return store.zones().stream()
                .filter(zone -> !zone.state().equals("EMPTY") && !zone.stream().equals("metadata"))
                .count();
    }

    private static void check(final ZapKv store, final long[] versions, final String context) {
        assertEquals(versions.length, store.count(), context);
        for (int key = 0; key < versions.length; key++) {
            assertArrayEquals(
                    TestData.value(key, versions[key], VALUE), store.get(TestData.key(key)), context + " key " + key);
        }
    }
}
