/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.nvme.NvmeZoneDevice;
import dev.zapkv.io.zbd.ZbdZoneDevice;
import dev.zapkv.io.zonefs.ZonefsZoneDevice;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A store keeps to a drive's limits of open and active zones: the drive is asked all the time while several threads
/// write and zones are collected. {@code ZAPKV_VM_SCARCE} names a drive that allows two active zones.
@Tag("vm")
class DriveLimitsVmTest {
    private static final long SEED = Long.getLong("zapkv.test.seed", 20261121);
    private static final ZoneRange ZONES = new ZoneRange(0, 12);
    private static final int THREADS = 4;
    private static final int KEYS = 500;
    private static final int VALUE = 4_000;
    private static final int STEPS = 6_000;
    private static final int FLUSH_PERIOD = 200;
    private static final int STREAMS = 3;
    private static final int IN_FLIGHT = 8;
    private static final List<String> TOO_MANY = List.of("status-1bd", "status-1be");

    /// What the drive was seen to have open while it was asked.
    private record Seen(int asked, int open, int active) {}

    private static Context context(final String drive) {
        return new Context().location(Location.parse(drive)).zones(ZONES).memoryBytes(32 << 20);
    }

    /// The store's device, so that it can be asked afterwards.
    private static ZoneDevice open(final String drive) {
        final Location location = Location.parse(drive);
        return switch (location.kind()) {
            case NVME -> NvmeZoneDevice.open(location.path(), ZONES, AsyncIo.AUTO);
            case ZBD -> ZbdZoneDevice.open(location.path(), ZONES, AsyncIo.AUTO);
            case ZONEFS -> ZonefsZoneDevice.open(location.path(), ZONES, AsyncIo.AUTO);
            case FILE -> throw new IllegalArgumentException(drive + " is no drive");
        };
    }

    @ParameterizedTest
    @MethodSource("dev.zapkv.TestDrive#all")
    void shouldNeverHaveMoreZonesActiveThanTheDriveAllowsOpen(final TestDrive named)
            throws IOException, InterruptedException, ExecutionException {
        final String name = named.toString();
        ZapKv.format(context(name), true);
        final AtomicBoolean done = new AtomicBoolean();
        final Seen seen;
        final StoreStats stats;
        final int maxOpen;
        final ZoneDevice device;
        try (DriveZones drive = DriveZones.of(Location.parse(name), ZONES);
                ExecutorService threads = Executors.newFixedThreadPool(THREADS + 1)) {
            device = open(name);
            maxOpen = drive.maxOpen();
            assertTrue(drive.maxActive() == 0 || drive.maxActive() >= maxOpen, name);
            final Future<Seen> watch = threads.submit(() -> watch(drive, done));
            try (ZapKv store = ZapKv.open(new Context().device(device).memoryBytes(32 << 20))) {
                final List<Future<?>> writers = IntStream.range(0, THREADS)
                        .<Future<?>>mapToObj(thread -> threads.submit(() -> write(store, thread)))
                        .toList();
                for (final Future<?> writer : writers) {
                    writer.get();
                }
                stats = store.stats();
            } finally {
                done.set(true);
            }
            seen = watch.get();
        }
        final String context = name + " seed " + SEED + ": " + seen + " limit " + maxOpen + " " + stats;
        System.out.println(name + " limit " + maxOpen + ": " + seen + " " + stats.device());
        assertTrue(stats.zonesCollected() > ZONES.count(), context);
        assertTrue(seen.asked() > THREADS, context);
        assertTrue(maxOpen == 0 || seen.open() <= maxOpen, context);
        // Drives close an open zone themselves when another one is opened: the store shall not rely on that.
        assertTrue(maxOpen == 0 || seen.active() <= maxOpen, context);
        assertTrue(seen.active() >= STREAMS, context);
        if (device instanceof NvmeZoneDevice) {
            for (final Capability capability : device.capabilities().details()) {
                assertTrue(!TOO_MANY.contains(capability.name()), context + " " + capability);
            }
            assertTrue(stats.device().maxInFlightPerZone() >= IN_FLIGHT, context);
            assertTrue(stats.device().reorderedCompletions() > 0, context);
        }
    }

    private static Seen watch(final DriveZones drive, final AtomicBoolean done) {
        int asked = 0;
        int open = 0;
        int active = 0;
        while (!done.get()) {
            final DriveZones.Use use = drive.use();
            asked++;
            open = Math.max(open, use.open());
            active = Math.max(active, use.active());
        }
        return new Seen(asked, open, active);
    }

    private static void write(final ZapKv store, final int thread) {
        final SplittableRandom random = new SplittableRandom(SEED + thread);
        final long[] versions = new long[KEYS];
        final byte[] value = new byte[VALUE];
        for (int step = 1; step <= STEPS; step++) {
            final int key = thread * KEYS + random.nextInt(KEYS);
            TestData.fill(value, key, step, VALUE);
            store.put(TestData.key(key), value, step % FLUSH_PERIOD == 0 ? WriteOptions.FLUSHED : WriteOptions.DEFAULT);
            versions[key - thread * KEYS] = step;
        }
        for (int i = 0; i < KEYS; i++) {
            final int key = thread * KEYS + i;
            assertArrayEquals(
                    versions[i] == 0 ? null : TestData.value(key, versions[i], VALUE),
                    store.get(TestData.key(key)),
                    "key " + key);
        }
    }

    @Test
    void shouldRefuseADriveThatAllowsTwoActiveZones() {
        final String scarce = Objects.requireNonNull(
                System.getenv("ZAPKV_VM_SCARCE"), "ZAPKV_VM_SCARCE names no drive with two active zones");
        for (final boolean erase : List.of(false, true)) {
            final ConfigurationException refused =
                    assertThrows(ConfigurationException.class, () -> ZapKv.format(context(scarce), erase));
            assertTrue(refused.getMessage().contains("2 open and 2 active zones"), refused.getMessage());
            assertTrue(refused.getMessage().contains("a store needs 3"), refused.getMessage());
        }
        try (DriveZones drive = DriveZones.of(Location.parse(scarce), ZONES)) {
            assertNull(drive.difference(List.of(), ZONES.count()));
            assertEquals(new DriveZones.Use(0, 0), drive.use());
        }
    }
}
