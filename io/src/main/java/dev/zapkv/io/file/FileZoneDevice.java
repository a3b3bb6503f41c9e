/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.Capabilities;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ReadOnlyZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.command.CommandDevice;
import dev.zapkv.io.command.Commands;
import dev.zapkv.io.command.IoEngine;
import dev.zapkv.io.command.IoEngines;
import dev.zapkv.io.command.LifetimeHints;
import dev.zapkv.io.emulated.CommandChecks;
import dev.zapkv.io.emulated.EmulatedZones;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/// Zones in an ordinary directory.
///
/// | name | content |
/// |---|---|
/// | {@code DEVICE} | sizes, fixed at creation (see {@code DeviceIdentity}) |
/// | {@code ZONES} | zone states; there only while the device is cleanly closed (see {@code ZoneStatesFile}) |
/// | {@code zones/zone-00000000} … | one file per zone, zone capacity long, created when the zone is first opened or
/// written |
///
/// *Append.* The write pointer is assigned when the command is accepted and the data is written there, past
/// the page cache where the file system can. Many appends of one zone are in flight; they complete in any
/// order. A failed append leaves a hole below the write pointer that reads as zeros or as data of an earlier
/// life of the zone: appends after it keep their place.
///
/// *Reset* recycles the file: old data stays readable until overwritten. {@link #release} deletes it.
///
/// *Unclean stop.* Zone states live in memory. Without {@code ZONES} every zone whose file was ever written
/// is reported as full, with a write pointer that is only an upper bound.
///
/// *Flush* is one {@code fdatasync} per file written since; see {@code FlushRounds} for a failed one. What
/// an earlier
/// process wrote is made durable when the device is opened after an unclean stop, by one {@code syncfs}.
@SuppressWarnings("exports") // the superclass adds nothing to the interface
public final class FileZoneDevice extends CommandDevice {
    private static final int APPEND_LENGTH_MAX = 1 << 30;

    private final Path directory;
    private final EmulatedZones zones;
    private final ZoneFiles files;
    private final FileCommands commands;

    private FileZoneDevice(
            final Path directory,
            final ZoneGeometry geometry,
            final Capabilities capabilities,
            final EmulatedZones zones,
            final ZoneFiles files,
            final IoEngine engine,
            final FileCommands commands) {
        super("the device in " + directory, geometry, capabilities, engine, commands);
        this.directory = directory;
        this.zones = zones;
        this.files = files;
        this.commands = commands;
    }

    /// Whether a directory holds a device, usable or not.
    public static boolean exists(final Path directory) {
        return Files.exists(directory.resolve(DeviceIdentity.FILE_NAME));
    }

    /// Whether a file in a directory that holds no device is what an attempt to make one there left: it ended
    /// early, or found no space.
    public static boolean isLeftOver(final Path file) throws IOException {
        final String name = file.getFileName().toString();
        if (name.equals(DeviceIdentity.FILE_NAME + DurableFiles.TEMPORARY_SUFFIX)) {
            return true;
        }
        if (!name.equals(ZoneFiles.DIRECTORY_NAME) || !Files.isDirectory(file)) {
            return false;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(file)) {
            return !files.iterator().hasNext();
        }
    }

    /// Makes a directory a device and opens it. The directory is created if need be; other files in it are
    /// left alone.
    ///
    /// @throws IllegalArgumentException if the geometry cannot be had in a directory
    /// @throws DeviceException          if there is a device already, or the directory cannot be written
    public static FileZoneDevice create(
            final Path directory, final ZoneGeometry geometry, final FileDeviceOptions options) {
        if (geometry.maxAppend() > APPEND_LENGTH_MAX) {
            throw new IllegalArgumentException("maxAppend=" + geometry.maxAppend() + " exceeds " + APPEND_LENGTH_MAX);
        }
        if (geometry.zoneCount() > ZoneStatesFile.zoneCountMax()) {
            throw new IllegalArgumentException(
                    "zoneCount=" + geometry.zoneCount() + " exceeds " + ZoneStatesFile.zoneCountMax());
        }
        if (exists(directory)) {
            throw new DeviceException(
                    directory + " already holds a device: open it, or choose another directory", Errno.EEXIST);
        }
        try {
            final Path zoneDirectory = directory.resolve(ZoneFiles.DIRECTORY_NAME);
            Files.createDirectories(zoneDirectory);
            final ZoneFiles leftOver = new ZoneFiles(zoneDirectory, geometry, false);
            leftOver.requireNone();
            DeviceIdentity.write(directory, geometry);
            DurableFiles.syncDirectory(directory.toAbsolutePath().getParent());
        } catch (final IOException e) {
            throw new DeviceException(
                    "cannot create a device in " + directory + ": " + e
                            + "; see that the file system can be written and has free space",
                    Errno.EIO,
                    e);
        }
        return open(directory, options);
    }

    /// Opens a device. The caller makes sure that nobody else has it open.
    ///
    /// @throws DeviceException if the directory is no device, of a newer format, damaged, or cannot be
    ///                         written
    public static FileZoneDevice open(final Path directory, final FileDeviceOptions options) {
        try {
            return openChecked(directory, options);
        } catch (final IOException e) {
            throw new DeviceException("cannot open the device in " + directory + ": " + e, Errno.EIO, e);
        }
    }

    /// Opens a device to be read alone. Nothing in the directory is created, changed or deleted; it may lie on
    /// a
    /// read-only file system. The caller makes sure that nobody writes to it meanwhile.
    ///
    /// @throws DeviceException if the directory is no device, of a newer format, damaged, or cannot be read
    public static ReadOnlyZoneDevice openReadOnly(final Path directory) {
        try {
            final ZoneGeometry geometry = DeviceIdentity.read(directory);
            final EmulatedZones zones = new EmulatedZones(geometry);
            final ZoneFiles files = new ZoneFiles(directory.resolve(ZoneFiles.DIRECTORY_NAME), geometry, false);
            try {
                restore(directory, geometry, zones, files);
                return new ReadOnlyFileDevice(geometry, zones, files);
            } catch (final Throwable t) {
                files.close();
                throw t;
            }
        } catch (final AccessDeniedException e) {
            throw new DeviceException(
                    "no permission to read " + e.getFile() + ": ask its owner, or read it as another user",
                    DeviceException.EACCES,
                    e);
        } catch (final IOException e) {
            throw new DeviceException("cannot open the device in " + directory + ": " + e, Errno.EIO, e);
        }
    }

    /// Finds the zone files, and what the states of the zones were.
    ///
    /// @return whether the device was cleanly closed
    private static boolean restore(
            final Path directory, final ZoneGeometry geometry, final EmulatedZones zones, final ZoneFiles files)
            throws IOException {
        final boolean clean = ZoneStatesFile.read(directory, geometry, zones);
        files.scan();
        if (clean) {
            requireFiles(geometry, zones, files);
        } else {
            restoreUnclean(geometry, zones, files);
        }
        return clean;
    }

    private static FileZoneDevice openChecked(final Path directory, final FileDeviceOptions options)
            throws IOException {
        final ZoneGeometry geometry = DeviceIdentity.read(directory);
        final EmulatedZones zones = new EmulatedZones(geometry);
        final boolean direct = DirectIoProbe.probe(directory, geometry, options.directIo());
        final ZoneFiles files = new ZoneFiles(directory.resolve(ZoneFiles.DIRECTORY_NAME), geometry, direct);
        IoEngine engine = null;
        try {
            if (!restore(directory, geometry, zones, files)) {
                syncAll(directory);
            }
            engine = IoEngines.open(options.asyncIo(), options.queueDepth() + Commands.SYNC_SLOTS);
            final LifetimeHints hints = lifetimeHints(directory, geometry.zoneCount());
            final FileZoneDevice device = new FileZoneDevice(
                    directory,
                    geometry,
                    FileCapabilities.describe(engine, options, direct, hints),
                    zones,
                    files,
                    engine,
                    new FileCommands(geometry, zones, files, engine, options.queueDepth(), direct, hints));
            files.deleteUnfinished();
            // Last: from here on only close makes the states valid again.
            ZoneStatesFile.invalidate(directory, geometry);
            return device;
        } catch (final Throwable t) {
            files.close();
            if (engine != null) {
                engine.close();
            }
            throw t;
        }
    }

    /// What an earlier process wrote may still be in the page cache or in that of a disk, and nobody
    /// remembers where:
    /// flushes from now on are about what this one writes.
    private static void syncAll(final Path directory) {
        final Path file = directory.resolve(DeviceIdentity.FILE_NAME);
        final int fd = Libc.open(file.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        final int result = fd < 0 ? fd : Libc.syncfs(fd);
        if (fd >= 0) {
            Libc.close(fd);
        }
        if (result < 0) {
            throw new DeviceException(
                    "what was written to " + directory + " before could not be made durable: " + Errno.describe(-result)
                            + "; check the disk",
                    -result);
        }
    }

    private static LifetimeHints lifetimeHints(final Path directory, final int zones) {
        final Path file = directory.resolve(DeviceIdentity.FILE_NAME);
        final int fd = Libc.open(file.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (fd < 0) {
            throw new DeviceException("cannot open " + file + ": " + Errno.describe(-fd), -fd);
        }
        try {
            return LifetimeHints.probe(fd, zones);
        } finally {
            Libc.close(fd);
        }
    }

    private static void requireFiles(final ZoneGeometry geometry, final EmulatedZones zones, final ZoneFiles files) {
        for (int zone = 0; zone < geometry.zoneCount(); zone++) {
            if (zones.writePointer(zone) > 0 && !files.exists(zone)) {
                throw new DeviceException(
                        files.path(zone) + " is missing, it held " + zones.writePointer(zone)
                                + " bytes: restore it from a backup",
                        DeviceException.ENOENT);
            }
        }
    }

    private static void restoreUnclean(final ZoneGeometry geometry, final EmulatedZones zones, final ZoneFiles files) {
        for (int zone = 0; zone < geometry.zoneCount(); zone++) {
            if (files.exists(zone) && files.hasData(zone)) {
                zones.restore(zone, ZoneState.FULL, geometry.zoneCapacity(), false);
            }
        }
    }

    /// Where the device lies.
    public Path directory() {
        return directory;
    }

    @Override
    public void readSync(final long address, final MemorySegment target, final long targetOffset, final int length) {
        CommandChecks.addresses(geometry, address, length);
        files.readSync(geometry.zoneOf(address), geometry.offsetOf(address), target, targetOffset, length);
    }

    @Override
    public ZoneInfo report(final int zone) {
        requireZone(zone);
        return zones.report(zone);
    }

    @Override
    public void open(final int zone) {
        requireZone(zone);
        zones.check(zone, "open", zones.openRefusal(zone));
        files.create(zone, true);
        zones.open(zone);
    }

    @Override
    public void reserve(final int zone) {
        requireZone(zone);
        files.create(zone, true);
    }

    @Override
    public void finish(final int zone) {
        requireZone(zone);
        zones.finish(zone);
        commands.closeWriterIfDone(zone);
    }

    @Override
    public void reset(final int zone) {
        requireZone(zone);
        zones.reset(zone);
        commands.zoneReset(zone);
    }

    @Override
    public void release(final int zone) {
        requireZone(zone);
        requireEmpty(zone, zones.state(zone));
        if (files.exists(zone)) {
            files.delete(zone);
        }
    }

    @Override
    protected void shutDown() {
        requireSynced(commands.syncAll());
        try {
            ZoneStatesFile.write(directory, geometry, zones);
        } catch (final IOException e) {
            throw new DeviceException("cannot save the zone states of " + directory + ": " + e, Errno.EIO, e);
        }
    }

    @Override
    protected void releaseMedia() {
        files.close();
    }

    /// A clean stop means that everything below the write pointers is durable. After a failed sync the stop
    /// is not clean.
    private void requireSynced(final int result) {
        if (result < 0) {
            throw new DeviceException(
                    "data of " + directory + " could not be made durable: " + Errno.describe(-result)
                            + "; the device counts as not cleanly closed",
                    -result);
        }
    }
}
