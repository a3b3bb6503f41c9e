/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/// A write of a store fails on the media and leaves a hole, because the drive moves its write pointer all the same. The
/// block at 4 MiB of zone 4, the first that writers fill, has to fail once: {@code tools/zns-vm test --blkdebug
/// iotype=write,errno=5,sector=532480,once=on --env ZAPKV_VM_STORE=nvme:/dev/ng0n1 DriveMediaErrorVmTest}, likewise
/// with
/// {@code zbd:/dev/nvme0n1}.
@Tag("vm")
@ParameterizedClass(name = "{0}")
@MethodSource("dev.zapkv.TestDrive#all")
class DriveMediaErrorVmTest {
    private static final int ZONE = 4;
    private static final int VALUE = 4000;
    private static final int KEYS = 8_000;

    private final TestDrive drive;

    DriveMediaErrorVmTest(final TestDrive drive) {
        this.drive = drive;
    }

    @Test
    void shouldAppendElsewhereAndLoseNothing() {
        ZapKv.format(drive.context(), true);
        try (ZapKv store = ZapKv.open(drive.context())) {
            for (int key = 0; key < KEYS; key++) {
                final WriteOptions level = key % 100 == 0 ? WriteOptions.FLUSHED : WriteOptions.PROCESS;
                store.put(TestData.key(key), TestData.value(key, 1, VALUE), level);
            }
            store.flush();
            final ZoneReport zone = store.zones().get(ZONE);
            assertEquals("FULL", zone.state(), "the zone was left; run this test with --blkdebug, see its comment");
            assertTrue(zone.writtenBytes() < zone.capacityBytes() / 2, zone.toString());
            assertTrue(zone.liveBytes() > 0, zone.toString());
            assertFalse(
                    store.stats().recovery().contains("DAMAGED"), store.stats().recovery());
            check(store, 1, "with a hole in the log");
        }
        try (ZapKv store = ZapKv.open(drive.context())) {
            check(store, 1, "reopened");
            // The zone with the hole is collected like any other.
            for (int key = 0; key < KEYS; key += 2) {
                assertTrue(store.delete(TestData.key(key)));
            }
            store.flush();
            store.collect(0.1);
            check(store, 2, "collected");
            assertTrue(
                    store.zones().get(ZONE).generation() > 0,
                    () -> store.zones().toString());
        }
        try (ZapKv store = ZapKv.open(drive.context())) {
            check(store, 2, "collected and reopened");
        }
    }

    private static void check(final ZapKv store, final int step, final String context) {
        assertEquals(KEYS / step, store.count(), context);
        for (int key = 0; key < KEYS; key++) {
            final byte[] value = store.get(TestData.key(key));
            if (step == 2 && key % 2 == 0) {
                assertNull(value, context + " key " + key);
            } else {
                assertArrayEquals(TestData.value(key, 1, VALUE), value, context + " key " + key);
            }
        }
    }
}
