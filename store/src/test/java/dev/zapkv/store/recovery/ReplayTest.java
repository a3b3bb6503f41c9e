/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.CorruptionException;
import dev.zapkv.store.checkpoint.OpeningProgress;
import dev.zapkv.store.checkpoint.OpeningThreads;
import dev.zapkv.store.format.ChunkSetNote;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.format.ZoneLayout;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a replay finds, beside a plain account of the rules, and whatever threads and memory there are.
class ReplayTest {
    private static final int HOST_BLOCKS = 110;
    private static final int MISSING = 95;
    private static final long SETTLED = 60;
    private static final int NONE = -1;
    private static final int LOST = 4;
    private static final int SHARDS = 4;
    private static final long INDEX_BYTES = 1 << 20;
    private static final long PLENTY = 1L << 30;
    // Room for a few hundred records, so that the replay is interrupted in the midst of blocks.
    private static final long LITTLE = 16 << 10;
    private static final KeyHash HASH = new KeyHash(3, 4);
    private static final List<Long> VOIDS = List.of(20L, 23L, 41L, 41L);

    /// All that a replay ends in.
    ///
    /// @param entries by shard, fingerprint and word in turn
    /// @param zones   live bytes, tombstone bytes, newest tombstone, horizon and stream of each
    private record Result(
            Replay.Outcome outcome,
            List<List<Long>> entries,
            List<String> zones,
            long chunkEntries,
            String chunkSets) {}

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldEndInTheSameWhateverThreadsAndMemoryThereAre(final long seed) {
        final LogOfBlocks log = new LogOfBlocks(seed, HOST_BLOCKS, MISSING);

        for (final int offline : new int[] {NONE, LOST}) {
            final Result expected = replay(log, offline, 1, PLENTY);

            assertTrue(expected.outcome().records() > 500, expected.outcome()::toString);
            for (final int threads : new int[] {1, 2, 3, 5}) {
                assertEquals(expected, replay(log, offline, threads, PLENTY), threads + " threads");
                assertEquals(expected, replay(log, offline, threads, LITTLE), threads + " threads, little memory");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14})
    void shouldCountTheNewestRecordOfEachKey(final long seed) {
        final LogOfBlocks log = new LogOfBlocks(seed, HOST_BLOCKS, MISSING);

        final Result result = replay(log, NONE, 2, LITTLE);

        final Map<String, LogOfBlocks.Lying> newest = new HashMap<>();
        long last = SETTLED;
        final List<LogOfBlocks.Placed> unsettled = log.placed().stream()
                .filter(block -> block.stream() == Stream.HOST && block.number() > SETTLED)
                .sorted(Comparator.comparingLong(LogOfBlocks.Placed::number))
                .toList();
        for (final LogOfBlocks.Placed block : unsettled) {
            last = block.number() == last + 1 ? block.number() : last;
        }
        final long[] live = new long[LogOfBlocks.ZONES];
        final long[] horizons = new long[LogOfBlocks.ZONES];
        Arrays.fill(horizons, ZoneTable.NO_HORIZON);
        for (final LogOfBlocks.Placed block : log.placed()) {
            // Of a block that lies at two places both count.
            if (block.stream() == Stream.GC || counts(block.number(), last)) {
                final int zone = LogOfBlocks.GEOMETRY.zoneOf(block.address());
                horizons[zone] = Math.min(horizons[zone], block.horizon());
                for (final LogOfBlocks.Lying lying : block.records()) {
                    if (!lying.verifies()) {
                        break;
                    }
                    if (block.stream() == Stream.HOST || counts(blockOf(lying), last)) {
                        addTombstone(lying, live);
                        final String name = Arrays.toString(lying.record().key());
                        newest.merge(name, lying, ReplayTest::newer);
                    }
                }
            }
        }
        int keys = 0;
        for (final LogOfBlocks.Lying lying : newest.values()) {
            if ((lying.record().flags() & (RecordFormat.FLAG_TOMBSTONE | RecordFormat.FLAG_CHUNK)) == 0) {
                keys++;
                live[LogOfBlocks.GEOMETRY.zoneOf(lying.address())] += lying.length();
                final boolean large = (lying.record().flags() & RecordFormat.FLAG_LARGE) != 0;
                final int shape = lying.length() / IndexEntry.UNIT_BYTES | (large ? IndexEntry.LARGE : 0);
                final long word = IndexEntry.device(lying.address(), shape, false);
                assertTrue(result.entries().get(shardOf(lying)).contains(word), lying::toString);
            }
        }
        assertEquals(last, result.outcome().lastBlock());
        final long entries = result.entries().stream().mapToLong(List::size).sum() / 2;
        assertEquals(keys, entries - result.chunkEntries());
        for (int zone = 0; zone < live.length; zone++) {
            assertEquals(Long.toString(horizons[zone]), result.zones().get(zone).split(" ", -1)[3], "zone " + zone);
            if (!result.zones().get(zone).contains("chunks")) {
                final String figures = result.zones().get(zone);
                assertEquals(Long.toString(live[zone]), figures.substring(0, figures.indexOf(' ')), "zone " + zone);
            }
        }
    }

    @Test
    void shouldCountWhatLiesBehindAGapIfAZoneWasLost() {
        final LogOfBlocks log = new LogOfBlocks(21, HOST_BLOCKS, MISSING);

        final Result whole = replay(log, NONE, 2, PLENTY);
        final Result lost = replay(log, LOST, 2, PLENTY);

        assertTrue(
                whole.outcome().behindLast().getFirst().number()
                        > whole.outcome().lastBlock() + 1,
                whole.outcome()::toString);
        assertTrue(whole.outcome().lastBlock() < MISSING, whole.outcome()::toString);
        assertTrue(whole.outcome().highestBlock() > MISSING, whole.outcome()::toString);
        assertEquals(1, lost.outcome().offline());
        assertTrue(lost.outcome().lastBlock() > MISSING, lost.outcome()::toString);
    }

    @ParameterizedTest
    @CsvSource({"2, 7", "3, 6"})
    void shouldRefuseMetadataThatIsOlderThanTheBlocks(final long epoch, final int generation) {
        final LogOfBlocks log = new LogOfBlocks(31, HOST_BLOCKS, MISSING);

        final CorruptionException e =
                assertThrows(CorruptionException.class, () -> replay(log, NONE, 2, PLENTY, epoch, generation));

        assertTrue(e.getMessage().contains("knows of " + epoch + " and " + generation), e.getMessage());
    }

    private static boolean counts(final long block, final long last) {
        return block <= last && !(block >= 20 && block <= 23) && block != 41;
    }

    private static long blockOf(final LogOfBlocks.Lying lying) {
        return lying.record().position() / LogOfBlocks.BLOCK_BYTES;
    }

    private static LogOfBlocks.Lying newer(final LogOfBlocks.Lying a, final LogOfBlocks.Lying b) {
        // Of the same record at two places, the one at the lower address.
        return b.record().position() > a.record().position() ? b : a;
    }

    private static void addTombstone(final LogOfBlocks.Lying lying, final long[] live) {
        if ((lying.record().flags() & RecordFormat.FLAG_TOMBSTONE) != 0) {
            live[LogOfBlocks.GEOMETRY.zoneOf(lying.address())] += lying.length();
        }
    }

    private static int shardOf(final LogOfBlocks.Lying lying) {
        final byte[] key = lying.record().key();
        return (int) (HASH.location(key, 0, key.length) >>> 62);
    }

    private static Result replay(
            final LogOfBlocks log, final int offline, final int threadCount, final long memoryBytes) {
        return replay(log, offline, threadCount, memoryBytes, LogOfBlocks.EPOCH, LogOfBlocks.GENERATION);
    }

    private static Result replay(
            final LogOfBlocks log,
            final int offline,
            final int threadCount,
            final long memoryBytes,
            final long epoch,
            final int generation) {
        final MetadataImage image = new MetadataImage(
                LogOfBlocks.BLOCK_BYTES,
                -1,
                3,
                4,
                epoch,
                SETTLED,
                1,
                false,
                LogOfBlocks.ZONES,
                ZoneLayout.of(LogOfBlocks.GEOMETRY, 0),
                "",
                List.of(),
                VOIDS,
                Collections.nCopies(LogOfBlocks.ZONES, generation));
        final ZoneTable zones = new ZoneTable(LogOfBlocks.GEOMETRY);
        try (PointIndex index = new PointIndex(SHARDS, INDEX_BYTES);
                OpeningThreads threads = new OpeningThreads(threadCount, new OpeningProgress(progress -> {}))) {
            final Replay replay = new Replay(
                    log.device(offline),
                    image,
                    LogOfBlocks.STORE,
                    index,
                    HASH,
                    zones,
                    null,
                    null,
                    threads,
                    memoryBytes,
                    () -> 0);
            final Replay.Outcome outcome = replay.run();
            final long before = replay.chunkEntries();
            final List<ChunkSetNote> sets = new ArrayList<>(replay.dropOrphans(List.of()));
            sets.sort(Comparator.comparingLong(ChunkSetNote::chunkSet));
            return new Result(
                    new Replay.Outcome(
                            outcome.lastBlock(),
                            outcome.stagedFrom(),
                            outcome.behindLast(),
                            outcome.highestBlock(),
                            outcome.highestGcBlock(),
                            outcome.voids(),
                            outcome.blocks(),
                            outcome.records(),
                            0,
                            outcome.discarded(),
                            outcome.offline(),
                            0,
                            0),
                    entries(index),
                    zones(zones, index),
                    replay.chunkEntries(),
                    before + " " + sets);
        }
    }

    private static List<List<Long>> entries(final PointIndex index) {
        final List<List<Long>> entries = new ArrayList<>();
        for (int shard = 0; shard < SHARDS; shard++) {
            final long[] copy = new long[4096];
            final int count = index.readShard(shard, 0, copy);
            entries.add(Arrays.stream(copy, 0, 2 * count).boxed().toList());
        }
        return entries;
    }

    private static List<String> zones(final ZoneTable zones, final PointIndex index) {
        final List<List<Long>> entries = entries(index);
        final List<String> texts = new ArrayList<>();
        for (int zone = 0; zone < zones.zoneCount(); zone++) {
            final int number = zone;
            final boolean chunks = entries.stream().anyMatch(shard -> hasChunk(shard, number));
            texts.add(zones.liveBytes(zone) + " " + zones.tombstoneBytes(zone) + " " + zones.newestTombstone(zone) + " "
                    + zones.horizon(zone) + " " + zones.stream(zone) + (chunks ? " chunks" : ""));
        }
        return texts;
    }

    private static boolean hasChunk(final List<Long> shard, final int zone) {
        for (int i = 1; i < shard.size(); i += 2) {
            if (IndexEntry.isChunk(shard.get(i))
                    && LogOfBlocks.GEOMETRY.zoneOf(IndexEntry.deviceAddress(shard.get(i))) == zone) {
                return true;
            }
        }
        return false;
    }
}
