/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.sim.SimCrash;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What verification says of whole and of damaged stores.
class VerifyTest {
    private static final int ZONE = 1 << 20;
    private static final int KEYS = 500;

    @TempDir
    private Path directory;

    private final SimMedia media = new SimMedia(new ZoneGeometry(4096, ZONE, ZONE, 48, 0, 0, 128 << 10));

    private ZapKv open(final SimMedia from, final boolean readOnly) {
        return ZapKv.open(new Context()
                .device(new SimZoneDevice(from, SimOptions.DEFAULT, new Random(1)))
                .threaded(false)
                .memoryBytes(32 << 20)
                .checkpointBytes(1 << 20)
                .readOnly(readOnly)
                .stagingDirectory(directory));
    }

    private static VerifyReport verify(final ZapKv store) {
        return store.verify(VerifyOptions.DEFAULT, VerifyListener.SILENT);
    }

    private VerifyReport verify(final SimMedia from) {
        try (ZapKv store = open(from, true)) {
            return verify(store);
        }
    }

    /// Overwrites, deletes and collects, with values in chunks among others.
    private static void work(final ZapKv store, final SplittableRandom random, final int steps) {
        for (int step = 0; step < steps; step++) {
            final int key = random.nextInt(KEYS);
            final int dice = random.nextInt(100);
            if (dice < 20) {
                store.delete(TestData.key(key));
            } else {
                final int length = dice < 23 ? 140_000 + random.nextInt(150_000) : 16 + random.nextInt(3000);
                store.put(TestData.key(key), TestData.value(key, step, length));
            }
        }
    }

    private static void assertSound(final VerifyReport report, final String context) {
        assertEquals(List.of(), report.findings(), context);
        assertFalse(report.isDamaged(), context);
        assertTrue(report.indexChecked(), context);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldFindNothingInAWholeStore(final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        long keys = 0;
        for (int life = 0; life < 4; life++) {
            try (ZapKv store = open(media, false)) {
                work(store, random, 1500);
                if (life == 2) {
                    store.collect(0.1);
                }
                keys = store.count();
            }
            try (ZapKv store = open(media, true)) {
                final VerifyReport report = verify(store);
                assertSound(report, "seed " + seed + " life " + life);
                assertEquals(keys, store.count());
                assertEquals(keys, report.indexEntries() - report.chunks());
                assertTrue(report.hostBlocks() > 10 && report.metadataBlocks() > 1, report::toString);
                assertTrue(report.largeValues() > 0 && report.chunks() > report.largeValues(), report::toString);
                assertTrue(report.checkpoints() > 0 && report.checkpointBlocks() > 0, report::toString);
                assertTrue(life < 2 || report.gcBlocks() > 0, report::toString);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void shouldFindNothingInWhatAKilledProcessLeft(final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        try (ZapKv killed = open(media, false)) {
            work(killed, random, 1500);
            killed.flush();
            work(killed, random, 40);
            try (ZapKv store = open(media.crash(SimCrash.PROCESS, new Random(seed)), true)) {
                final VerifyReport report = verify(store);
                assertSound(report, "seed " + seed);
                assertTrue(report.stagedRecords() > 0, report::toString);
            }
        }
    }

    @Test
    void shouldNameTheKeysOfADamagedBlock() {
        try (ZapKv store = open(media, false)) {
            work(store, new SplittableRandom(1), 2000);
        }
        final int zone = hostZone(ZoneState.FULL);
        // The middle of a value, somewhere.
        media.flip(zone, 40 * 4096 + 100, 3);
        final TreeSet<String> damaged = new TreeSet<>();
        try (ZapKv store = open(media, true)) {
            for (int key = 0; key < KEYS; key++) {
                try {
                    store.get(TestData.key(key));
                } catch (final CorruptionException e) {
                    assertTrue(e.getMessage().contains("zone " + zone + " "), e.getMessage());
                    damaged.add("key-" + key);
                }
            }
            final List<Finding> heard = new ArrayList<>();
            final VerifyReport report = store.verify(VerifyOptions.DEFAULT, new VerifyListener() {
                @Override
                public void found(final Finding finding) {
                    heard.add(finding);
                }
            });
            assertEquals(report.findings(), heard);
            assertTrue(report.isDamaged());
            final Finding block = report.findings().getFirst();
            assertEquals(Finding.Kind.BLOCK, block.kind());
            assertEquals(zone, block.zone());
            assertTrue(block.offset() <= 40 * 4096 + 100 && 40 * 4096 + 100 < block.offset() + block.length());
            assertTrue(block.block() > 0);
            final TreeSet<String> named = new TreeSet<>();
            report.findings()
                    .forEach(finding ->
                            finding.names().forEach(key -> named.add(new String(key, StandardCharsets.UTF_8))));
            assertEquals(damaged, named);
        }
    }

    private int hostZone(final ZoneState state) {
        try (ZapKv store = open(media, true)) {
            return store.zones().stream()
                    .filter(zone ->
                            zone.stream().equals("host") && zone.state().equals(state.name()) && zone.liveBytes() > 0)
                    .findFirst()
                    .orElseThrow()
                    .zone();
        }
    }

    @Test
    void shouldFindABlockWhoseHeaderIsDamaged() {
        try (ZapKv store = open(media, false)) {
            work(store, new SplittableRandom(2), 2000);
        }
        final int zone = hostZone(ZoneState.FULL);
        media.flip(zone, 60, 0);
        final VerifyReport report = verify(media);
        assertTrue(report.isDamaged());
        final Finding finding = report.findings().getFirst();
        assertEquals(Finding.Kind.NO_BLOCK, finding.kind());
        assertEquals(zone, finding.zone());
        assertEquals(0, finding.offset());
    }

    @Test
    void shouldFindADamagedCheckpointAndSayThatNothingIsLost() {
        try (ZapKv store = open(media, false)) {
            work(store, new SplittableRandom(3), 2000);
        }
        final int zone;
        try (ZapKv store = open(media, true)) {
            zone = store.zones().stream()
                    .filter(report -> report.stream().equals("checkpoint"))
                    .findFirst()
                    .orElseThrow()
                    .zone();
        }
        final long end = media.geometry().zoneCapacity();
        for (long offset = 200; offset < end && !verify(media).isDamaged(); offset += 4096) {
            media.flip(zone, offset, 1);
        }
        final VerifyReport report = verify(media);
        assertTrue(report.isDamaged());
        assertTrue(
                report.findings().stream()
                        .anyMatch(finding -> finding.zone() == zone
                                && (finding.kind() == Finding.Kind.CHECKPOINT || finding.kind() == Finding.Kind.BLOCK)),
                report::toString);
        assertTrue(report.findings().stream().allMatch(finding -> finding.keys() == 0), report::toString);
    }

    @Test
    void shouldFindADamagedMetadataImage() {
        try (ZapKv store = open(media, false)) {
            work(store, new SplittableRandom(4), 300);
        }
        media.flip(0, 150, 1);
        final VerifyReport report = verify(media);
        assertTrue(report.isDamaged());
        assertEquals(Finding.Kind.METADATA, report.findings().getFirst().kind());
    }

    @Test
    void shouldSayWhatIsLostWithAZone() {
        try (ZapKv store = open(media, false)) {
            work(store, new SplittableRandom(5), 2000);
        }
        final int zone = hostZone(ZoneState.FULL);
        media.fail(zone, ZoneState.OFFLINE);
        final VerifyReport report = verify(media);
        assertTrue(report.isDamaged());
        assertTrue(
                report.findings().stream()
                        .anyMatch(finding -> finding.kind() == Finding.Kind.ZONE
                                && finding.zone() == zone
                                && finding.text().contains("offline")),
                report::toString);
    }

    @Test
    void shouldKeepToTheRate() {
        try (ZapKv store = open(media, false)) {
            work(store, new SplittableRandom(6), 500);
        }
        try (ZapKv store = open(media, true)) {
            final long bytes = verify(store).bytesRead();
            final VerifyReport report = store.verify(new VerifyOptions(4 * bytes), VerifyListener.SILENT);
            assertTrue(report.durationNs() > 50_000_000L, report::toString);
            assertThrows(IllegalArgumentException.class, () -> new VerifyOptions(-1));
        }
    }

    @Test
    void shouldWantAStoreThatNobodyChanges() {
        try (ZapKv store = open(media, false)) {
            store.put(TestData.key(1), new byte[10]);
            final ConfigurationException e = assertThrows(ConfigurationException.class, () -> verify(store));
            assertTrue(e.getMessage().contains("readOnly"), e.getMessage());
            assertArrayEquals(new byte[10], store.get(TestData.key(1)));
        }
    }
}
