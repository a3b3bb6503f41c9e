/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/// A store's whole life on a drive.
@Tag("vm")
@ParameterizedClass(name = "{0}")
@MethodSource("dev.zapkv.TestDrive#all")
class DriveLifeVmTest {
    private static final long SEED = Long.getLong("zapkv.test.seed", 20261121);
    private static final int VALUE = 4000;
    private static final int COLLECTIONS = 10;

    private final TestDrive drive;

    DriveLifeVmTest(final TestDrive drive) {
        this.drive = drive;
    }

    @Test
    void shouldFillChurnEmptyAndGiveEveryZoneBack() {
        final String context = drive + " seed " + SEED;
        ZapKv.format(drive.context(), true);
        final DriveSummary summary = ZapKv.examine(drive.context());
        assertTrue(summary.holdsStore());
        final long capacity =
                summary.geometry().zoneCount() * summary.geometry().zoneCapacity();
        // A good half of the drive: it needs a reserve, and a gain from each collected zone.
        final int keys = (int) (capacity * 55 / 100 / VALUE);
        final long[] versions = new long[keys];
        final SplittableRandom random = new SplittableRandom(SEED);
        try (ZapKv store = ZapKv.open(drive.context())) {
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
            assertTrue(stats.zonesCollected() > summary.geometry().zoneCount(), stats.toString());
            System.out.printf(
                    "%s: write amplification %.2f, %d zones collected, %s%n",
                    drive, stats.writeAmplification(), stats.zonesCollected(), stats.device());
        }
        try (ZapKv store = ZapKv.open(drive.context())) {
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
        final DriveSummary emptied = ZapKv.examine(drive.context());
        assertTrue(emptied.zonesInUse() <= 2, emptied.toString());
        try (ZapKv store = ZapKv.open(drive.context())) {
            assertEquals(0, store.count());
            store.forEach((key, value) -> {
                throw new AssertionError(context + ": a deleted key came back");
            });
        }
    }

    @Test
    void shouldRefuseADriveThatIsOpenOrNotFormattedOrHasOtherZones() {
        ZapKv.format(drive.context(), true);
        try (ZapKv store = ZapKv.open(drive.context())) {
            store.put(TestData.key(1), TestData.value(1, 1, VALUE));
            assertThrows(ZapKvException.class, () -> ZapKv.open(drive.context()));
        }
        assertThrows(FormatException.class, () -> ZapKv.format(drive.context(), false));
        final FormatException fewer = assertThrows(
                FormatException.class, () -> ZapKv.open(drive.context().zones(new dev.zapkv.io.ZoneRange(0, 12))));
        assertTrue(fewer.getMessage().contains("has another size than when the store was made"), fewer.getMessage());
        final FormatException elsewhere = assertThrows(
                FormatException.class, () -> ZapKv.open(drive.context().zones(new dev.zapkv.io.ZoneRange(24, 12))));
        assertTrue(elsewhere.getMessage().contains("zapkv format"), elsewhere.getMessage());
        try (ZapKv store = ZapKv.open(drive.context())) {
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
