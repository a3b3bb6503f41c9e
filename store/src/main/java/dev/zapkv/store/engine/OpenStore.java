/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.ConfigurationException;
import dev.zapkv.CorruptionException;
import dev.zapkv.Durability;
import dev.zapkv.EntryConsumer;
import dev.zapkv.FormatException;
import dev.zapkv.GcReport;
import dev.zapkv.StoreStats;
import dev.zapkv.ZapKvException;
import dev.zapkv.ZoneReport;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.store.checkpoint.CheckpointWriter;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.store.spi.Collector;
import java.util.List;

/// A store that is open: what it answers, and how it ends. {@link StoreOpening} puts it together.
public final class OpenStore implements Store {
    private final StoreParts parts;
    private final BackgroundScrub scrub;
    private final StoreReport report;
    private final EngineConfig config;
    private final ZoneGeometry geometry;
    private final AppendAgent append;
    private final IoAgent agent;
    private final Engine engine;
    private final Collector collector;
    private final CheckpointWriter checkpoints;
    private volatile boolean closed;

    /// @param recovery the line on how it was opened
    OpenStore(final StoreParts parts, final RecoverySummary recovery) {
        this.parts = parts;
        scrub = BackgroundScrub.start(parts);
        report = new StoreReport(parts, scrub, recovery);
        config = parts.config();
        geometry = config.device().geometry();
        append = parts.append();
        agent = parts.agent();
        engine = parts.engine();
        collector = parts.collector();
        checkpoints = parts.checkpoints();
    }

    /// Opens a store on a device, or makes one there.
    ///
    /// @throws FormatException        if the device holds no store and none may be made, or one that cannot
    /// be read
    /// @throws ConfigurationException if a setting does not fit the device or the machine
    /// @throws CorruptionException    if the log cannot be replayed
    public static OpenStore open(final EngineConfig config) {
        return new StoreOpening(config).open();
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

    @Override
    public Reads reads() {
        return engine;
    }

    @Override
    public long maxValueBytes() {
        return StoreSpace.maxValueBytes(geometry, parts.live().usableBytes());
    }

    /// Level of writes that name none.
    public Durability durability() {
        return config.durability();
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    @Override
    public void forEach(final EntryConsumer consumer) {
        new EntryScan(parts.index(), parts.reader(), engine).run(consumer);
    }

    /// Collects zones now and waits for it, unless there is no room left to collect with.
    public GcReport collect(final double minGarbageRatio) {
        final long started = config.nanoClock().getAsLong();
        final long zonesBefore = collector.zonesCollected();
        final long bytesBefore = collector.appendedBytes();
        agent.exclusively(() -> {
            collector.request(minGarbageRatio);
            return null;
        });
        while (collector.isRequested() && !agent.isStanding()) {
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

    @Override
    public StoreStats stats() {
        return report.stats();
    }

    @Override
    public List<ZoneReport> zones() {
        return report.zones();
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
        boolean clean = false;
        try {
            scrub.close();
            append.staging().close();
            append.leases().close();
            agent.stop();
            clean = end();
        } finally {
            parts.release(clean);
        }
    }

    /// Brings everything to the device, and notes there that the store was closed.
    ///
    /// @return whether nothing is in staging alone any more
    private boolean end() {
        final boolean clean = drain();
        if (clean) {
            checkpointAtEnd();
        }
        if (clean && agent.failure() == null) {
            try {
                parts.metadata().noteCleanEnd();
            } catch (final RuntimeException e) {
                throw new ZapKvException("the store could not note its clean end; it will recover when opened", e);
            }
        }
        return clean;
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
        agent.awaitDevice();
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
        agent.awaitDevice();
        return agent.failure() == null;
    }
}
