/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zonefs;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.Capabilities;
import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ReadOnlyZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.command.Commands;
import dev.zapkv.io.command.Descriptor;
import dev.zapkv.io.command.IoEngine;
import dev.zapkv.io.command.IoEngines;
import dev.zapkv.io.command.LifetimeHints;
import dev.zapkv.io.command.RingEngine;
import dev.zapkv.io.linux.DeviceUsers;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import dev.zapkv.io.linux.Ownership;
import dev.zapkv.io.linux.SysfsDirectory;
import dev.zapkv.io.sequential.AppendLimit;
import dev.zapkv.io.sequential.DriveLimit;
import dev.zapkv.io.sequential.ReadOnlySequentialDevice;
import dev.zapkv.io.sequential.SequentialCommands;
import dev.zapkv.io.sequential.SequentialZoneDevice;
import dev.zapkv.io.sequential.ZoneWriteDepth;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The sequential files of a zonefs.
///
/// *Append* is a direct write at the end of the file. *Reset* and *finish* are truncations to nothing and to the
/// capacity.
///
/// *Zones* are the files {@code seq/0}, {@code seq/1} …, counted from the first of the range; conventional files take
/// writes anywhere and are numbered apart, if all sequential files are used. Addresses go by a power of two that is not
/// smaller than the capacity.
///
/// *A failed write* must not stop the others: the mount needs {@code errors=repair}, or {@code errors=zone-ro}, which
/// makes the zone read-only.
///
/// *Exclusive* among devices on the same range: the first file is locked ({@code flock}). Nothing keeps others from
/// writing to the files or the drive.
@SuppressWarnings("exports") // the superclass adds nothing to the interface
public final class ZonefsZoneDevice extends SequentialZoneDevice {
    static final int QUEUE_DEPTH = 64;

    private final Descriptor lock;

    private ZonefsZoneDevice(
            final ZonefsMount mount,
            final ZoneGeometry geometry,
            final Capabilities capabilities,
            final IoEngine engine,
            final ZonefsFiles files,
            final SequentialCommands commands,
            final Descriptor lock) {
        super("the device on " + mount.path(), geometry, capabilities, engine, files, commands);
        this.lock = lock;
    }

    /// Opens zones of a mounted zonefs.
    ///
    /// @param mountPoint where it is mounted
    /// @param range      sequential files to use
    /// @param asyncIo    how commands get to the kernel
    /// @throws DeviceException if it is no usable zonefs, in use, not permitted, or the range is not there; nothing
    ///                         was written then
    public static ZonefsZoneDevice open(final Path mountPoint, final ZoneRange range, final AsyncIo asyncIo) {
        return open(mountPoint, range, asyncIo, QUEUE_DEPTH);
    }

    static ZonefsZoneDevice open(
            final Path mountPoint, final ZoneRange range, final AsyncIo asyncIo, final int queueDepth) {
        final ZonefsMount mount = ZonefsMount.of(mountPoint);
        final ZoneRange definite = range.within(mount.path().toString(), mount.zones());
        final Descriptor lock = lock(mount.file(definite.first()), false);
        try {
            return open(mount, definite, asyncIo, queueDepth, lock);
        } catch (final Throwable t) {
            lock.close();
            throw t;
        }
    }

    /// Opens zones of a mounted zonefs to read them alone: no file is opened for writing, and any number of
    /// readers may
    /// do
    /// so at a time. The mount may be read-only.
    ///
    /// @throws DeviceException as {@link #open}, or if somebody writes to the zones
    public static ReadOnlyZoneDevice openReadOnly(final Path mountPoint, final ZoneRange range) {
        final ZonefsMount mount = ZonefsMount.ofReadable(mountPoint);
        final ZoneRange definite = range.within(mount.path().toString(), mount.zones());
        final Descriptor lock = lock(mount.file(definite.first()), true);
        try {
            final ZonefsFiles files = ZonefsFiles.of(mount, definite, true);
            return new ReadOnlySequentialDevice(
                    "zonefs",
                    "the device on " + mount.path(),
                    ReadOnlySequentialDevice.geometry(
                            mount.blockSize(), powerOfTwo(files.capacity()), files.capacity(), definite.count()),
                    files,
                    lock::close);
        } catch (final Throwable t) {
            lock.close();
            throw t;
        }
    }

    private static Descriptor lock(final Path first, final boolean readOnly) {
        final int fd = Libc.open(first.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (fd == -Errno.EACCES || (fd >= 0 && !readOnly && !Files.isWritable(first))) {
            closeIfOpen(fd);
            throw new DeviceException(
                    "no permission to " + (readOnly ? "read " : "write ") + first + ": it is "
                            + Ownership.describe(first)
                            + "; "
                            + Ownership.advice(
                                    first,
                                    "let root give you the files (chown, chmod: until it is mounted again; mkzonefs -o"
                                            + " uid=...,gid=...,perm=...: for good)"),
                    Errno.EACCES);
        }
        if (fd < 0) {
            throw new DeviceException("cannot open " + first + ": " + Errno.describe(-fd), -fd);
        }
        final int result = Libc.flock(fd, readOnly ? Libc.LOCK_SHARED_NOW : Libc.LOCK_EXCLUSIVE_NOW);
        if (result < 0) {
            final String users = DeviceUsers.ofFile(first);
            closeIfOpen(fd);
            throw new DeviceException(
                    first + " is locked, its zones are in use: " + users + "; end that use, or choose other zones",
                    Errno.EBUSY);
        }
        return new Descriptor(fd);
    }

    private static void closeIfOpen(final int fd) {
        if (fd >= 0) {
            Libc.close(fd);
        }
    }

    private static ZonefsZoneDevice open(
            final ZonefsMount mount,
            final ZoneRange range,
            final AsyncIo asyncIo,
            final int queueDepth,
            final Descriptor lock) {
        final ZonefsFiles files = ZonefsFiles.of(mount, range, false);
        final List<ZoneInfo> zones = files.inspectAll();
        final SysfsDirectory queue = mount.disk().directory("queue");
        final ZonefsLimits limits = ZonefsLimits.of(mount, queue, zones);
        final IoEngine engine = IoEngines.open(asyncIo, queueDepth + Commands.SYNC_SLOTS);
        try {
            final boolean ring = engine instanceof RingEngine;
            final Capability synchronousWrites = ring
                    ? new Capability("synchronous-writes", "not needed", "io_uring is in use", "")
                    : SyncWriteProbe.require(mount, files, zones, engine.description());
            final ZoneWriteDepth depth =
                    ZoneWriteDepth.of(mount.disk().path().getFileName().toString(), ring);
            final AppendLimit append = AppendLimit.of(queue, mount.blockSize(), files.capacity(), depth);
            final ZoneGeometry geometry = new ZoneGeometry(
                    mount.blockSize(),
                    powerOfTwo(files.capacity()),
                    files.capacity(),
                    range.count(),
                    DriveLimit.left(
                            mount.path().toString(), "max_wro_seq_files", limits.maxOpen(), limits.openOutside()),
                    DriveLimit.left(
                            mount.path().toString(),
                            "max_active_seq_files",
                            limits.maxActive(),
                            limits.activeOutside()),
                    append.bytes());
            final LifetimeHints hints = LifetimeHints.probe(lock.fd(), range.count());
            final ZonefsZoneDevice device = new ZonefsZoneDevice(
                    mount,
                    geometry,
                    ZonefsCapabilities.describe(
                            mount,
                            range,
                            files.conventionalFiles(),
                            zones,
                            geometry,
                            limits,
                            engine,
                            asyncIo,
                            depth,
                            append,
                            synchronousWrites,
                            hints),
                    engine,
                    files,
                    new SequentialCommands(geometry, files, engine, queueDepth, depth.depth(), hints),
                    lock);
            device.takeOver(zones);
            return device;
        } catch (final Throwable t) {
            engine.close();
            files.close();
            throw t;
        }
    }

    private static long powerOfTwo(final long capacity) {
        final long below = Long.highestOneBit(capacity);
        return below == capacity ? capacity : 2 * below;
    }

    @Override
    protected void releaseLock() {
        lock.close();
    }
}
