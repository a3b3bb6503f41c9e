/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.zapkv.CorruptionException;
import dev.zapkv.Finding;
import dev.zapkv.VerifyListener;
import dev.zapkv.VerifyOptions;
import dev.zapkv.VerifyReport;
import dev.zapkv.ZapKv;
import dev.zapkv.ZoneReport;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.sim.SimCrash;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.meta.MetadataLog;
import dev.zapkv.store.meta.MetadataSearch;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Single bits of a small store's data zones are flipped. Reads, and the part of verification that reads
/// zones, meet
/// every single one; whole verifications, openings and collections meet samples.
@Tag("integration")
class BitFlipIT {
    private static final long SEED = Long.getLong("zapkv.test.seed", 4);
    // Primes, so that samples wander over bits and places.
    private static final int VERIFY_PERIOD = Integer.getInteger("zapkv.flips.verify", 509);
    private static final int OPEN_PERIOD = Integer.getInteger("zapkv.flips.open", 257);
    private static final int COLLECT_BYTES = Integer.getInteger("zapkv.flips.collect", 397);

    @TempDir
    private Path staging;

    private SmallStore store;

    @BeforeEach
    void fill() {
        store = new SmallStore(staging, SEED);
        assertTrue(store.zones.stream().anyMatch(zone -> zone.stream().equals("host")), "host zones");
        assertTrue(store.zones.stream().anyMatch(zone -> zone.stream().equals("gc")), "gc zones");
        assertTrue(store.live.stream().anyMatch(SmallStore.Live::chunk), "a value in chunks");
    }

    private static String at(final int zone, final long offset, final int bit) {
        return "seed " + SEED + " zone " + zone + " offset " + offset + " bit " + bit;
    }

    private long bits() {
        return store.zones.stream().mapToLong(ZoneReport::writtenBytes).sum() * 8;
    }

    /// Something to do with one flipped bit, which is flipped back afterwards.
    private interface Flipped {
        void check(int zone, int offset, int bit);
    }

    private long forEachBit(final int period, final Flipped action) {
        long count = 0;
        long flips = 0;
        for (final ZoneReport zone : store.zones) {
            for (int offset = 0; offset < zone.writtenBytes(); offset++) {
                for (int bit = 0; bit < 8; bit++) {
                    if (count++ % period == 0) {
                        store.media.flip(zone.zone(), offset, bit);
                        action.check(zone.zone(), offset, bit);
                        store.media.flip(zone.zone(), offset, bit);
                        flips++;
                    }
                }
            }
        }
        return flips;
    }

    /// Exhaustive: the record that holds the bit is read.
    @Test
    void shouldNeverReturnAFlippedBit() {
        final SmallStore.Live[][] owners =
                new SmallStore.Live[store.media.geometry().zoneCount()][SmallStore.ZONE];
        for (final SmallStore.Live record : store.live) {
            final int end = record.offset() + RecordFormat.align(record.length());
            Arrays.fill(owners[record.zone()], record.offset(), end, record);
        }
        final long[] outcomes = new long[3];
        try (ZapKv open = store.open(store.media, true)) {
            final long flips = forEachBit(1, (zone, offset, bit) -> {
                final SmallStore.Live owner = owners[zone][offset];
                if (owner == null) {
                    outcomes[0]++;
                } else if (offset < owner.offset() + owner.length()) {
                    outcomes[1]++;
                    assertRefused(open, owner, at(zone, offset, bit));
                } else {
                    outcomes[2]++;
                    assertArrayEquals(
                            store.model.get(ByteBuffer.wrap(owner.key())),
                            open.get(owner.key()),
                            () -> at(zone, offset, bit) + ", in padding");
                }
            });
            assertEquals(bits(), flips);
            store.model.forEach((key, value) -> assertArrayEquals(value, open.get(SmallStore.bytes(key))));
        }
        System.out.printf(
                "reads: %,d bits flipped in %d zones; %,d in live records, each refused; %,d in their padding, each"
                        + " value right; %,d in what no read touches%n",
                Arrays.stream(outcomes).sum(), store.zones.size(), outcomes[1], outcomes[2], outcomes[0]);
        assertTrue(outcomes[1] > bits() / 4, "too little is live");
    }

    private static void assertRefused(final ZapKv open, final SmallStore.Live owner, final String where) {
        try {
            open.get(owner.key());
            fail(where + ": a value was returned");
        } catch (final CorruptionException e) {
            final String named = "zone " + owner.zone() + " at offset " + owner.offset();
            if (!e.getMessage().contains(named)) {
                fail(where + ": " + e.getMessage());
            }
        }
    }

    /// Exhaustive: the zone is walked through as verification does it.
    @Test
    void shouldFindEveryFlippedBitWhenVerifying() {
        try (ZoneDevice device = SmallStore.device(store.media);
                ZoneReader reader = new ZoneReader(device, SmallStore.BLOCK, SmallStore.ZONE, bytes -> {})) {
            final ZoneWalk walk =
                    new ZoneWalk(reader, MetadataSearch.find(device).storeId(), 4096);
            final AtomicInteger blocks = new AtomicInteger();
            final BlockSink sink = new BlockSink() {
                @Override
                public void block(
                        final MemorySegment memory,
                        final ByteBuffer view,
                        final int offset,
                        final int zone,
                        final long at) {
                    blocks.incrementAndGet();
                }

                @Override
                public void damagedPayload(
                        final MemorySegment memory, final ByteBuffer view, final int offset, final Suspect suspect) {
                    assertTrue(BlockFormat.hasMagic(memory, offset));
                }
            };
            final long flips = forEachBit(1, (zone, offset, bit) -> {
                final ZoneInfo info = device.report(zone);
                final List<Suspect> suspects =
                        walk.run(info, generation(zone), SmallStore.BLOCK, SmallStore.ZONE, sink);
                if (suspects.stream().noneMatch(found -> covers(found, offset))) {
                    fail(at(zone, offset, bit) + " was not found");
                }
            });
            assertEquals(bits(), flips);
            System.out.printf(
                    "verify: %,d bits flipped, each found where it is; %,d blocks read%n", flips, blocks.get());
        }
    }

    private int generation(final int zone) {
        return (int) store.zones.stream()
                .filter(report -> report.zone() == zone)
                .findFirst()
                .orElseThrow()
                .generation();
    }

    private static boolean covers(final Suspect suspect, final int offset) {
        return suspect.certain && suspect.offset <= offset && offset < suspect.offset + suspect.length;
    }

    /// A sample: the store is opened with the flipped bit in it, and verified as a whole.
    @Test
    void shouldReportFlippedBits() {
        final long flips = forEachBit(VERIFY_PERIOD, (zone, offset, bit) -> {
            try (ZapKv open = store.open(store.media, true)) {
                final VerifyReport report = open.verify(VerifyOptions.DEFAULT, VerifyListener.SILENT);
                assertTrue(report.isDamaged(), () -> at(zone, offset, bit) + ": " + report);
                final Finding first = report.findings().getFirst();
                assertTrue(
                        first.zone() == zone && first.offset() <= offset && offset < first.offset() + first.length(),
                        () -> at(zone, offset, bit) + ": " + report);
            }
        });
        System.out.printf("whole verifications: a sample of %,d bits, each reported%n", flips);
        assertTrue(flips > 100);
    }

    /// A sample: the store is opened with the flipped bit in it, and everything is read. A key whose newest
    /// record cannot
    /// be read may have an older value or none; never one that it never had.
    @Test
    void shouldOpenWithFlippedBitsAndReturnNothingThatWasNeverWritten() {
        final AtomicInteger older = new AtomicInteger();
        final long flips = forEachBit(OPEN_PERIOD, (zone, offset, bit) -> {
            try (ZapKv open = store.open(store.media, true)) {
                store.history.forEach((key, values) -> {
                    final byte[] found = readOrNull(open, SmallStore.bytes(key));
                    if (found != null && !Arrays.equals(found, store.model.get(key))) {
                        older.incrementAndGet();
                        assertTrue(
                                values.stream().anyMatch(value -> Arrays.equals(value, found)),
                                () -> at(zone, offset, bit) + ": key "
                                        + new String(SmallStore.bytes(key), StandardCharsets.UTF_8));
                    }
                });
            }
        });
        System.out.printf(
                "openings: a sample of %,d bits; %,d keys had an older value, none a wrong one%n", flips, older.get());
        assertTrue(flips > 100);
    }

    private static byte[] readOrNull(final ZapKv open, final byte[] key) {
        try {
            return open.get(key);
        } catch (final CorruptionException e) {
            assertNotNull(e.getMessage());
            return null;
        }
    }

    /// A sample of the bits of each live record: its zone is collected.
    @Test
    void shouldKeepAZoneWithAFlippedBitAndCopyNothingOfIt() {
        int flips = 0;
        for (final SmallStore.Live record : store.live) {
            for (int offset = record.offset(); offset < record.offset() + record.length(); offset += COLLECT_BYTES) {
                collectWithFlip(record, offset, flips % 8);
                flips++;
            }
        }
        System.out.printf(
                "collections: %,d flips in %d live records, each zone kept and reported, none spread%n",
                flips, store.live.size());
        assertTrue(flips > 100);
    }

    private void collectWithFlip(final SmallStore.Live record, final int offset, final int bit) {
        final String where = at(record.zone(), offset, bit);
        final SimMedia copy = store.media.crash(SimCrash.PROCESS, new Random(1));
        try (ZapKv open = store.open(copy, false)) {
            final long generation = open.zones().get(record.zone()).generation();
            copy.flip(record.zone(), offset, bit);
            open.collect(0);
            final ZoneReport zone = open.zones().get(record.zone());
            assertEquals(generation, zone.generation(), () -> where + ": the zone was emptied");
            if (!zone.state().equals("OPEN")) {
                assertTrue(
                        open.stats().recovery().contains("DAMAGED"),
                        () -> where + ": " + open.stats().recovery());
            }
            assertRefused(open, record, where);
            store.model.forEach((key, value) -> {
                if (!Arrays.equals(SmallStore.bytes(key), record.key())) {
                    assertArrayEquals(value, open.get(SmallStore.bytes(key)), where);
                }
            });
        }
        for (int zone = MetadataLog.ZONES; zone < copy.geometry().zoneCount(); zone++) {
            if (zone != record.zone()) {
                SmallStore.visit(SmallStore.bytes(copy, zone), (memory, at) -> {
                    if (RecordFormat.logPosition(memory, at) == record.position()) {
                        fail(where + ": the record was copied");
                    }
                });
            }
        }
    }
}
