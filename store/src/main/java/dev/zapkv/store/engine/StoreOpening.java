/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.ConfigurationException;
import dev.zapkv.FormatException;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.checkpoint.CheckpointWriter;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.store.log.DevicePort;
import dev.zapkv.store.log.StagedBlock;
import dev.zapkv.store.log.StagingFile;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.store.read.RecordReader;
import dev.zapkv.store.recovery.Replay;
import dev.zapkv.store.recovery.UnsettledBlock;
import dev.zapkv.store.spi.Collector;
import dev.zapkv.store.spi.CollectorProvider;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import org.agrona.CloseHelper;

/// Opens a store: finds its metadata, replays the log, puts the parts together, and goes on with what a killed process
/// left in staging. Used once.
final class StoreOpening {
    private static final int STAGING_SHARE = 8;
    // Looked for once: that reads every archive of the path.
    private static final Optional<CollectorProvider> COLLECTORS = ServiceLoader.load(
                    CollectorProvider.class, StoreOpening.class.getClassLoader())
            .findFirst();

    private final EngineConfig config;
    private final DevicePort port;
    private final OpeningTimes times;

    private StoreId storeId;
    private StoreMetadata metadata;
    private ZoneTable zones;
    private ZoneAllocator allocator;
    private PointIndex index;
    private StagingFile stagingFile;
    // Of a killed process.
    private StagingFile oldStaging;
    // Whether they are the same.
    private boolean stagingAdopted;
    private AppendAgent append;
    private IoAgent agent;
    private RecordReader reader;
    private LiveRecords live;
    private Engine engine;
    private ChunkSets chunkSets;
    private GcHost gcHost;
    private ZoneLosses losses;
    private Collector collector;
    private CheckpointWriter checkpoints;

    StoreOpening(final EngineConfig config) {
        this.config = config;
        port = new DevicePort(config.device());
        times = new OpeningTimes(config.nanoClock());
    }

    /// Opens the store, or releases everything, the device too, and throws.
    OpenStore open() {
        try {
            final FoundStore found = FoundStore.find(config, port);
            storeId = found.storeId();
            zones = found.zones();
            metadata = found.metadata();
            times.metadataDone();
            final RecoverySummary recovery = recover();
            return new OpenStore(parts(), recovery);
        } catch (final RuntimeException | Error e) {
            abandon(e);
            throw e;
        }
    }

    private StoreParts parts() {
        return new StoreParts(
                config,
                port,
                metadata,
                zones,
                index,
                stagingFile,
                append,
                agent,
                reader,
                live,
                engine,
                gcHost,
                losses,
                collector,
                checkpoints);
    }

    /// Replays the log and starts the agents. What a killed process left in staging stays there, with its
    /// numbers, and is appended as it would have been.
    ///
    /// @return what was found
    private RecoverySummary recover() {
        final MetadataImage image = metadata.image();
        final RecoveredLog log = RecoveredLog.of(
                config,
                storeId,
                image,
                zones,
                from -> StagingFile.openExisting(from.stagingPath(), storeId, from.epoch(), maxSlots(from)),
                times);
        index = log.index();
        oldStaging = log.staging();
        final Replay.Outcome replayed = log.replayed();
        chunkSets = new ChunkSets(log.chunkSets());
        final List<StagedBlock> staged = log.staged() == null
                ? List.of()
                : new StagingRepair(log.staged(), config.device()).run(replayed.behindLast());
        final long settled = staged.isEmpty()
                ? Math.max(replayed.lastBlock(), replayed.highestBlock())
                : staged.getFirst().number() - 1;
        final List<Long> voids = new ArrayList<>(replayed.voids());
        if (staged.isEmpty() && settled > replayed.lastBlock()) {
            voids.add(replayed.lastBlock() + 1);
            voids.add(settled);
        }
        final long recordBytes = zones.totalLiveBytes() - zones.totalTombstoneBytes();
        assemble(log, settled + 1, staged);
        // What was replayed is called settled from here on, and may still be in the device's cache.
        port.flushAndWait();
        zones.replayed();
        metadata.beginLife(image.epoch() + 1, voids, settled, stagingFile.path());
        if (stagingAdopted) {
            stagingFile.begun();
        }
        metadata.log().spareZones(allocator::takeForMetadata);
        live.recovered(log.chunkEntries(), recordBytes);
        times.stagingBegins();
        final long records =
                new StagedOverlay(log, new LargeHeads(index, log.hash(), reader, chunkSets, live), live).apply();
        times.stagingDone();
        checkpoints.sweep();
        agent.start(
                append,
                collector,
                () -> metadata.noteProgress() + losses.doWork() + checkpoints.doWork(),
                checkpoints::isRequested,
                checkpoints::giveUpZones);
        if (oldStaging != null && !stagingAdopted) {
            oldStaging.delete();
        }
        StagingFile.deleteOthers(config.stagingDirectories(), storeId, stagingFile.path());
        final String end = oldStaging != null
                ? "not closed cleanly, " + records + " records taken over from staging"
                : RecoverySummary.withoutStaging(image.closedCleanly());
        final RecoverySummary summary = RecoverySummary.of(end, image.closedCleanly(), log, records, times);
        return metadata.image().epoch() == 1 ? new RecoverySummary("new store", summary.report()) : summary;
    }

    private void assemble(final RecoveredLog log, final long firstBlock, final List<StagedBlock> staged) {
        final MetadataImage image = metadata.image();
        final KeyHash hash = log.hash();
        final Replay.Outcome replayed = log.replayed();
        final int checkpointZones = StoreSpace.checkpointZones(image.zoneLimit(), config.checkpointBytes());
        allocator =
                new ZoneAllocator(config.device(), zones, image.zoneLimit(), StoreSpace.RESERVE_ZONES, checkpointZones);
        metadata.log().spareZones(allocator::takeForFirstMetadata);
        adoptOpenZones();
        final long epoch = image.epoch() + 1;
        stagingFile = staged.isEmpty() ? newStaging(epoch) : adoptedStaging(epoch);
        agent = new IoAgent(port, config.nanoClock(), "zapkv-io " + config.name(), config.threaded());
        append = new AppendAgent(
                port,
                allocator,
                zones,
                stagingFile,
                firstBlock,
                index,
                hash,
                storeId,
                epoch,
                config.memoryBytes(),
                agent);
        if (!staged.isEmpty()) {
            append.adopt(staged);
            for (final UnsettledBlock block : replayed.behindLast()) {
                zones.lowerHorizon(block.zone(), block.horizon());
            }
        }
        reader = new RecordReader(index, append.staging(), append.young(), config.device(), this::isOffline);
        live = new LiveRecords(
                zones, StoreSpace.usableBytes(image, zones, checkpointZones), append.staging()::lastClaimedBlock);
        engine = new Engine(
                append,
                index,
                hash,
                reader,
                agent,
                live,
                chunkSets,
                config.randomSeed().getAsLong());
        gcHost = new GcHost(
                port,
                allocator,
                zones,
                append,
                index,
                hash,
                storeId,
                epoch,
                image.capacityBytes() < 0,
                Math.max(image.nextGcBlock(), replayed.highestGcBlock() + 1),
                live::relocated,
                metadata::retire,
                config.nanoClock());
        collector = loadCollector();
        gcHost.connect(collector);
        checkpoints = new CheckpointWriter(
                port,
                append,
                allocator,
                zones,
                index,
                new CheckpointSide(append, gcHost, collector, chunkSets, metadata),
                storeId,
                epoch,
                config.checkpointBytes(),
                config.nanoClock(),
                log.checkpoints(),
                replayed.bytesRead());
        losses = new ZoneLosses(zones, index, append, image::isLossKnown, config.lossListener(), metadata::note);
        metadata.attach(append, allocator, gcHost, losses, checkpoints);
    }

    /// Asked by readers after a read failed, on their threads.
    private boolean isOffline(final int zone) {
        return agent.exclusively(() -> {
            final boolean offline = allocator.examine(zone) && zones.state(zone) == ZoneState.OFFLINE;
            losses.count();
            return offline;
        });
    }

    private StagingFile newStaging(final long epoch) {
        final MetadataImage image = metadata.image();
        return StagingFile.create(
                config.stagingDirectories(),
                storeId,
                epoch,
                image.blockBytes(),
                AppendAgent.firstSlots(image.blockBytes(), zones.geometry()),
                maxSlots(image));
    }

    private StagingFile adoptedStaging(final long epoch) {
        final MetadataImage image = metadata.image();
        if (oldStaging.allocatedSlots() % AppendAgent.slotsPerChunk(image.blockBytes(), zones.geometry()) != 0) {
            throw new FormatException("the header of the staging file " + oldStaging.path() + " is damaged: move the"
                    + " file away to open the store without what was only in staging");
        }
        oldStaging.adopt(epoch, maxSlots(image));
        stagingAdopted = true;
        return oldStaging;
    }

    private int maxSlots(final MetadataImage image) {
        final int chunks = Math.clamp(
                config.memoryBytes() / STAGING_SHARE / AppendAgent.CHUNK_BYTES,
                AppendAgent.MIN_CHUNKS,
                AppendAgent.MAX_CHUNKS);
        return chunks
                * AppendAgent.slotsPerChunk(image.blockBytes(), config.device().geometry());
    }

    private Collector loadCollector() {
        return COLLECTORS
                .orElseThrow(() -> new ConfigurationException(
                        "no garbage collector found: add the artifact dev.zapkv:zapkv-compaction to the path"))
                .create(gcHost);
    }

    private void adoptOpenZones() {
        final Set<Stream> adopted = EnumSet.noneOf(Stream.class);
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones.usedZones(); zone++) {
            final Stream stream = zones.stream(zone);
            if (stream != Stream.METADATA && zones.state(zone).isActive()) {
                // A checkpoint's place may be needed by others.
                final boolean inTheWay = stream == Stream.CHECKPOINT && allocator.sharesPlaces();
                if (!metadata.image().isLossKnown(zone) && !inTheWay && adopted.add(stream)) {
                    allocator.adopt(stream, zone);
                } else {
                    config.device().finish(zone);
                    zones.finish(zone);
                }
            }
        }
    }

    /// Releases what a failed opening had taken; nothing on the device was lost.
    private void abandon(final Throwable cause) {
        if (agent != null) {
            agent.stop();
        }
        try {
            // No writer came as far as a new staging file; one of an earlier life stays.
            CloseHelper.closeAll(() -> parts().release(!stagingAdopted), oldStaging);
        } catch (final RuntimeException e) {
            cause.addSuppressed(e);
        }
    }
}
