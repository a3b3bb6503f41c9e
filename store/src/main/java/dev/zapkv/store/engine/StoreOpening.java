/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.ConfigurationException;
import dev.zapkv.Durability;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.checkpoint.CheckpointWriter;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.store.log.DevicePort;
import dev.zapkv.store.log.StagingFile;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.store.read.RecordReader;
import dev.zapkv.store.recovery.Replay;
import dev.zapkv.store.recovery.StagingReplay;
import dev.zapkv.store.spi.Collector;
import dev.zapkv.store.spi.CollectorProvider;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import org.agrona.CloseHelper;

/// Opens a store: finds its metadata, replays the log, puts the parts together, and appends again what was only in
/// staging. Used once.
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
    private StagingFile oldStaging;
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

    /// Replays the log, starts the agents, and appends again what was only in staging.
    ///
    /// @return what was found
    private RecoverySummary recover() {
        final MetadataImage image = metadata.image();
        final RecoveredLog log = RecoveredLog.of(
                config,
                storeId,
                image,
                zones,
                from -> StagingFile.openExisting(from.stagingPath(), storeId, from.epoch()),
                times);
        index = log.index();
        oldStaging = log.staging();
        final Replay.Outcome replayed = log.replayed();
        final StagingReplay staged = log.staged();
        chunkSets = new ChunkSets(log.chunkSets());
        final long highest = Math.max(
                Math.max(replayed.lastBlock(), replayed.highestBlock()), staged == null ? 0 : staged.lastBlock());
        final List<Long> voids = new ArrayList<>(replayed.voids());
        if (highest > replayed.lastBlock()) {
            voids.add(replayed.lastBlock() + 1);
            voids.add(highest);
        }
        final long recordBytes = zones.totalLiveBytes() - zones.totalTombstoneBytes();
        assemble(log, highest + 1);
        // What was replayed is called settled from here on, and may still be in the device's cache.
        port.flushAndWait();
        zones.replayed();
        metadata.beginLife(
                stagingFile.epoch(), voids, highest, oldStaging == null ? stagingFile.path() : oldStaging.path());
        metadata.log().spareZones(allocator::takeForMetadata);
        live.recovered(log.chunkEntries(), recordBytes);
        checkpoints.sweep();
        agent.start(
                append,
                collector,
                () -> metadata.noteProgress() + losses.doWork() + checkpoints.doWork(),
                checkpoints::isRequested);
        times.stagingBegins();
        append.takeOver(true);
        final long repeated = staged == null
                ? 0
                : new StagingRepeat(engine, agent, append.staging(), oldStaging.takeOver(), log.stagedSets())
                        .run(staged);
        final boolean stagingFound = oldStaging != null;
        if (stagingFound) {
            agent.await(append.staging().lastClaimedBlock(), Durability.DEVICE);
            final Path path = stagingFile.path();
            agent.exclusively(() -> {
                metadata.staging(path);
                return null;
            });
            oldStaging.delete();
            oldStaging = null;
        }
        append.takeOver(false);
        StagingFile.deleteOthers(config.stagingDirectories(), storeId, stagingFile.path());
        times.stagingDone();
        final String end = stagingFound
                ? "not closed cleanly, " + repeated + " records taken over from staging"
                : RecoverySummary.withoutStaging(image.closedCleanly());
        final RecoverySummary summary = RecoverySummary.of(end, image.closedCleanly(), log, repeated, times);
        return metadata.image().epoch() == 1 ? new RecoverySummary("new store", summary.report()) : summary;
    }

    private void assemble(final RecoveredLog log, final long firstBlock) {
        final MetadataImage image = metadata.image();
        final KeyHash hash = log.hash();
        final Replay.Outcome replayed = log.replayed();
        final int checkpointZones = StoreSpace.checkpointZones(image.zoneLimit(), config.checkpointBytes());
        allocator =
                new ZoneAllocator(config.device(), zones, image.zoneLimit(), StoreSpace.RESERVE_ZONES, checkpointZones);
        metadata.log().spareZones(allocator::takeForFirstMetadata);
        adoptOpenZones();
        final long epoch = image.epoch() + 1;
        final int slotsPerChunk = AppendAgent.slotsPerChunk(image.blockBytes(), zones.geometry());
        stagingFile = StagingFile.create(
                config.stagingDirectories(),
                storeId,
                epoch,
                image.blockBytes(),
                AppendAgent.firstSlots(image.blockBytes(), zones.geometry()),
                stagingChunks() * slotsPerChunk);
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

    private int stagingChunks() {
        return Math.clamp(
                config.memoryBytes() / STAGING_SHARE / AppendAgent.CHUNK_BYTES,
                AppendAgent.MIN_CHUNKS,
                AppendAgent.MAX_CHUNKS);
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
            // No writer came as far as the new staging file; one of an earlier life stays.
            CloseHelper.closeAll(() -> parts().release(true), oldStaging);
        } catch (final RuntimeException e) {
            cause.addSuppressed(e);
        }
    }
}
