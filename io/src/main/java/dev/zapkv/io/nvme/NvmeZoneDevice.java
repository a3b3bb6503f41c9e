/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.Capabilities;
import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.DeviceCounters;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.command.AppendCounters;
import dev.zapkv.io.emulated.CommandChecks;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The zones of an NVMe drive, written by its own Zone Append command past the kernel's block layer.
///
/// *Append.* The drive chooses the address; many appends of one zone are in flight and complete in any order. A failed
/// append may leave a hole below the write pointer. After an append of which nobody knows whether it took effect (a
/// time-out, a controller reset) its zone refuses appends with {@code EIO} until {@link #report}, {@link #finish} or
/// {@link #reset}.
///
/// *Results.* A negative result is {@code -errno}: EINVAL (zone full), ENOSPC (does not fit), EROFS (zone read-only),
/// EOVERFLOW (too many active zones), ETOOMANYREFS (too many open zones), EIO (anything of the drive), else the
/// kernel's own. The drive's statuses are counted in {@link #capabilities}.
///
/// *States* live in the drive: {@link #report} asks it each time. A full zone is reported with a write pointer at its
/// capacity, also if it was finished early: the drive does not tell.
///
/// *Exclusive use.* The zones are locked against other devices of this kind; while the whole drive is in use its block
/// device cannot be mounted. Nobody else may write the zones: the kernel's block layer does not see what passthrough
/// does.
public final class NvmeZoneDevice implements ZoneDevice {
    /// Commands in flight unless told otherwise.
    public static final int DEFAULT_QUEUE_DEPTH = 128;

    private static final int QUEUE_DEPTH_MAX = 4096;
    private static final long CLOSE_WAIT_NS = 1_000_000_000L;
    private static final CompletionHandler NOBODY = (token, result, honoured) -> {};

    private final NvmeNode node;
    private final Drive drive;
    private final Arena arena;
    private final PassthroughEngine engine;
    private final NvmeCommands commands;
    private final NvmeZones zones;
    private final SyncReads syncReads;
    private final AppendCounters counters;
    private final StatusCounts statuses = new StatusCounts();
    private final List<Capability> details;
    private boolean closed;

    private NvmeZoneDevice(
            final NvmeNode node,
            final Drive drive,
            final Arena arena,
            final MemorySegment commandMemory,
            final PassthroughEngine engine,
            final int queueDepth,
            final AsyncIo asyncIo) {
        this.node = node;
        this.drive = drive;
        this.arena = arena;
        this.engine = engine;
        final String name = node.path().node().toString();
        counters = new AppendCounters(drive.geometry().zoneCount());
        commands = new NvmeCommands(drive, engine, commandMemory, queueDepth, counters, statuses);
        zones = new NvmeZones(drive, new NodeCalls(node.passthrough().fd()), name, statuses);
        syncReads = SyncReads.of(drive, node);
        details = details(asyncIo);
    }

    /// Opens zones of a drive with {@link #DEFAULT_QUEUE_DEPTH}.
    ///
    /// @param node  the namespace's character device, such as {@code /dev/ng0n1}
    /// @param range the zones to use; all others are left alone
    /// @throws DeviceException that says what is wrong with the node, the drive or the permission; nothing is
    /// written
    public static NvmeZoneDevice open(final Path node, final ZoneRange range, final AsyncIo asyncIo) {
        return open(node, range, asyncIo, DEFAULT_QUEUE_DEPTH);
    }

    /// As {@link #open(Path, ZoneRange, AsyncIo)}.
    ///
    /// @param queueDepth commands that may be in flight, 1 to 4,096
    public static NvmeZoneDevice open(
            final Path node, final ZoneRange range, final AsyncIo asyncIo, final int queueDepth) {
        if (queueDepth < 1 || queueDepth > QUEUE_DEPTH_MAX) {
            throw new IllegalArgumentException("queueDepth=" + queueDepth + " not in [1, " + QUEUE_DEPTH_MAX + "]");
        }
        final NvmeNode opened = NvmeNode.open(node, range);
        final Arena arena = Arena.ofShared();
        try {
            final Drive drive = new DriveProbe(
                            node,
                            new NodeCalls(opened.passthrough().fd()),
                            QueueLimits.read(opened.path().blockInfo()))
                    .probe(range);
            final MemorySegment memory = arena.allocate(PassthroughEngine.offset(queueDepth), Long.BYTES);
            final PassthroughEngine engine =
                    PassthroughEngines.open(asyncIo, opened.passthrough().fd(), memory, queueDepth, drive);
            return new NvmeZoneDevice(opened, drive, arena, memory, engine, queueDepth, asyncIo);
        } catch (final Throwable t) {
            arena.close();
            opened.close();
            throw t;
        }
    }

    private List<Capability> details(final AsyncIo asyncIo) {
        final List<Capability> list = new ArrayList<>();
        list.add(new Capability(
                "asynchronous-io",
                engine.description(),
                asyncIo + ", " + AsyncIo.PROPERTY + "=" + System.getProperty(AsyncIo.PROPERTY, "auto"),
                engine instanceof IoctlEngine ? "blocking passthrough on threads" : ""));
        list.add(new Capability("append", "native", "NVMe Zone Append", ""));
        list.add(new Capability("durable-append", "yes", "force unit access", ""));
        list.add(syncReads.capability());
        list.add(node.exclusive());
        list.addAll(drive.details());
        list.addAll(engine.capabilities());
        return list;
    }

    @Override
    public ZoneGeometry geometry() {
        return drive.geometry();
    }

    @Override
    public Capabilities capabilities() {
        final List<Capability> all = new ArrayList<>(details);
        all.addAll(statuses.capabilities());
        return new Capabilities("nvme", true, drive.volatileCache(), engine.description(), all);
    }

    @Override
    public DeviceCounters counters() {
        return counters.snapshot();
    }

    @Override
    public IoBuffer register(final MemorySegment memory) {
        requireOpen();
        CommandChecks.memory(drive.geometry(), memory);
        return NvmeBuffer.register(this, engine, memory, drive.geometry().maxAppend());
    }

    void unregister(final int index) {
        if (!closed) {
            engine.unregister(index);
        }
    }

    @Override
    public boolean append(
            final int zone,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        requireOpen();
        final NvmeBuffer own = own(buffer);
        CommandChecks.append(drive.geometry(), zone, own.memory().byteSize(), offset, length, attributes);
        if (commands.isFull()) {
            return false;
        }
        commands.append(zone, own, offset, length, (attributes & IoAttributes.DURABLE) != 0, token);
        return true;
    }

    @Override
    public boolean read(
            final long address,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        requireOpen();
        final NvmeBuffer own = own(buffer);
        CommandChecks.read(drive.geometry(), address, own.memory().byteSize(), offset, length, attributes);
        if (commands.isFull()) {
            return false;
        }
        commands.read(address, own, offset, length, token);
        return true;
    }

    @Override
    public boolean flush(final long token) {
        requireOpen();
        if (commands.isFull()) {
            return false;
        }
        commands.flush(token);
        return true;
    }

    @Override
    public int poll(final CompletionHandler handler) {
        requireOpen();
        return commands.poll(handler, -1);
    }

    @Override
    public int await(final CompletionHandler handler, final long timeoutNs) {
        requireOpen();
        final long startNs = System.nanoTime();
        long leftNs = Math.max(0, timeoutNs);
        while (true) {
            if (commands.inFlight() == 0) {
                engine.takeWakeup();
                return 0;
            }
            final int count = commands.poll(handler, leftNs);
            if (engine.takeWakeup() || count > 0) {
                return count;
            }
            leftNs = timeoutNs - (System.nanoTime() - startNs);
            if (leftNs <= 0) {
                return 0;
            }
        }
    }

    @Override
    public void wakeup() {
        engine.wakeup();
    }

    @Override
    public int inFlight() {
        return commands.inFlight();
    }

    @Override
    public void readSync(final long address, final MemorySegment target, final long targetOffset, final int length) {
        CommandChecks.addresses(drive.geometry(), address, length);
        syncReads.read(address, target, targetOffset, length);
    }

    @Override
    public ZoneInfo report(final int zone) {
        requireOpen();
        CommandChecks.zone(drive.geometry(), zone);
        final ZoneInfo info = zones.report(zone);
        commands.zoneKnown(zone);
        return info;
    }

    @Override
    public void open(final int zone) {
        requireOpen();
        CommandChecks.zone(drive.geometry(), zone);
        zones.open(zone);
    }

    @Override
    public void finish(final int zone) {
        requireOpen();
        CommandChecks.zone(drive.geometry(), zone);
        commands.requireIdle(zone, "finish");
        zones.finish(zone);
        commands.zoneKnown(zone);
    }

    @Override
    public void reset(final int zone) {
        requireOpen();
        CommandChecks.zone(drive.geometry(), zone);
        commands.requireIdle(zone, "reset");
        zones.reset(zone);
        commands.zoneKnown(zone);
        counters.reset(zone);
    }

    @Override
    public void release(final int zone) {
        requireOpen();
        CommandChecks.zone(drive.geometry(), zone);
        commands.requireIdle(zone, "release");
        final ZoneState state = zones.report(zone).state();
        if (state != ZoneState.EMPTY) {
            throw new IllegalStateException("release of zone=" + zone + " in state " + state + ": reset it first");
        }
    }

    private NvmeBuffer own(final IoBuffer buffer) {
        if (buffer instanceof final NvmeBuffer own && own.belongsTo(this)) {
            return own;
        }
        throw new IllegalArgumentException("the buffer was not registered with this device: " + buffer);
    }

    private void requireOpen() {
        if (closed) {
            throw new DeviceException("the device on " + node.path().node() + " is closed", 0);
        }
    }

    /// Completes what is in flight, flushes, and closes the zones that are open: the drive keeps their states. Zones
    /// that were opened and never written become empty.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (commands.isPolling()) {
            throw new IllegalStateException("a completion handler must not close the device");
        }
        closed = true;
        try {
            while (commands.inFlight() > 0) {
                commands.poll(NOBODY, CLOSE_WAIT_NS);
                engine.takeWakeup();
            }
            if (drive.volatileCache()) {
                zones.flush();
            }
            zones.closeAll();
        } finally {
            try {
                engine.close();
                arena.close(); // not after a failure: a command might still be under way
            } finally {
                zones.close();
                node.close();
            }
        }
    }
}
