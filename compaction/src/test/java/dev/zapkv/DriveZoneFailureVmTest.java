/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// Zones of a drive become read-only and go offline while threads write to a store on it. Needs {@code nullb0} with the
/// attributes {@code zone_readonly} and {@code zone_offline}, which Linux 6.1 lacks: {@code tools/zns-vm test
/// --kernel 6.12 --null-blk --null-blk-set size=256,zone_size=4,zone_capacity=3 --env ZAPKV_VM_STORE=zbd:/dev/nullb0
/// --env ZAPKV_VM_ZONES=0-27 DriveZoneFailureVmTest}. Under 6.1 only the simulation takes zones offline.
@Tag("vm")
class DriveZoneFailureVmTest {
    private static final long SEED = Long.getLong("zapkv.test.seed", 20261121);
    private static final Path DRIVE = Path.of("/sys/kernel/config/nullb/nullb0");
    private static final int VALUE = 4000;
    private static final int KEYS = 8_000;
    private static final int THREADS = 2;
    private static final long SECTORS_PER_MIB = 2048;
    private static final long HANG_NS = TimeUnit.MINUTES.toNanos(5);

    private final TestDrive drive = TestDrive.only();
    private final long[] versions = new long[KEYS];
    private final AtomicLong written = new AtomicLong();
    private volatile boolean stopped;

    @BeforeEach
    void needsAttributes() {
        assertTrue(
                Files.exists(DRIVE.resolve("zone_offline")),
                DRIVE + "/zone_offline is missing: use kernel 6.12 and --null-blk, see this test's comment");
    }

    private static long attribute(final String name) throws IOException {
        return Long.parseLong(Files.readString(DRIVE.resolve(name)).strip());
    }

    private static void fail(final String attribute, final int zone) throws IOException {
        final long sector = (attribute("zone_nr_conv") + zone) * attribute("zone_size") * SECTORS_PER_MIB;
        Files.writeString(DRIVE.resolve(attribute), Long.toString(sector), StandardCharsets.US_ASCII);
    }

    @Test
    void shouldEvacuateReadOnlyZonesAndNameWhatWentOffline() throws IOException {
        ZapKv.format(drive.context(), true);
        final ZoneLoss loss;
        final List<ZoneLoss> heard = new CopyOnWriteArrayList<>();
        try (ZapKv store = ZapKv.open(drive.context().lossListener(heard::add));
                ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            for (int key = 0; key < KEYS; key++) {
                store.put(TestData.key(key), TestData.value(key, ++versions[key], VALUE));
            }
            final List<Future<?>> writers = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                final int number = thread;
                writers.add(threads.submit(() -> write(store, number)));
            }
            try {
                becomeReadOnly(store);
                loss = goOffline(store);
                final long until = written.get() + KEYS;
                await("writes after the loss", () -> written.get() >= until || failed(writers));
            } finally {
                stopped = true;
            }
            for (final Future<?> writer : writers) {
                assertDoesNotThrow((Executable) writer::get, () -> store.zones() + "\n" + store.stats());
            }
            final Set<Integer> lost = check(store, loss);
            for (final int key : lost) {
                store.put(TestData.key(key), TestData.value(key, ++versions[key], VALUE));
            }
            assertEquals(Set.of(), check(store, loss), "overwritten, the keys are whole");
            assertEquals(List.of(loss), heard);
            System.out.printf("seed %d: %s, %d of them were still lost in the end%n", SEED, loss, lost.size());
        }
        try (ZapKv store = ZapKv.open(drive.context())) {
            assertTrue(
                    store.stats().recovery().contains("LOST: 1 zone"),
                    store.stats().recovery());
            int older = 0;
            for (int key = 0; key < KEYS; key++) {
                final byte[] value = store.get(TestData.key(key));
                final long version = value == null ? 0 : TestData.versionOf(key, value, "reopened");
                assertTrue(version <= versions[key], "key " + key);
                older += version == versions[key] ? 0 : 1;
            }
            // Those which were read from memory until the store was closed.
            assertTrue(older <= loss.keys(), older + " keys are not what they were, reported were " + loss);
        }
    }

    private void becomeReadOnly(final ZapKv store) throws IOException {
        final int zone = zone(store, "OPEN");
        fail("zone_readonly", zone);
        await("the evacuation of zone " + zone, () -> {
            final ZoneReport report = store.zones().get(zone);
            return report.state().equals("READ_ONLY") && report.liveBytes() == 0;
        });
    }

    private ZoneLoss goOffline(final ZapKv store) throws IOException {
        final SplittableRandom random = new SplittableRandom(SEED);
        final int zone = zone(store, "FULL");
        fail("zone_offline", zone);
        await("the report on zone " + zone, () -> {
            try {
                store.get(TestData.key(random.nextInt(KEYS)));
            } catch (final ZoneLostException e) {
                assertEquals(zone, e.zone());
            }
            return !store.stats().losses().isEmpty();
        });
        assertEquals("OFFLINE", store.zones().get(zone).state());
        final ZoneLoss loss = store.stats().losses().getFirst();
        assertEquals(zone, loss.zone());
        assertTrue(loss.keys() > 0, loss.toString());
        return loss;
    }

    /// The zone of writers in a state that holds most.
    private static int zone(final ZapKv store, final String state) {
        ZoneReport most = null;
        while (most == null) {
            for (final ZoneReport zone : store.zones()) {
                if (zone.state().equals(state)
                        && zone.stream().equals("host")
                        && (most == null || zone.liveBytes() > most.liveBytes())) {
                    most = zone;
                }
            }
        }
        return most.zone();
    }

    private static boolean failed(final List<Future<?>> writers) {
        return writers.stream().anyMatch(Future::isDone);
    }

    private static void await(final String what, final BooleanSupplier condition) {
        final long started = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - started < HANG_NS, () -> what + " did not come");
            Thread.onSpinWait();
        }
    }

    private void write(final ZapKv store, final int thread) {
        final SplittableRandom random = new SplittableRandom(SEED + thread);
        while (!stopped) {
            final int key = random.nextInt(KEYS / THREADS) * THREADS + thread;
            final long version = versions[key] + 1;
            store.put(
                    TestData.key(key),
                    TestData.value(key, version, VALUE),
                    random.nextInt(200) == 0 ? WriteOptions.FLUSHED : WriteOptions.PROCESS);
            versions[key] = version;
            written.incrementAndGet();
        }
    }

    /// Keys that are lost; each other one must have its newest value.
    private Set<Integer> check(final ZapKv store, final ZoneLoss loss) {
        final Set<Integer> lost = new HashSet<>();
        for (int key = 0; key < KEYS; key++) {
            try {
                assertArrayEquals(
                        TestData.value(key, versions[key], VALUE), store.get(TestData.key(key)), "key " + key);
            } catch (final ZoneLostException e) {
                assertEquals(loss.zone(), e.zone());
                lost.add(key);
            }
        }
        assertTrue(lost.size() <= loss.keys(), lost.size() + " are lost, reported were " + loss);
        assertFalse(store.stats().recovery().contains("DAMAGED"), store.stats().recovery());
        assertEquals(KEYS, store.count());
        return lost;
    }
}
