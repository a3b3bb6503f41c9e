/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.Capabilities;
import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ReadOnlyZoneDevice;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.command.AttributeCapabilities;
import dev.zapkv.io.command.CommandDevice;
import dev.zapkv.io.command.IoEngines;
import dev.zapkv.io.command.LifetimeHints;
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
///
/// *Close* completes what is in flight, flushes, and closes the zones that are open: the drive keeps their states.
/// Zones
/// that were opened and never written become empty.
@SuppressWarnings("exports") // the superclass adds nothing to the interface
public final class NvmeZoneDevice extends CommandDevice {
    /// Commands in flight unless told otherwise.
    public static final int DEFAULT_QUEUE_DEPTH = 128;

    private static final int QUEUE_DEPTH_MAX = 4096;

    private final NvmeNode node;
    private final Drive drive;
    private final NvmeCommands commands;
    private final NvmeZones zones;
    private final SyncReads syncReads;
    private final StatusCounts statuses;

    private NvmeZoneDevice(
            final NvmeNode node,
            final Drive drive,
            final Capabilities capabilities,
            final PassthroughEngine engine,
            final NvmeCommands commands,
            final SyncReads syncReads,
            final StatusCounts statuses) {
        super("the device on " + node.path().node(), drive.geometry(), capabilities, engine, commands);
        this.node = node;
        this.drive = drive;
        this.commands = commands;
        this.syncReads = syncReads;
        this.statuses = statuses;
        zones = new NvmeZones(
                drive,
                new NodeCalls(node.passthrough().fd()),
                node.path().node().toString(),
                statuses);
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
        Arena arena = null;
        try {
            final Drive drive = new DriveProbe(
                            node,
                            new NodeCalls(opened.passthrough().fd()),
                            QueueLimits.read(opened.path().blockInfo()))
                    .probe(range);
            arena = Arena.ofShared();
            final MemorySegment memory = arena.allocate(PassthroughEngine.offset(queueDepth), Long.BYTES);
            final PassthroughEngine engine =
                    PassthroughEngines.open(asyncIo, opened.passthrough().fd(), arena, memory, queueDepth, drive);
            final SyncReads syncReads = SyncReads.of(drive, opened);
            final StatusCounts statuses = new StatusCounts();
            return new NvmeZoneDevice(
                    opened,
                    drive,
                    details(opened, drive, engine, asyncIo, syncReads),
                    engine,
                    new NvmeCommands(drive, engine, memory, queueDepth, statuses, NvmeCommands.PATIENCE_NS),
                    syncReads,
                    statuses);
        } catch (final Throwable t) {
            if (arena != null) {
                arena.close();
            }
            opened.close();
            throw t;
        }
    }

    /// Opens zones of a drive to read them alone: no zone is opened, closed or written, and any number of
    /// readers may
    /// do
    /// so at a time.
    ///
    /// @throws DeviceException as {@link #open(Path, ZoneRange, AsyncIo)}, or if somebody writes to the zones
    public static ReadOnlyZoneDevice openReadOnly(final Path node, final ZoneRange range) {
        final NvmeNode opened = NvmeNode.openReadOnly(node, range);
        try {
            final Drive drive = new DriveProbe(
                            node,
                            new NodeCalls(opened.passthrough().fd()),
                            QueueLimits.read(opened.path().blockInfo()))
                    .probe(range);
            return new ReadOnlyNvmeDevice(opened, drive);
        } catch (final Throwable t) {
            opened.close();
            throw t;
        }
    }

    private static Capabilities details(
            final NvmeNode node,
            final Drive drive,
            final PassthroughEngine engine,
            final AsyncIo asyncIo,
            final SyncReads syncReads) {
        final List<Capability> list = new ArrayList<>();
        list.add(IoEngines.capability(engine, asyncIo));
        list.add(new Capability("append", "native", "NVMe Zone Append", ""));
        list.add(new Capability("durable-append", "yes", "force unit access", ""));
        list.add(syncReads.capability());
        list.add(node.exclusive());
        list.addAll(drive.details());
        list.addAll(AttributeCapabilities.of(
                engine,
                LifetimeHints.none("appends name no stream of the drive, see directives"),
                "Identify namespace, DPS=0"));
        list.addAll(engine.capabilities());
        return new Capabilities("nvme", true, drive.volatileCache(), engine.description(), list);
    }

    @Override
    public Capabilities capabilities() {
        final Capabilities opened = super.capabilities();
        final List<Capability> all = new ArrayList<>(opened.details());
        all.addAll(statuses.capabilities());
        return new Capabilities(
                opened.backend(), opened.nativeAppend(), opened.volatileCache(), opened.asynchronousIo(), all);
    }

    @Override
    public void readSync(final long address, final MemorySegment target, final long targetOffset, final int length) {
        CommandChecks.addresses(geometry, address, length);
        syncReads.read(address, target, targetOffset, length);
    }

    @Override
    public ZoneInfo report(final int zone) {
        requireZone(zone);
        final ZoneInfo info = zones.report(zone);
        commands.zoneKnown(zone);
        return info;
    }

    @Override
    public void open(final int zone) {
        requireZone(zone);
        zones.open(zone);
    }

    @Override
    public void finish(final int zone) {
        requireIdle(zone, "finish");
        zones.finish(zone);
        commands.zoneKnown(zone);
    }

    @Override
    public void reset(final int zone) {
        requireIdle(zone, "reset");
        zones.reset(zone);
        commands.zoneReset(zone);
    }

    @Override
    public void release(final int zone) {
        requireIdle(zone, "release");
        requireEmpty(zone, zones.report(zone).state());
    }

    private void requireIdle(final int zone, final String operation) {
        requireZone(zone);
        commands.requireIdle(zone, operation);
    }

    @Override
    protected void shutDown() {
        if (drive.volatileCache()) {
            zones.flush();
        }
        zones.closeAll();
    }

    @Override
    protected void releaseMedia() {
        zones.close();
        node.close();
    }
}
