/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zbd;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.Capabilities;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ReadOnlyZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.command.Commands;
import dev.zapkv.io.command.Descriptor;
import dev.zapkv.io.command.IoEngine;
import dev.zapkv.io.command.IoEngines;
import dev.zapkv.io.command.LifetimeHints;
import dev.zapkv.io.command.RingEngine;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import dev.zapkv.io.linux.SysfsDirectory;
import dev.zapkv.io.linux.ZoneIoctl;
import dev.zapkv.io.linux.ZoneLock;
import dev.zapkv.io.sequential.AppendLimit;
import dev.zapkv.io.sequential.ReadOnlySequentialDevice;
import dev.zapkv.io.sequential.SequentialCommands;
import dev.zapkv.io.sequential.SequentialZoneDevice;
import dev.zapkv.io.sequential.ZoneWriteDepth;
import java.nio.file.Path;

/// A zoned block device: a ZNS drive through the block layer, an SMR disk, null_blk.
///
/// *Append* is a direct write at the write pointer; the zone and its address are known when the write leaves the
/// queue of its zone. How many writes of one zone are at the drive at a time depends on the kernel, see the
/// capability {@code queue-depth-per-zone}.
///
/// *A failed append* leaves a hole as long as the drive says: zones are reported after a failure, and go on from
/// the drive's write pointer.
///
/// *Zones* are those of the range that take sequential writes, counted from the first of them; conventional zones
/// have no write pointer and are numbered apart. The drive keeps their states. Whoever left a zone open, it is closed
/// when
/// the device is opened.
///
/// *Reads* pass the page cache by. *Flush* is one {@code fdatasync} of the node for all zones.
///
/// *Exclusive.* The node is claimed as mounts do it (O_EXCL). It must not be written by any other path meanwhile,
/// passthrough included.
@SuppressWarnings("exports") // the superclass adds nothing to the interface
public final class ZbdZoneDevice extends SequentialZoneDevice {
    static final int QUEUE_DEPTH = 64;

    private static final long ZONES_MAX = Integer.MAX_VALUE;
    private static final long BLOCK_MAX = 1 << 20;

    private ZbdZoneDevice(
            final BlockNode node,
            final ZoneGeometry geometry,
            final Capabilities capabilities,
            final IoEngine engine,
            final BlockZones zones,
            final SequentialCommands commands) {
        super("the device on " + node.path(), geometry, capabilities, engine, zones, commands);
    }

    /// Opens zones of a drive.
    ///
    /// @param node    the block device
    /// @param range   zones to use, as the drive counts them
    /// @param asyncIo how commands get to the kernel
    /// @throws DeviceException if it is no zoned block device, in use, not permitted, or the range is not there;
    ///                         nothing was written then
    public static ZbdZoneDevice open(final Path node, final ZoneRange range, final AsyncIo asyncIo) {
        return open(node, range, asyncIo, QUEUE_DEPTH);
    }

    static ZbdZoneDevice open(final Path node, final ZoneRange range, final AsyncIo asyncIo, final int queueDepth) {
        final BlockNode block = BlockNode.of(node);
        block.requireHostManaged();
        final Descriptor descriptor = block.claim();
        try {
            ZoneLock.acquire(descriptor.fd(), block.path(), block.status().inode(), range, false);
            return open(block, descriptor, range, asyncIo, queueDepth);
        } catch (final Throwable t) {
            descriptor.close();
            throw t;
        }
    }

    /// Opens zones of a drive to read them alone: no zone is opened, closed or written, and any number of
    /// readers may
    /// do
    /// so at a time.
    ///
    /// @throws DeviceException as {@link #open}, or if somebody writes to the zones
    public static ReadOnlyZoneDevice openReadOnly(final Path node, final ZoneRange range) {
        final BlockNode block = BlockNode.of(node);
        block.requireHostManaged();
        final Descriptor descriptor = block.openToRead();
        try {
            ZoneLock.acquire(descriptor.fd(), block.path(), block.status().inode(), range, true);
            final String name = block.path().toString();
            final int blockSize = blockSize(name, descriptor.fd(), block.queue());
            final ZoneSurvey survey = ZoneSurvey.of(name, descriptor.fd(), range, blockSize);
            return new ReadOnlySequentialDevice(
                    "zbd",
                    "the device on " + name,
                    ReadOnlySequentialDevice.geometry(
                            blockSize,
                            survey.zoneSize(),
                            survey.capacity(),
                            survey.range().count()),
                    new BlockZones(name, descriptor, survey, blockSize),
                    () -> {});
        } catch (final Throwable t) {
            descriptor.close();
            throw t;
        }
    }

    private static ZbdZoneDevice open(
            final BlockNode node,
            final Descriptor descriptor,
            final ZoneRange range,
            final AsyncIo asyncIo,
            final int queueDepth) {
        final boolean locked = Libc.flock(descriptor.fd(), Libc.LOCK_EXCLUSIVE_NOW) == 0;
        final String name = node.path().toString();
        final SysfsDirectory queue = node.queue();
        final int blockSize = blockSize(name, descriptor.fd(), queue);
        final ZoneSurvey survey = ZoneSurvey.of(name, descriptor.fd(), range, blockSize);
        final IoEngine engine = IoEngines.open(asyncIo, queueDepth + Commands.SYNC_SLOTS);
        final BlockZones zones = new BlockZones(name, descriptor, survey, blockSize);
        try {
            final ZoneWriteDepth depth = ZoneWriteDepth.of(node.name(), engine instanceof RingEngine);
            final LifetimeHints hints = LifetimeHints.none("the node has one for all zones");
            final AppendLimit limit = AppendLimit.of(queue, blockSize, survey.capacity(), depth);
            final ZoneGeometry geometry = survey.geometry(
                    name,
                    blockSize,
                    queue.number("max_open_zones", 0, ZONES_MAX, 0),
                    queue.number("max_active_zones", 0, ZONES_MAX, 0),
                    limit.bytes());
            final ZbdZoneDevice device = new ZbdZoneDevice(
                    node,
                    geometry,
                    ZbdCapabilities.describe(node, survey, geometry, engine, asyncIo, depth, limit, locked, hints),
                    engine,
                    zones,
                    new SequentialCommands(geometry, zones, engine, queueDepth, depth.depth(), hints));
            device.takeOver(survey.zones());
            return device;
        } catch (final Throwable t) {
            engine.close();
            zones.close();
            throw t;
        }
    }

    /// Writes are multiples of what the drive can write at once, which may be more than its logical block.
    private static int blockSize(final String node, final int fd, final SysfsDirectory queue) {
        final long logical = ZoneIoctl.logicalBlock(fd);
        final long granularity = queue.number("zone_write_granularity", 1, BLOCK_MAX, 0);
        final long block = Math.max(logical, granularity);
        if (logical < ZoneIoctl.SECTOR || block > BLOCK_MAX || Long.bitCount(block) != 1) {
            throw new DeviceException(
                    node + " has logical blocks of " + logical + " bytes and a write granularity of " + granularity
                            + " bytes: such drives are not supported",
                    Errno.EINVAL);
        }
        return (int) block;
    }
}
