/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.ConfigurationException;
import dev.zapkv.CorruptionException;
import dev.zapkv.Durability;
import dev.zapkv.EntryConsumer;
import dev.zapkv.FormatException;
import dev.zapkv.GcReport;
import dev.zapkv.StoreStats;
import dev.zapkv.WritePaths;
import dev.zapkv.ZapKvException;
import dev.zapkv.ZoneReport;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.checkpoint.Checkpoint;
import dev.zapkv.store.checkpoint.CheckpointLoader;
import dev.zapkv.store.checkpoint.CheckpointWriter;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.ChunkSetNote;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.format.ZoneLayout;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.store.log.DevicePort;
import dev.zapkv.store.log.StagingFile;
import dev.zapkv.store.meta.MetadataLog;
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
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Collectors;
import org.agrona.CloseHelper;

/// One life of a store: opens (find metadata, replay the log, take over staging), runs, closes. Owns every
/// part.
public final class OpenStore implements AutoCloseable {
    /// Empty zones kept for garbage collection: the one it fills, and one more for what it is filling it
    /// from.
    public static final int RESERVE_ZONES = 2;

    private static final int STAGING_SHARE = 8;
    // A part of the zones stays garbage, so that each collected zone brings a gain.
    private static final double USABLE_SHARE = 0.95;
    // With fewer zones those of checkpoints are too large a part; on request checkpoints are kept all the same.
    private static final int MIN_ZONES_FOR_CHECKPOINTS = 48;
    private static final int MIN_ZONES_FOR_REQUESTED_CHECKPOINTS = 16;
    private static final int MIN_CHECKPOINT_ZONES = 3;
    private static final int CHECKPOINT_ZONE_SHARE = 16;
    private static final long DRAIN_WAIT_NS = 100_000_000L;

    private final EngineConfig config;
    private final ZoneGeometry geometry;
    private final DevicePort port;

    private StoreId storeId;
    private StoreMetadata metadata;
    private ZoneTable zones;
    private ZoneAllocator allocator;
    private PointIndex index;
    private StagingFile stagingFile;
    private AppendAgent append;
    private IoAgent agent;
    private RecordReader reader;
    private Engine engine;
    private ChunkSets chunkSets;
    private GcHost gcHost;
    private ZoneLosses losses;
    private Collector collector;
    private CheckpointWriter checkpoints;
    private String recovery = "";
    private boolean wasClean;
    private volatile boolean closed;

    private OpenStore(final EngineConfig config) {
        this.config = config;
        geometry = config.device().geometry();
        port = new DevicePort(config.device());
    }

    /// Opens a store on a device, or makes one there.
    ///
    /// @throws FormatException        if the device holds no store and none may be made, or one that cannot
    /// be read
    /// @throws ConfigurationException if a setting does not fit the device or the machine
    /// @throws CorruptionException    if the log cannot be replayed
    public static OpenStore open(final EngineConfig config) {
        final OpenStore store = new OpenStore(config);
        try {
            store.start();
            return store;
        } catch (final RuntimeException | Error e) {
            store.abandon(e);
            throw e;
        }
    }

    private void start() {
        MetadataLog.Found found = MetadataLog.find(config.device());
        if (found == null) {
            if (!config.createIfMissing()) {
                checkZoneStates();
                throw new FormatException("there is no store on " + config.name()
                        + ": name the right place, or make one there (a drive: zapkv format, ZapKv.format; a directory:"
                        + " createIfMissing)");
            }
            found = format();
        }
        storeId = found.storeId();
        checkLayout(found.image());
        StoreRequirements.checkOpenZones(geometry);
        zones = new ZoneTable(geometry);
        for (int zone = 0; zone < MetadataLog.ZONES; zone++) {
            recoverMetadataZone(zone, zone == found.zone());
        }
        if (found.zone() >= MetadataLog.ZONES) {
            recoverMetadataZone(found.zone(), true);
        }
        final MetadataLog log = new MetadataLog(port, zones, storeId, found.zone(), found.sequence());
        metadata = new StoreMetadata(log, found.image(), zones);
        recover();
    }

    /// A drive that forgot the states of its zones looks empty, but still holds what was written.
    private void checkZoneStates() {
        if (MetadataLog.hasForgottenImage(config.device())) {
            throw new FormatException("the zones of " + config.name() + " are reported as empty but still hold a store:"
                    + " the drive has lost its zone states (an emulated drive does when its emulator restarts)."
                    + " Nothing was written; restore the zone states or a backup, or format the zones anew");
        }
    }

    private void checkLayout(final MetadataImage image) {
        final ZoneLayout layout = ZoneLayout.of(geometry);
        if (!layout.equals(image.layout())) {
            throw new FormatException(config.name() + image.layout().changedTo(layout) + "; nothing was written");
        }
    }

    private void recoverMetadataZone(final int zone, final boolean newest) {
        ZoneInfo info = config.device().report(zone);
        if (isActive(info.state()) && (!newest || !info.writePointerExact())) {
            // One metadata zone is open at a time: drives allow few.
            config.device().finish(zone);
            info = config.device().report(zone);
        }
        zones.recover(
                zone, info.state(), info.state() == ZoneState.EMPTY ? null : Stream.METADATA, info.writePointer());
    }

    private MetadataLog.Found format() {
        StoreRequirements.check(config);
        final MetadataImage fresh = new MetadataImage(
                config.blockBytes(),
                config.capacityBytes(),
                config.randomSeed().getAsLong(),
                config.randomSeed().getAsLong(),
                0,
                0,
                1,
                true,
                (int) StoreRequirements.zoneLimit(config),
                ZoneLayout.of(geometry),
                "",
                List.of(),
                List.of(),
                List.of());
        final StoreId id =
                new StoreId(config.randomSeed().getAsLong(), config.randomSeed().getAsLong());
        return new MetadataLog.Found(id, fresh, 0, 0);
    }

    /// Replays the log, starts the agents, and appends again what was only in staging.
    private void recover() {
        final long started = config.nanoClock().getAsLong();
        final MetadataImage image = metadata.image();
        wasClean = image.closedCleanly();
        final KeyHash hash = new KeyHash(image.hashSeed0(), image.hashSeed1());
        final Replay.Outcome replayed;
        final long chunkEntries;
        final Set<Long> stagedSets;
        StagingReplay staged = null;
        StagingFile oldStaging = null;
        final RecoveredIndex recovered = RecoveredIndex.load(config, storeId, image);
        index = recovered.index();
        final CheckpointLoader.Loaded base = recovered.base();
        try (PointIndex positions = RecoveredIndex.empty(config, index.shardCount())) {
            final Replay replay = new Replay(config.device(), image, storeId, index, hash, zones, positions, base);
            replayed = replay.run();
            if (!image.closedCleanly() && !image.staging().isEmpty()) {
                oldStaging = StagingFile.openExisting(image.stagingPath(), storeId, image.epoch());
            }
            if (oldStaging != null) {
                // A file of an earlier life: an opening was cut short that was about to append its content again.
                if (oldStaging.epoch() == image.epoch()) {
                    oldStaging.takenFrom(replayed.firstMissing());
                }
                staged = new StagingReplay(oldStaging, oldStaging.takenFrom() - 1);
            }
            final List<ChunkSetNote> stagedValues = staged == null ? List.of() : staged.chunkSets(hash, index::shardOf);
            stagedSets = stagedValues.stream().map(ChunkSetNote::chunkSet).collect(Collectors.toSet());
            chunkSets = new ChunkSets(replay.dropOrphans(stagedValues));
            chunkEntries = replay.chunkEntries();
        }
        final long highest = Math.max(
                Math.max(replayed.lastBlock(), replayed.highestBlock()), staged == null ? 0 : staged.lastBlock());
        final List<Long> voids = new ArrayList<>(replayed.voids());
        if (highest > replayed.lastBlock()) {
            voids.add(replayed.lastBlock() + 1);
            voids.add(highest);
        }
        final long recordBytes = zones.totalLiveBytes() - tombstoneBytes();
        assemble(hash, replayed, highest + 1, recovered.checkpoints());
        // What was replayed is called settled from here on, and may still be in the device's cache.
        port.flushAndWait();
        metadata.beginLife(
                stagingFile.epoch(), voids, highest, oldStaging == null ? stagingFile.path() : oldStaging.path());
        engine.recovered(chunkEntries, recordBytes);
        checkpoints.sweep();
        agent.start(append, collector, () -> metadata.noteProgress() + losses.doWork() + checkpoints.doWork());
        final long repeated =
                staged == null ? 0 : staged.visit((flags, key, value) -> repeat(flags, key, value, stagedSets));
        if (oldStaging != null) {
            agent.await(append.staging().lastClaimedBlock(), Durability.DEVICE);
            final Path path = stagingFile.path();
            agent.exclusively(() -> {
                metadata.staging(path);
                return null;
            });
            oldStaging.delete();
        }
        StagingFile.deleteOthers(config.stagingDirectories(), storeId, stagingFile.path());
        recovery = describe(
                recovered.text(),
                replayed,
                repeated,
                oldStaging != null,
                config.nanoClock().getAsLong() - started);
    }

    /// Appends a record again that was only in staging, unless it is a chunk of a large value whose head was
    /// never written: a head comes behind its chunks.
    private void repeat(final int flags, final byte[] key, final byte[] value, final Set<Long> stagedSets) {
        if ((flags & RecordFormat.FLAG_CHUNK) == 0 || stagedSets.contains(ChunkKey.chunkSet(key))) {
            engine.repeat(flags, key, value);
        }
    }

    private void assemble(
            final KeyHash hash, final Replay.Outcome replayed, final long firstBlock, final List<Checkpoint> known) {
        final MetadataImage image = metadata.image();
        allocator = new ZoneAllocator(config.device(), zones, image.zoneLimit(), RESERVE_ZONES, checkpointZones());
        metadata.log().spareZones(allocator::takeForMetadata);
        adoptOpenZones();
        final long epoch = image.epoch() + 1;
        final int slotsPerChunk = AppendAgent.slotsPerChunk(image.blockBytes());
        stagingFile = StagingFile.create(
                config.stagingDirectories(),
                storeId,
                epoch,
                image.blockBytes(),
                AppendAgent.MIN_CHUNKS * slotsPerChunk,
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
        engine = new Engine(
                append,
                index,
                hash,
                zones,
                geometry,
                reader,
                agent,
                usableBytes(),
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
                engine::relocated,
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
                known,
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

    /// Zones that checkpoints may take at a time. A store of few zones is replayed quickly enough.
    private int checkpointZones() {
        final int least =
                config.checkpointBytes() > 0 ? MIN_ZONES_FOR_REQUESTED_CHECKPOINTS : MIN_ZONES_FOR_CHECKPOINTS;
        return metadata.image().zoneLimit() < least
                ? 0
                : Math.max(MIN_CHECKPOINT_ZONES, metadata.image().zoneLimit() / CHECKPOINT_ZONE_SHARE);
    }

    private int stagingChunks() {
        return Math.clamp(
                config.memoryBytes() / STAGING_SHARE / AppendAgent.CHUNK_BYTES,
                AppendAgent.MIN_CHUNKS,
                AppendAgent.MAX_CHUNKS);
    }

    private Collector loadCollector() {
        final CollectorProvider provider = ServiceLoader.load(CollectorProvider.class, OpenStore.class.getClassLoader())
                .findFirst()
                .orElseThrow(() -> new ConfigurationException(
                        "no garbage collector found: add the artifact dev.zapkv:zapkv-compaction to the path"));
        return provider.create(gcHost);
    }

    private long usableBytes() {
        long dataZones = metadata.image().zoneLimit() - MetadataLog.ZONES - RESERVE_ZONES - 2L - checkpointZones();
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones.usedZones(); zone++) {
            if (zones.state(zone) == ZoneState.READ_ONLY
                    || zones.state(zone) == ZoneState.OFFLINE
                    || zones.stream(zone) == Stream.METADATA) {
                dataZones--;
            }
        }
        // A zone is left when the next block does not fit: up to a block is never written.
        return (long) (dataZones * (geometry.zoneCapacity() - metadata.image().blockBytes()) * USABLE_SHARE);
    }

    private void adoptOpenZones() {
        final Set<Stream> adopted = EnumSet.noneOf(Stream.class);
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones.usedZones(); zone++) {
            final Stream stream = zones.stream(zone);
            if (stream != Stream.METADATA && isActive(zones.state(zone))) {
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

    private static boolean isActive(final ZoneState state) {
        return state == ZoneState.OPEN || state == ZoneState.CLOSED;
    }

    // ---- what callers see

    /// Puts, deletes and gets.
    public Engine engine() {
        return engine;
    }

    /// Last block in which a place was claimed: awaiting it is awaiting everything written so far.
    public long lastBlock() {
        return append.staging().lastClaimedBlock();
    }

    /// Whether a block has reached a level.
    public boolean reached(final long block, final Durability level) {
        return agent.reached(block, level);
    }

    /// Largest value in bytes.
    public long maxValueBytes() {
        return Math.min(geometry.zoneCapacity(), Math.min(engine.usableBytes() / 2, Integer.MAX_VALUE - 64));
    }

    /// Level of writes that name none.
    public Durability durability() {
        return config.durability();
    }

    /// Whether {@link #close} has begun.
    public boolean isClosed() {
        return closed;
    }

    /// Visits every entry.
    public void forEach(final EntryConsumer consumer) {
        new EntryScan(index, reader, engine).run(consumer);
    }

    /// Collects zones now and waits for it.
    public GcReport collect(final double minGarbageRatio) {
        final long started = config.nanoClock().getAsLong();
        final long zonesBefore = collector.zonesCollected();
        final long bytesBefore = collector.appendedBytes();
        agent.exclusively(() -> {
            collector.request(minGarbageRatio);
            return null;
        });
        while (collector.isRequested()) {
            agent.checkUsable();
            agent.cycle();
        }
        final int collected = (int) (collector.zonesCollected() - zonesBefore);
        final long relocated = collector.appendedBytes() - bytesBefore;
        return new GcReport(
                collected,
                relocated,
                collected * geometry.zoneCapacity() - relocated,
                config.nanoClock().getAsLong() - started);
    }

    /// Writes a checkpoint now and waits for it.
    ///
    /// @return whether it was written; if not, {@link StoreStats#checkpointProblem} says why
    public boolean checkpoint() {
        final long before = agent.exclusively(() -> {
            checkpoints.request();
            return checkpoints.taken();
        });
        while (agent.exclusively(checkpoints::isRequested)) {
            agent.checkUsable();
            agent.cycle();
        }
        return checkpoints.taken() > before;
    }

    /// Figures at this moment.
    public StoreStats stats() {
        final long user = engine.userBytes();
        final long host = append.hostBytes();
        final long relocated = collector.appendedBytes();
        final long written = zones.totalWritten(null);
        final long live = zones.totalLiveBytes();
        return new StoreStats(
                engine.count(),
                live,
                Math.max(0, written - live),
                metadata.image().capacityBytes(),
                usedZones() * geometry.zoneCapacity(),
                index.memoryBytes(),
                (long) append.staging().allocatedSlots() * append.staging().blockBytes(),
                append.young().memoryBytes(),
                stagingFile.path().toString(),
                config.memoryBytes(),
                user,
                host,
                relocated,
                metadata.log().appendedBytes(),
                checkpoints.appendedBytes(),
                user == 0
                        ? 0
                        : (double) (host + relocated + metadata.log().appendedBytes() + checkpoints.appendedBytes())
                                / user,
                engine.puts(),
                engine.deletes(),
                engine.gets(),
                reader.deviceReads(),
                agent.stalls(),
                collector.zonesCollected(),
                checkpoints.taken(),
                checkpoints.refused(),
                append.flushes(),
                config.device().capabilities().asynchronousIo(),
                config.device().counters(),
                new WritePaths(
                        engine.valueBytesCopied(),
                        engine.valueBytesInPlace(),
                        append.bouncedBytes(),
                        (long) append.leases().held() * append.staging().blockBytes(),
                        port.slowestNs()),
                losses.all(),
                recovery
                        + (gcHost.corruptRecords() == 0
                                ? ""
                                : "; DAMAGED: " + gcHost.corruptRecords() + " records, first "
                                        + gcHost.firstCorruption()));
    }

    /// Every zone the store may use; without a bound, those it has used.
    public List<ZoneReport> zones() {
        final List<ZoneReport> reports = new ArrayList<>();
        // Of a store without a bound nobody wants to see the zones it may have one day.
        final int count = metadata.image().capacityBytes() < 0
                ? zones.usedZones()
                : metadata.image().zoneLimit();
        for (int zone = 0; zone < count; zone++) {
            final Stream stream = zones.stream(zone);
            reports.add(new ZoneReport(
                    zone,
                    zones.state(zone).name(),
                    stream == null ? "-" : stream.name().toLowerCase(Locale.ROOT),
                    geometry.zoneCapacity(),
                    zones.written(zone),
                    Math.max(0, zones.liveBytes(zone)),
                    zones.generation(zone)));
        }
        return reports;
    }

    private long usedZones() {
        long used = 0;
        for (int zone = 0; zone < zones.usedZones(); zone++) {
            if (zones.state(zone) != ZoneState.EMPTY) {
                used++;
            }
        }
        return used;
    }

    private long tombstoneBytes() {
        long sum = 0;
        for (int zone = 0; zone < zones.usedZones(); zone++) {
            sum += zones.tombstoneBytes(zone);
        }
        return sum;
    }

    private String describe(
            final String checkpoint,
            final Replay.Outcome replayed,
            final long repeated,
            final boolean stagingFound,
            final long durationNs) {
        if (metadata.image().epoch() == 1) {
            return "new store";
        }
        final String staging = wasClean
                ? "closed cleanly"
                : stagingFound
                        ? "not closed cleanly, " + repeated + " records taken over from staging"
                        : "not closed cleanly and its staging memory is gone (reboot or other container): writes"
                                + " acknowledged at the process level may be missing";
        return staging + checkpoint + "; " + replayed.records() + " records replayed from "
                + (replayed.bytesRead() >> 20)
                + " MiB in "
                + durationNs / 1_000_000 + " ms"
                + (replayed.offline() == 0
                        ? ""
                        : "; LOST: " + replayed.offline() + " zones are offline; of keys whose newest value or"
                                + " deletion lay there an older value, or none, is found")
                + (replayed.damaged() == 0 ? "" : "; DAMAGED: " + replayed.damaged() + " blocks or records");
    }

    // ---- the end

    /// Appends and flushes what was written, notes a clean end, and releases everything. Idempotent. If the
    /// device failed or the store is full the end is not clean: staging stays where it is for the next
    /// opening.
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        append.staging().close();
        append.leases().close();
        agent.stop();
        ZapKvException problem = null;
        final boolean clean = drain();
        if (clean) {
            checkpointAtEnd();
        }
        if (clean && agent.failure() == null) {
            try {
                metadata.noteCleanEnd();
            } catch (final RuntimeException e) {
                problem = new ZapKvException("the store could not note its clean end; it will recover when opened", e);
            }
        }
        release(clean && problem == null);
        if (problem != null) {
            throw problem;
        }
    }

    /// So that the next opening has nothing to replay. If there is no room for a checkpoint it replays.
    private void checkpointAtEnd() {
        collector.hold(true);
        if (checkpoints.isBehind()) {
            checkpoints.request();
        }
        while (agent.failure() == null && checkpoints.isRequested()) {
            agent.cycle();
        }
        while (agent.failure() == null && config.device().inFlight() > 0) {
            port.await(DRAIN_WAIT_NS);
        }
    }

    /// Finishes what was accepted; false if the device does not let it.
    private boolean drain() {
        final long last = append.staging().lastClaimedBlock();
        append.want(last, true);
        while (agent.failure() == null && !(append.flushed() >= last && append.isIdle())) {
            agent.cycle();
            if (agent.outOfRoom()) {
                return false;
            }
        }
        while (agent.failure() == null && config.device().inFlight() > 0) {
            port.await(DRAIN_WAIT_NS);
        }
        return agent.failure() == null;
    }

    /// Releases what a failed opening had taken; nothing on the device was lost.
    private void abandon(final Throwable cause) {
        closed = true;
        if (agent != null) {
            agent.stop();
        }
        try {
            // No writer came as far as the new staging file; one of an earlier life stays.
            release(true);
        } catch (final RuntimeException e) {
            cause.addSuppressed(e);
        }
    }

    /// The device first: it completes what is in flight, and after that no buffer is in use.
    private void release(final boolean deleteStaging) {
        CloseHelper.closeAll(
                config.device(),
                append,
                collector,
                checkpoints,
                metadata,
                index,
                stagingFile == null || !deleteStaging ? stagingFile : stagingFile::delete);
    }
}
