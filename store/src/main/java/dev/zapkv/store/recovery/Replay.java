/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import dev.zapkv.RecoveryProgress;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.checkpoint.CheckpointLoader;
import dev.zapkv.store.checkpoint.OpeningThreads;
import dev.zapkv.store.format.ChunkSetNote;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.ZoneNote;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.ObjIntConsumer;
import org.agrona.CloseHelper;

/// Replay: blocks on the device are looked at, and of each key the record with the highest log position
/// counts. Full replay looks at every block. Replay behind a checkpoint looks at those that were appended
/// since the checkpoint began, and any record found there counts more than the checkpoint's entry: why that
/// ends in the same index is shown in docs/checkpoints.md.
///
/// *Which host blocks count.* Those up to the settled block of the newest metadata, unless void; behind it,
/// those without a gap in their numbers. Blocks that a killed process left in staging fill a gap: from the first of
/// them on, what counts is what lies there, see {@link StagingReplay}. What lies behind a gap belongs to no
/// acknowledged write and becomes void for ever. Relocated records count in any subset, their log position
/// says how new they are; but only those that were written in blocks that count: a copy may have reached
/// stable media before its original. With a zone that went offline since that metadata was written a gap may
/// be a block that was lost there, acknowledged before: then blocks behind gaps count too, whether or not
/// they were acknowledged.
///
/// *How.* Threads share the zones; each verifies blocks and records and keeps what counts or may count, sorted by
/// shard of the index ({@link FoundRecords}). When there is no room for more, what was superseded is thrown out.
/// When all zones were read and it is known what counts, the threads share the shards, and of each key the newest
/// record goes into the index ({@link ShardReplay}). Which threads did what makes no difference to the result:
/// [0014](docs/decisions/0014-parallel-replay.md).
public final class Replay {
    private static final int FIRST_SHARE = 4;
    // An entry of the index takes 20 bytes and more, a record that was found 24.
    private static final int FOUND_PERCENT_OF_INDEX = 150;

    private final ZoneDevice device;
    private final MetadataImage image;
    private final StoreId storeId;
    private final PointIndex index;
    private final KeyHash hash;
    private final ZoneTable zones;
    private final CheckpointLoader.Loaded base;
    private final StagingReplay staged;
    private final OpeningThreads threads;
    private final LongSupplier nanoClock;
    private final long firstFoundBytes;
    private final long mostFoundBytes;
    private final LargeValues largeValues;
    private final CountingRules rules;
    private final Stream[] streams;
    private final List<ReplayWorker> workers = new ArrayList<>();
    private final List<ShardReplay> shardReplays = new ArrayList<>();
    private long chunkEntries;
    private int offline;
    private boolean gapsMayBeLosses;
    private long lastBlock;
    private long firstMissing;
    private long stagedFrom;
    private long unsettledBlocks;
    private List<UnsettledBlock> behindLast = List.of();
    private long scanNs;
    private long applyNs;

    /// What a replay found.
    ///
    /// @param lastBlock      last host block that counts without staging
    /// @param stagedFrom     first block that counts as it lies in staging; 0 if there is none
    /// @param behindLast     host blocks on the device behind the last one, by number
    /// @param highestBlock   highest host block number seen
    /// @param highestGcBlock highest gc block number seen
    /// @param voids          ranges of void block numbers of which blocks were still seen
    /// @param blocks         blocks replayed
    /// @param records        records looked at
    /// @param bytesRead      bytes read from the device
    /// @param discarded      what was seen and does not count
    /// @param offline        zones that could not be looked at
    /// @param scanNs         time to read and verify
    /// @param applyNs        time to apply what was read
    public record Outcome(
            long lastBlock,
            long stagedFrom,
            List<UnsettledBlock> behindLast,
            long highestBlock,
            long highestGcBlock,
            List<Long> voids,
            long blocks,
            long records,
            long bytesRead,
            DiscardedBlocks discarded,
            int offline,
            long scanNs,
            long applyNs) {}

    /// A replay into an empty zone table, and an index that is empty or was read from a checkpoint.
    ///
    /// @param base        what was read from the checkpoint, or null
    /// @param staged      what a killed process left in staging, or null
    /// @param memoryBytes the store's budget: a fourth of it holds what was found, or more if that has more keys
    public Replay(
            final ZoneDevice device,
            final MetadataImage image,
            final StoreId storeId,
            final PointIndex index,
            final KeyHash hash,
            final ZoneTable zones,
            final CheckpointLoader.Loaded base,
            final StagingReplay staged,
            final OpeningThreads threads,
            final long memoryBytes,
            final LongSupplier nanoClock) {
        this.device = device;
        this.image = image;
        this.storeId = storeId;
        this.index = index;
        this.hash = hash;
        this.zones = zones;
        this.base = base;
        this.staged = staged;
        this.threads = threads;
        this.nanoClock = nanoClock;
        firstFoundBytes = memoryBytes / FIRST_SHARE;
        mostFoundBytes = index.maxMemoryBytes() / 100 * FOUND_PERCENT_OF_INDEX;
        rules = new CountingRules(
                image, base == null ? 0 : base.checkpoint().ref().firstBlock());
        largeValues = new LargeValues(device, index, hash, rules);
        streams = new Stream[zones.zoneCount()];
    }

    /// Runs the replay of the data zones; orphaned chunks are still in the index afterwards, see {@link
    /// #dropOrphans}.
    public Outcome run() {
        chunkEntries = base == null ? 0 : base.chunkEntries();
        final Queue<ReplayWorker.Zone> toRead = new ConcurrentLinkedQueue<>(zonesToRead());
        try (FoundRecords found =
                new FoundRecords(threads.count(), index.shardCount(), firstFoundBytes, mostFoundBytes)) {
            final ConcurrentHashMap<IndexKey, Long> positions = new ConcurrentHashMap<>();
            for (int i = 0; i < threads.count(); i++) {
                final ReplayWorker worker = worker(i, found);
                workers.add(worker);
                shardReplays.add(new ShardReplay(index, found, rules, worker.accounts(), device.geometry(), positions));
            }
            threads.progress().begin(RecoveryProgress.Phase.LOG, bytesToRead(toRead));
            read(toRead, found);
            decide();
            apply();
            return conclude();
        } finally {
            CloseHelper.closeAll(workers);
        }
    }

    private static long bytesToRead(final Collection<ReplayWorker.Zone> toRead) {
        return toRead.stream()
                .mapToLong(zone -> zone.info().writePointer() - zone.from())
                .sum();
    }

    private ReplayWorker worker(final int number, final FoundRecords found) {
        final ReplayAccounts accounts = new ReplayAccounts(zones.zoneCount());
        final FoundLargeValues values = new FoundLargeValues();
        largeValues.add(values);
        return new ReplayWorker(
                new ZoneScan(device, storeId, image, threads.progress()),
                new BlockReader(number, rules, hash, index, device.geometry(), found, values, accounts),
                rules,
                accounts,
                threads::hasFailed,
                streams);
    }

    /// Lets all workers find records until each has said that it is done.
    private void read(final Queue<ReplayWorker.Zone> toRead, final FoundRecords found) {
        final long began = nanoClock.getAsLong();
        final AtomicBoolean paused = new AtomicBoolean();
        do {
            paused.set(false);
            threads.run(i -> {
                if (!workers.get(i).readZones(toRead::poll)) {
                    paused.set(true);
                }
            });
            if (paused.get()) {
                forEachShard(ShardReplay::sift);
                if (!found.makeRoom()) {
                    throw ShardReplay.doesNotFit();
                }
            }
        } while (paused.get());
        scanNs = nanoClock.getAsLong() - began;
    }

    private void apply() {
        final long began = nanoClock.getAsLong();
        forEachShard(ShardReplay::apply);
        applyNs = nanoClock.getAsLong() - began;
    }

    private void forEachShard(final ObjIntConsumer<ShardReplay> work) {
        final AtomicInteger nextShard = new AtomicInteger();
        threads.run(i -> {
            for (int shard = nextShard.getAndIncrement();
                    shard < index.shardCount() && !threads.hasFailed();
                    shard = nextShard.getAndIncrement()) {
                work.accept(shardReplays.get(i), shard);
            }
        });
    }

    private List<ReplayWorker.Zone> zonesToRead() {
        for (int zone = 0; zone < image.generations().size() && zone < zones.zoneCount(); zone++) {
            zones.generation(zone, image.generation(zone));
        }
        final List<ReplayWorker.Zone> toRead = new ArrayList<>();
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones.zoneCount(); zone++) {
            final ZoneInfo info = device.report(zone);
            if (info.state() != ZoneState.EMPTY && !isOpenedOnly(info) && zones.stream(zone) != Stream.METADATA) {
                final long from = recover(zone, info);
                if (from < info.writePointer()) {
                    toRead.add(new ReplayWorker.Zone(info, from, zones.generation(zone)));
                }
            }
        }
        return toRead;
    }

    /// Takes over what is known of a zone without reading it.
    ///
    /// @return from where on it has to be read; {@link Long#MAX_VALUE} if not at all
    private long recover(final int zone, final ZoneInfo info) {
        final ZoneNote note = base == null ? null : base.zones()[zone];
        if (note == null) {
            zones.recover(zone, recoveredState(info), Stream.HOST, info.writePointer());
        } else {
            final long written = note.complete() ? note.written() : info.writePointer();
            zones.recover(zone, recoveredState(info), note.stream(), written);
            zones.addLive(zone, base.live()[zone]);
            zones.recoverTombstones(zone, note.tombstoneBytes(), note.newestTombstone());
            zones.lowerHorizon(zone, note.horizon());
            if (note.complete() || note.stream() == Stream.CHECKPOINT) {
                return Long.MAX_VALUE;
            }
        }
        if (info.state() == ZoneState.OFFLINE) {
            offline++;
            gapsMayBeLosses |= !image.isLossKnown(zone);
            return Long.MAX_VALUE;
        }
        // A zone that was given up counts no more when it comes back: deletes of what it held may be gone.
        return image.isLossKnown(zone) ? Long.MAX_VALUE : note == null ? 0 : note.written();
    }

    /// Decides which blocks behind the settled one count.
    private void decide() {
        final List<UnsettledBlock> unsettled = new ArrayList<>();
        workers.forEach(worker -> unsettled.addAll(worker.unsettled()));
        unsettled.sort(Comparator.comparingLong(UnsettledBlock::number).thenComparingLong(UnsettledBlock::address));
        // If the last block is not in staging any more, none is that was not applied.
        final boolean staging = staged != null && highestHostBlock() <= staged.lastBlock();
        lastBlock = image.settledBlock();
        for (final UnsettledBlock block : unsettled) {
            // The same block twice: an append that was reported as failed had reached the media after all. Both
            // count: the horizon of either zone says which tombstones still hide something there.
            if (block.number() > lastBlock + 1) {
                // Blocks before the first one in staging were applied, so they are lost; with a zone, others may
                // have been acknowledged and lost since. Then those behind count.
                if (staging ? block.number() >= staged.firstBlock() : !gapsMayBeLosses) {
                    break;
                }
                skipTo(block.number());
            }
            unsettledBlocks++;
            lastBlock = block.number();
        }
        if (staging && lastBlock < staged.firstBlock() - 1) {
            skipTo(staged.firstBlock());
        }
        for (final UnsettledBlock block : unsettled) {
            if (block.number() <= lastBlock) {
                workers.getFirst().accounts().lowerHorizon(block.zone(), block.horizon());
                zones.landed(block.zone(), block.number());
            }
        }
        behindLast =
                unsettled.stream().filter(block -> block.number() > lastBlock).toList();
        stagedFrom = staging && lastBlock < staged.lastBlock() ? lastBlock + 1 : 0;
        rules.decide(lastBlock, firstMissing);
    }

    /// Goes on behind blocks that are missing.
    private void skipTo(final long block) {
        firstMissing = firstMissing == 0 ? lastBlock + 1 : firstMissing;
        lastBlock = block - 1;
    }

    private long highestHostBlock() {
        return workers.stream()
                .mapToLong(ReplayWorker::highestHostBlock)
                .reduce(base == null ? 0 : base.checkpoint().ref().firstBlock() - 1, Math::max);
    }

    private Outcome conclude() {
        largeValues.doubtfulHeadsWithChunks().forEach(shardReplays.getFirst()::applyDoubtful);
        long highestGcBlock = base == null ? 0 : base.checkpoint().ref().firstGcBlock() - 1;
        long records = shardReplays.stream().mapToLong(ShardReplay::records).sum();
        long blocks = unsettledBlocks;
        long bytesRead = 0;
        DiscardedBlocks discarded = new DiscardedBlocks(0, stagedFrom > 0 ? 0 : behindLast.size(), 0, 0, 0);
        for (final ReplayWorker worker : workers) {
            worker.accounts().addTo(zones);
            chunkEntries += worker.accounts().chunkEntries();
            highestGcBlock = Math.max(highestGcBlock, worker.highestGcBlock());
            records += worker.records();
            bytesRead += worker.bytesRead();
            blocks += worker.blocks();
            discarded = discarded.plus(worker.discarded());
        }
        for (int zone = 0; zone < streams.length; zone++) {
            if (streams[zone] != null) {
                zones.stream(zone, streams[zone]);
            }
        }
        return new Outcome(
                lastBlock,
                stagedFrom,
                behindLast,
                highestHostBlock(),
                highestGcBlock,
                // Behind a checkpoint not every block was looked at.
                rules.voids(base != null),
                blocks,
                records,
                bytesRead,
                discarded,
                offline,
                scanNs,
                applyNs);
    }

    /// Takes chunks out of the index that belong to no large value.
    ///
    /// @param staged large values whose head lies in staging
    /// @return large values that are left
    public List<ChunkSetNote> dropOrphans(final List<ChunkSetNote> staged) {
        return largeValues.dropOrphans(base == null ? List.of() : base.chunkSets(), staged, entry -> {
            final int zone = device.geometry().zoneOf(IndexEntry.deviceAddress(entry));
            zones.addLive(zone, -IndexEntry.lengthBytes(entry));
            chunkEntries--;
        });
    }

    /// Index entries that are chunks.
    public long chunkEntries() {
        return chunkEntries;
    }

    /// Opened in reserve, never written. A zone that was finished before anything was written to it is not
    /// empty: it must be reset before it can be used.
    private static boolean isOpenedOnly(final ZoneInfo info) {
        return (info.state() == ZoneState.OPEN || info.state() == ZoneState.CLOSED)
                && info.writePointerExact()
                && info.writePointer() == 0;
    }

    /// A zone whose write pointer was lost takes no more appends before it is collected.
    private static ZoneState recoveredState(final ZoneInfo info) {
        return info.writePointerExact() ? info.state() : ZoneState.FULL;
    }
}
