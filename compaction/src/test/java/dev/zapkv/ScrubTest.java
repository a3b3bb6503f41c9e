/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A scrub finds damage in an open store, and none where there is none.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ScrubTest {
    private static final int ZONE = 1 << 20;
    private static final int KEYS = 6_000;
    private static final long FAST = 1L << 30;

    @TempDir
    private Path directory;

    private final BlockingQueue<Finding> heard = new LinkedBlockingQueue<>();

    private Context context() {
        return new Context()
                .directory(directory.resolve("store"))
                .zoneSizeBytes(ZONE)
                .capacityBytes(40L * ZONE)
                .memoryBytes(32 << 20)
                .stagingDirectory(directory);
    }

    private static void fill(final ZapKv store) {
        for (int key = 0; key < KEYS; key++) {
            store.put(TestData.key(key), TestData.value(key, 1, 1000));
        }
        store.flush();
    }

    private void flip(final int zone, final long offset) throws IOException {
        final Path file = directory.resolve("store").resolve(String.format("zones/zone-%08d", zone));
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(offset);
            final int old = bytes.read();
            bytes.seek(offset);
            bytes.write(old ^ 8);
        }
    }

    private static int fullZone(final ZapKv store) {
        return store.zones().stream()
                .filter(zone -> zone.stream().equals("host") && zone.state().equals("FULL") && zone.liveBytes() > 0)
                .findFirst()
                .orElseThrow()
                .zone();
    }

    @Test
    void shouldNameWhatIsDamagedAndLeaveItWhereItIs() throws Exception {
        try (ZapKv store = ZapKv.open(context())) {
            fill(store);
        }
        try (ZapKv store = ZapKv.open(context().scrub(FAST, heard::add))) {
            final int zone = fullZone(store);
            final long offset = 5 * 128 * 1024 + 500;
            flip(zone, offset);
            final Finding finding = heard.poll(50, TimeUnit.SECONDS);
            assertNotNull(finding, store.stats()::toString);
            assertEquals(Finding.Kind.BLOCK, finding.kind());
            assertEquals(zone, finding.zone());
            assertTrue(finding.offset() <= offset && offset < finding.offset() + finding.length(), finding::toString);
            assertEquals(1, finding.keys());
            final byte[] key = finding.names().getFirst();
            assertTrue(new String(key, StandardCharsets.UTF_8).startsWith("key-"));
            final CorruptionException e = assertThrows(CorruptionException.class, () -> store.get(key));
            assertTrue(e.getMessage().contains("zone " + zone + " "), e.getMessage());
            final ScrubStats stats = store.stats().scrub();
            assertEquals(1, stats.damaged());
            assertEquals(List.of(finding), stats.damage());
            assertTrue(stats.bytes() > 0);
            final long passes = stats.passes();
            while (store.stats().scrub().passes() < passes + 2) {
                Thread.onSpinWait();
            }
            assertEquals(1, store.stats().scrub().damaged(), "told once");
            assertEquals("FULL", store.zones().get(zone).state());
        }
    }

    @Test
    void shouldFindNothingWhileZonesAreCollectedAndFilledAgain() {
        final SplittableRandom random = new SplittableRandom(1);
        try (ZapKv store = ZapKv.open(context().scrub(FAST, heard::add))) {
            for (int step = 0; step < 120_000; step++) {
                final int key = random.nextInt(KEYS);
                store.put(TestData.key(key), TestData.value(key, step, 1000));
            }
            store.flush();
            while (store.stats().scrub().zones() < 30) {
                Thread.onSpinWait();
            }
            assertTrue(store.stats().zonesCollected() > 10, store.stats()::toString);
            assertEquals(0, store.stats().scrub().damaged());
        }
        assertEquals(List.of(), List.copyOf(heard));
    }

    @Test
    void shouldKeepToTheRateAndEndAtOnce() {
        try (ZapKv store = ZapKv.open(context())) {
            fill(store);
        }
        final long started = System.nanoTime();
        try (ZapKv store = ZapKv.open(context().scrub(1 << 20, heard::add))) {
            while (store.stats().scrub().zones() == 0) {
                Thread.onSpinWait();
            }
            final long seconds = (System.nanoTime() - started) / 1_000_000_000L;
            assertTrue(store.stats().scrub().bytes() <= (seconds + 2L) * (1 << 20), store.stats()::toString);
            assertArrayEquals(TestData.value(1, 1, 1000), store.get(TestData.key(1)));
        }
        assertTrue(heard.isEmpty());
    }

    @Test
    void shouldDoNothingUnlessAskedTo() {
        try (ZapKv store = ZapKv.open(context())) {
            fill(store);
            assertEquals(ScrubStats.NONE, store.stats().scrub());
        }
        assertThrows(ConfigurationException.class, () -> ZapKv.open(context().scrub(-1, heard::add)));
    }
}
