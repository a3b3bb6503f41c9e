/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import java.nio.file.Path;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The zone that writers fill becomes read-only when only the reserve is left, and before anything was collected: what
/// was on its way there takes a zone of the reserve, and moving what lies there fills another and brings none back.
/// Half of the store is garbage, so writers have to find room again.
class EvacuationRoomTest {
    // Of the seeds up to 24 the one at which the store stood still.
    private static final long SEED = 12;
    private static final ZoneGeometry GEOMETRY = new ZoneGeometry(4096, 4 << 20, 3 << 20, 24, 8, 12, 128 << 10);
    private static final int KEYS = 8_000;
    private static final int VALUE = 4_000;
    private static final int RESERVE = 2;
    private static final int WRITES = 2 * KEYS;
    private static final long MOST_OF_A_ZONE = 2_600_000;

    @TempDir
    private Path staging;

    private final long[] versions = new long[KEYS];

    @Test
    void shouldFindRoomForWritersThoughTheReserveWasNeeded() {
        final SplittableRandom random = new SplittableRandom(SEED);
        final SimMedia media = new SimMedia(GEOMETRY, 4);
        try (ZapKv store = ZapKv.open(new Context()
                .device(new SimZoneDevice(media, SimOptions.DEFAULT, new Random(SEED)))
                .threaded(false)
                .memoryBytes(64 << 20)
                .stagingDirectory(staging))) {
            for (int key = 0; key < KEYS; key++) {
                put(store, key, WriteOptions.PROCESS);
            }
            final int from = random.nextInt(6000);
            random.nextInt(6000);
            int readOnly = -1;
            for (int write = 0; write < WRITES; write++) {
                if (readOnly < 0 && write >= from) {
                    readOnly = zoneOfWritersIfNearlyFull(store);
                    if (readOnly >= 0) {
                        media.fail(readOnly, ZoneState.READ_ONLY);
                    }
                }
                final int key = random.nextInt(KEYS);
                put(store, key, random.nextInt(200) == 0 ? WriteOptions.FLUSHED : WriteOptions.PROCESS);
            }
            assertTrue(readOnly >= 0, "no zone became read-only");
            final ZoneReport evacuated = store.zones().get(readOnly);
            assertEquals("READ_ONLY", evacuated.state());
            assertEquals(0, evacuated.liveBytes());
            for (int key = 0; key < KEYS; key++) {
                assertArrayEquals(
                        TestData.value(key, versions[key], VALUE), store.get(TestData.key(key)), "key " + key);
            }
        }
    }

    private void put(final ZapKv store, final int key, final WriteOptions options) {
        versions[key]++;
        store.put(TestData.key(key), TestData.value(key, versions[key], VALUE), options);
    }

    /// The zone that writers fill, if most of it is live and only the reserve is empty; else -1.
    private static int zoneOfWritersIfNearlyFull(final ZapKv store) {
        int zone = -1;
        int empty = 0;
        for (final ZoneReport report : store.zones()) {
            empty += report.state().equals("EMPTY") && report.zone() > 1 ? 1 : 0;
            if (report.state().equals("OPEN")
                    && report.stream().equals("host")
                    && report.liveBytes() >= MOST_OF_A_ZONE) {
                zone = report.zone();
            }
        }
        return empty <= RESERVE ? zone : -1;
    }
}
