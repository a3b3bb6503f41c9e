/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.ForwardingZoneDevice;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.sim.SimCrash;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import dev.zapkv.store.meta.MetadataLog;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Salvage of stores on a simulated device whose metadata zones are destroyed. {@code
/// -Dzapkv.salvage.seeds=1000} runs
/// more seeds.
class SalvageTest {
    private static final ZoneGeometry GEOMETRY = new ZoneGeometry(4096, 512 << 10, 384 << 10, 20, 0, 0, 64 << 10);
    private static final int BLOCK_BYTES = 64 << 10;
    private static final long SEEDS = Long.getLong("zapkv.salvage.seeds", 12);

    @TempDir
    private Path directory;

    private SimMedia media = new SimMedia(GEOMETRY);
    private SimZoneDevice device;
    private ZapKv store;
    private SplittableRandom random;
    private long valuesMade;
    private final Map<ByteBuffer, byte[]> model = new HashMap<>();
    private final Map<ByteBuffer, byte[]> flushed = new HashMap<>();
    /// What keys were set to in blocks that a crash may have made void; null for deletes.
    private final Map<ByteBuffer, List<byte[]>> inDoubt = new HashMap<>();

    static LongStream seeds() {
        return LongStream.rangeClosed(1, SEEDS);
    }

    /// Metadata zones read as noise.
    private static final class DestroyedMetadata extends ForwardingZoneDevice {
        DestroyedMetadata(final ZoneDevice device) {
            super(device);
        }

        @Override
        public void readSync(final long address, final MemorySegment target, final long at, final int length) {
            super.readSync(address, target, at, length);
            if (geometry().zoneOf(address) < MetadataLog.ZONES) {
                final byte[] noise = new byte[length];
                new SplittableRandom(address).nextBytes(noise);
                MemorySegment.copy(noise, 0, target, ValueLayout.JAVA_BYTE, at, length);
            }
        }
    }

    private SimZoneDevice device() {
        return new SimZoneDevice(media, SimOptions.DEFAULT, random.split());
    }

    private void open() {
        device = device();
        store = ZapKv.open(new Context()
                .device(device)
                .blockBytes(BLOCK_BYTES)
                .memoryBytes(32 << 20)
                .checkpointBytes(1 << 20)
                .stagingDirectory(directory)
                .randomSeed(random.split()::nextLong)
                .threaded(false));
    }

    private Salvage salvage(final Path staging) {
        return Salvage.of(new Context()
                .device(new DestroyedMetadata(device()))
                .memoryBytes(32 << 20)
                .stagingDirectory(staging));
    }

    private Map<ByteBuffer, byte[]> extract(final Salvage salvage, final List<SalvageReport> reports) {
        final Map<ByteBuffer, byte[]> found = new HashMap<>();
        try (salvage) {
            reports.add(salvage.extract((key, value) ->
                    assertEquals(null, found.put(ByteBuffer.wrap(key), value), "a key was handed out twice")));
        }
        return found;
    }

    private void work(final int operations) {
        for (int i = 0; i < operations; i++) {
            switch (random.nextInt(40)) {
                case 0 -> flush();
                case 1 -> store.collect(0.5);
                case 2, 3 -> batch();
                default -> one();
            }
        }
    }

    private void flush() {
        store.flush();
        flushed.clear();
        flushed.putAll(model);
        inDoubt.clear();
    }

    private byte[] key() {
        return TestData.key(random.nextInt(300));
    }

    private byte[] value() {
        final int length = random.nextInt(60) == 0 ? 80_000 + random.nextInt(200_000) : 16 + random.nextInt(2000);
        return TestData.value(7, valuesMade++, length);
    }

    private void one() {
        final byte[] key = key();
        final byte[] value = random.nextInt(4) == 0 || store.stats().liveBytes() > 2 << 20 ? null : value();
        if (value == null) {
            store.delete(key);
        } else {
            store.put(key, value);
        }
        note(key, value);
    }

    private void batch() {
        final WriteBatch batch = new WriteBatch();
        for (int i = 0; i < 5; i++) {
            final byte[] key = key();
            final byte[] value = random.nextInt(3) == 0 ? null : TestData.value(7, valuesMade++, 200);
            if (value == null) {
                batch.delete(key);
            } else {
                batch.put(key, value);
            }
            note(key, value);
        }
        store.write(batch);
    }

    private void note(final byte[] key, final byte[] value) {
        final ByteBuffer wrapped = ByteBuffer.wrap(key);
        if (value == null) {
            model.remove(wrapped);
        } else {
            model.put(wrapped, value);
        }
        inDoubt.computeIfAbsent(wrapped, k -> new ArrayList<>()).add(value);
    }

    private void crash(final SimCrash kind) {
        media = media.crash(kind, random.split());
    }

    private static void assertSame(final Map<ByteBuffer, byte[]> expected, final Map<ByteBuffer, byte[]> found) {
        assertEquals(expected.keySet(), found.keySet());
        expected.forEach((key, value) -> assertArrayEquals(value, found.get(key)));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void shouldFindExactlyWhatACleanlyClosedStoreHeld(final long seed) throws IOException {
        random = new SplittableRandom(seed);
        for (int life = 0; life < 3; life++) {
            open();
            work(700);
            store.close();
        }
        final List<SalvageReport> reports = new ArrayList<>();
        final Map<ByteBuffer, byte[]> found = extract(salvage(directory), reports);
        assertSame(model, found);
        final SalvageReport report = reports.getFirst();
        assertEquals(BLOCK_BYTES, report.blockBytes());
        assertEquals(model.size(), report.keys());
        assertTrue(report.isUndamaged(), report::toString);
        assertTrue(!report.presentMetadata(), report::toString);
        assertEquals("", report.staging());
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void shouldFindExactlyWhatAKilledProcessHadWritten(final long seed) throws IOException {
        random = new SplittableRandom(seed);
        open();
        work(500);
        store.close();
        open();
        work(900);
        crash(SimCrash.PROCESS);
        final List<SalvageReport> reports = new ArrayList<>();
        assertSame(model, extract(salvage(directory), reports));
        assertTrue(reports.getFirst().staging().startsWith(directory.toString()), reports::toString);

        // Without staging: of each key nothing older than what was flushed.
        final Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        assertNotOlderThanFlushed(extract(salvage(elsewhere), reports), "seed " + seed);
        assertEquals("", reports.getLast().staging());
        store.close();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void shouldFindNothingOlderThanWhatWasFlushedBeforeAPowerCut(final long seed) throws IOException {
        random = new SplittableRandom(seed);
        open();
        work(900);
        final ZapKv dead = store;
        crash(SimCrash.POWER);
        final Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        assertNotOlderThanFlushed(extract(salvage(elsewhere), new ArrayList<>()), "seed " + seed);
        dead.close();
    }

    private static String name(final ByteBuffer key) {
        return StandardCharsets.UTF_8.decode(key.duplicate()).toString();
    }

    private void assertNotOlderThanFlushed(final Map<ByteBuffer, byte[]> found, final String context) {
        final Set<ByteBuffer> keys = new HashSet<>(found.keySet());
        keys.addAll(flushed.keySet());
        for (final ByteBuffer key : keys) {
            final byte[] value = found.get(key);
            final boolean known = Arrays.equals(flushed.get(key), value)
                    || inDoubt.getOrDefault(key, List.of()).stream().anyMatch(v -> Arrays.equals(v, value));
            assertTrue(
                    known,
                    () -> context + ": key " + name(key) + " has "
                            + (value == null ? "no value" : "a value of " + value.length + " bytes"));
        }
    }

    /// After a power cut the store goes on: what the cut made void may be found again, and nothing else
    /// that is wrong.
    @ParameterizedTest
    @MethodSource("seeds")
    void shouldFindNothingButWhatCountsAndWhatBecameVoid(final long seed) throws IOException {
        random = new SplittableRandom(seed);
        open();
        work(600);
        final ZapKv dead = store;
        crash(SimCrash.POWER);
        try (var files = Files.newDirectoryStream(directory, "*.staging")) {
            for (final Path file : files) {
                Files.delete(file);
            }
        }
        final Map<ByteBuffer, List<byte[]>> mayBeVoid = new HashMap<>();
        inDoubt.forEach((key, values) -> mayBeVoid.put(key, new ArrayList<>(values)));
        dead.close();
        open();
        model.clear();
        store.forEach((key, value) -> model.put(ByteBuffer.wrap(key), value));
        work(300);
        store.close();
        final Map<ByteBuffer, byte[]> found = extract(salvage(directory), new ArrayList<>());
        final Set<ByteBuffer> keys = new HashSet<>(found.keySet());
        keys.addAll(model.keySet());
        for (final ByteBuffer key : keys) {
            final byte[] value = found.get(key);
            final boolean known = Arrays.equals(model.get(key), value)
                    || mayBeVoid.getOrDefault(key, List.of()).stream().anyMatch(v -> Arrays.equals(v, value));
            assertTrue(known, () -> "seed " + seed + ", key " + name(key));
        }
    }

    @Test
    void shouldPutEverythingIntoAnotherStore() throws IOException {
        random = new SplittableRandom(5);
        open();
        work(800);
        store.close();
        final SimMedia target = new SimMedia(GEOMETRY);
        try (ZapKv salvaged = ZapKv.open(new Context()
                        .device(new SimZoneDevice(target, SimOptions.DEFAULT, random.split()))
                        .blockBytes(BLOCK_BYTES)
                        .memoryBytes(32 << 20)
                        .stagingDirectory(directory));
                Salvage salvage = salvage(directory)) {
            final SalvageReport report = salvage.into(salvaged);
            assertEquals(model.size(), report.keys());
            assertTrue(report.largeValues() > 0, report::toString);
            TestData.assertHolds(model, salvaged, "salvaged");
        }
    }
}
