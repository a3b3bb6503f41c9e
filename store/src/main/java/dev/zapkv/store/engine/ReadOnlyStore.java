/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.CorruptionException;
import dev.zapkv.EntryConsumer;
import dev.zapkv.FormatException;
import dev.zapkv.ScrubStats;
import dev.zapkv.StoreStats;
import dev.zapkv.VerifyListener;
import dev.zapkv.VerifyOptions;
import dev.zapkv.VerifyReport;
import dev.zapkv.WritePaths;
import dev.zapkv.ZoneLoss;
import dev.zapkv.ZoneReport;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.StagingFile;
import dev.zapkv.store.meta.MetadataLog;
import dev.zapkv.store.meta.MetadataSearch;
import dev.zapkv.store.read.RecordReader;
import dev.zapkv.store.read.StagedRecords;
import dev.zapkv.store.verify.Verifier;
import dev.zapkv.store.verify.VerifyInput;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.util.ArrayList;
import java.util.List;
import org.agrona.CloseHelper;

/// A store that is read alone: recovered in memory as {@link OpenStore} does it, and nothing is written anywhere. There
/// is no agent, no garbage collection and no staging of its own; what only lies in the staging of a killed process is
/// read there. Thread-safe.
public final class ReadOnlyStore implements Store {
    private final EngineConfig config;
    private final MetadataSearch.Found newest;
    private final MetadataImage image;
    private final ZoneTable zones;
    private final RecoveredLog log;
    private final LiveRecords live;
    private final RecordReader reader;
    private final ReadOnlyReads reads;
    private final List<ZoneLoss> losses = new ArrayList<>();
    private final RecoverySummary recovery;
    private String stagingProblem = "";
    private volatile boolean closed;

    private ReadOnlyStore(final EngineConfig config) {
        this.config = config;
        final OpeningTimes times = new OpeningTimes(config.nanoClock());
        newest = FoundStore.existing(config);
        image = newest.image();
        zones = recoverMetadataZones(newest.zone());
        times.metadataDone();
        log = RecoveredLog.of(config, newest.storeId(), image, zones, this::openStaging, times);
        try {
            live = new LiveRecords(zones, usableBytes(), () -> 0);
            live.recovered(log.chunkEntries(), zones.totalLiveBytes() - zones.totalTombstoneBytes());
            reader = new RecordReader(log.index(), new StagedRecords(log.staging()), config.device(), this::isOffline);
            reads = new ReadOnlyReads(log.index(), log.hash(), live, reader, new RecordLimits(image.blockBytes()));
            final LargeHeads heads =
                    new LargeHeads(log.index(), log.hash(), reader, new ChunkSets(log.chunkSets()), live);
            times.stagingBegins();
            final long staged = new StagedOverlay(log, heads, live).apply();
            times.stagingDone();
            for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones.usedZones(); zone++) {
                if (zones.state(zone) == ZoneState.OFFLINE) {
                    losses.add(new ZoneLoss(zone, ZoneLoss.UNKNOWN, ZoneLoss.UNKNOWN));
                }
            }
            recovery =
                    RecoverySummary.of("opened read-only; " + end(staged), image.closedCleanly(), log, staged, times);
        } catch (final RuntimeException | Error e) {
            CloseHelper.closeAll(log.index(), log.staging());
            throw e;
        }
    }

    /// Opens a store.
    ///
    /// @param config whose device is closed if the opening fails
    /// @throws FormatException     if the device holds no store, or one that cannot be read
    /// @throws CorruptionException if the log cannot be replayed
    public static ReadOnlyStore open(final EngineConfig config) {
        try {
            return new ReadOnlyStore(config);
        } catch (final RuntimeException | Error e) {
            try {
                config.device().close();
            } catch (final RuntimeException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    private ZoneTable recoverMetadataZones(final int last) {
        final ZoneTable table = new ZoneTable(config.device().geometry());
        for (int zone = 0; zone < MetadataLog.ZONES; zone++) {
            recoverMetadataZone(table, zone);
        }
        if (last >= MetadataLog.ZONES) {
            recoverMetadataZone(table, last);
        }
        return table;
    }

    private void recoverMetadataZone(final ZoneTable table, final int zone) {
        final ZoneInfo info = config.device().report(zone);
        table.recover(
                zone, info.state(), info.state() == ZoneState.EMPTY ? null : Stream.METADATA, info.writePointer());
    }

    private StagingFile openStaging(final MetadataImage from) {
        try {
            return StagingFile.openReadOnly(from.stagingPath(), newest.storeId(), from.epoch());
        } catch (final DeviceException e) {
            stagingProblem = "not closed cleanly and its staging memory cannot be read (" + e.getMessage()
                    + "): what lies there alone is not shown";
            return null;
        }
    }

    private String end(final long staged) {
        if (log.staging() != null) {
            return "not closed cleanly, " + staged + " records found in staging, where they stay";
        }
        return stagingProblem.isEmpty() ? RecoverySummary.withoutStaging(image.closedCleanly()) : stagingProblem;
    }

    private long usableBytes() {
        return StoreSpace.usableBytes(
                image, zones, StoreSpace.checkpointZones(image.zoneLimit(), config.checkpointBytes()));
    }

    /// Asked by readers after a read failed, on their threads.
    private boolean isOffline(final int zone) {
        return config.device().report(zone).state() == ZoneState.OFFLINE;
    }

    @Override
    public Reads reads() {
        return reads;
    }

    @Override
    public long maxValueBytes() {
        return StoreSpace.maxValueBytes(zones.geometry(), live.usableBytes());
    }

    @Override
    public void forEach(final EntryConsumer consumer) {
        new EntryScan(log.index(), reader, reads).run(consumer);
    }

    @Override
    public StoreStats stats() {
        final long liveBytes = zones.totalLiveBytes();
        return new StoreStats(
                reads.count(),
                liveBytes,
                Math.max(0, zones.totalWritten(null) - liveBytes),
                image.capacityBytes(),
                StoreReport.usedBytes(zones),
                log.index().memoryBytes(),
                0,
                0,
                log.staging() == null ? "" : log.staging().path().toString(),
                config.memoryBytes(),
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                reads.gets(),
                reader.deviceReads(),
                0,
                0,
                0,
                "",
                0,
                config.device().capabilities().asynchronousIo(),
                config.device().counters(),
                new WritePaths(0, 0, 0, 0, 0),
                ScrubStats.NONE,
                losses,
                recovery.report(),
                recovery.text());
    }

    /// Compares everything with everything.
    public VerifyReport verify(final VerifyOptions options, final VerifyListener listener) {
        final VerifyInput input = new VerifyInput(
                config.device(),
                newest,
                log.index(),
                log.hash(),
                zones,
                log.replayed(),
                log.staged(),
                log.stagedSets());
        try (PointIndex newest = RecoveredIndex.empty(config, log.index().shardCount())) {
            return new Verifier(input, options, listener, config.nanoClock()).run(newest);
        }
    }

    @Override
    public List<ZoneReport> zones() {
        return StoreReport.zones(image, zones);
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    /// Releases everything. Idempotent; readers under way end with {@link IllegalStateException}.
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        CloseHelper.closeAll(config.device(), log.index(), log.staging());
    }
}
