/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.command.Descriptor;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;

/// The zone files of a device and their descriptors. A zone file is created under a temporary name, given its
/// whole length, synced and then renamed, so a file with a zone's name always has exactly the zone's
/// capacity; another length means somebody truncated it.
///
/// *Threads.* {@link #readSync} may run on any thread at any time. Everything else has one caller at a time.
/// What they share: the descriptors for reading (published through an atomic array, closed by their last
/// user), the set of files (under a lock that a reader takes once per file), and {@code closed}.
final class ZoneFiles {
    static final String DIRECTORY_NAME = "zones";

    private static final String PREFIX = "zone-";
    private static final int MODE = 0644;
    private static final int ENXIO = 6;
    private static final int ENFILE = 23;
    private static final int EMFILE = 24;

    private final Path directory;
    private final ZoneGeometry geometry;
    private final boolean direct;
    private final Descriptor[] writers;
    private final AtomicReferenceArray<Descriptor> readers;
    private final ReentrantLock lock = new ReentrantLock();
    private final BitSet existing = new BitSet(); // guarded by lock
    private volatile boolean closed;
    // Whether the last attempt to reserve space found none.
    private boolean full;

    /// @param direct whether {@link #writer} passes the page cache by
    ZoneFiles(final Path directory, final ZoneGeometry geometry, final boolean direct) {
        this.directory = directory;
        this.geometry = geometry;
        this.direct = direct;
        writers = new Descriptor[geometry.zoneCount()];
        readers = new AtomicReferenceArray<>(geometry.zoneCount());
    }

    /// Finds the files that are there and checks their lengths. Changes nothing.
    void scan() throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, PREFIX + "*")) {
            for (final Path file : files) {
                final String name = file.getFileName().toString();
                if (!name.endsWith(DurableFiles.TEMPORARY_SUFFIX)) {
                    scanned(file, zoneOf(file, name));
                }
            }
        }
    }

    /// Refuses a directory in which zone files lie although it is no device.
    void requireNone() throws IOException {
        scan();
        if (!existing.isEmpty()) {
            throw new DeviceException(
                    directory + " holds " + existing.cardinality()
                            + " zone files of a device whose identity file is gone: restore that file from a backup, or"
                            + " choose another directory",
                    Errno.EEXIST);
        }
    }

    private void scanned(final Path file, final int zone) throws IOException {
        final long length = Files.size(file);
        if (length != geometry.zoneCapacity()) {
            throw wrongLength(file, length);
        }
        existing.set(zone);
    }

    private int zoneOf(final Path file, final String name) {
        try {
            final int zone = Integer.parseInt(name, PREFIX.length(), name.length(), 10);
            if (zone < geometry.zoneCount() && name(zone).equals(name)) {
                return zone;
            }
        } catch (final NumberFormatException e) {
            throw foreign(file, e);
        }
        throw foreign(file, null);
    }

    private DeviceException foreign(final Path file, final Throwable cause) {
        return new DeviceException(
                file + " is not a file of this device, whose zones are " + name(0) + " to "
                        + name(geometry.zoneCount() - 1) + ": move it elsewhere",
                0,
                cause);
    }

    /// Deletes what an interrupted creation left.
    void deleteUnfinished() throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + DurableFiles.TEMPORARY_SUFFIX)) {
            for (final Path file : files) {
                DurableFiles.delete(file);
            }
        }
    }

    static String name(final int zone) {
        return String.format(Locale.ROOT, PREFIX + "%08d", zone);
    }

    Path path(final int zone) {
        return directory.resolve(name(zone));
    }

    /// Whether a zone has a file.
    boolean exists(final int zone) {
        lock.lock();
        try {
            return existing.get(zone);
        } finally {
            lock.unlock();
        }
    }

    /// Whether a zone's file holds data, that is: anything was ever written to it.
    boolean hasData(final int zone) {
        final Descriptor reader = reader(zone);
        if (reader == null) {
            return false;
        }
        try {
            return Libc.lseek(reader.fd(), 0, Libc.SEEK_DATA) != -ENXIO; // "no data": nothing but reserved space
        } finally {
            reader.release();
        }
    }

    /// Creates a zone's file unless it is there.
    ///
    /// @param reserve whether its space is reserved
    void create(final int zone, final boolean reserve) {
        final Path path = path(zone);
        if (exists(zone)) {
            if (reserve) {
                reserve(writer(zone).fd(), path);
            }
            return;
        }
        if (reserve && full) {
            requireSpace(DurableFiles.temporary(path));
        }
        final Path temporary = DurableFiles.temporary(path);
        try {
            createUnder(temporary, reserve);
            Files.move(temporary, path);
            DurableFiles.syncDirectory(directory);
        } catch (final IOException e) {
            deleteAfterFailure(temporary, e);
            throw new DeviceException("cannot create " + path + ": " + e, Errno.EIO, e);
        } catch (final DeviceException e) {
            deleteAfterFailure(temporary, e);
            throw e;
        }
        lock.lock();
        try {
            existing.set(zone);
        } finally {
            lock.unlock();
        }
    }

    private void createUnder(final Path temporary, final boolean reserve) {
        final int fd = openFile(temporary, Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC);
        try {
            if (reserve) {
                reserve(fd, temporary);
            }
            // Whatever its space: the length is there from the start, appends never change it.
            check(Libc.ftruncate(fd, geometry.zoneCapacity()), "ftruncate", temporary);
            check(Libc.fsync(fd), "fsync", temporary);
        } finally {
            Libc.close(fd);
        }
    }

    private void reserve(final int fd, final Path path) {
        final int result = FileSpace.reserve(fd, geometry.zoneCapacity());
        full = FileSpace.isFull(result);
        if (full) {
            throw noSpace(path, usableBytes());
        }
        check(result, "reserving the space", path);
    }

    /// On a file system that was full a vain attempt would take, for a moment, what is left of it from
    /// everybody else.
    private void requireSpace(final Path path) {
        try {
            final long free = Files.getFileStore(directory).getUnallocatedSpace();
            if (free < geometry.zoneCapacity()) {
                throw noSpace(path, Long.toString(free));
            }
        } catch (final IOException e) {
            throw noSpace(path, unknown(e));
        }
    }

    private DeviceException noSpace(final Path path, final String free) {
        return new DeviceException(
                "no space for " + path + ": it needs " + geometry.zoneCapacity() + " bytes, " + free
                        + " are free; free space on that file system",
                Errno.ENOSPC);
    }

    private String usableBytes() {
        try {
            return Long.toString(Files.getFileStore(directory).getUsableSpace());
        } catch (final IOException e) {
            return unknown(e);
        }
    }

    private static String unknown(final IOException e) {
        return "an unknown number of (" + e + ")";
    }

    private static void deleteAfterFailure(final Path temporary, final Exception failure) {
        try {
            Files.deleteIfExists(temporary);
        } catch (final IOException e) {
            failure.addSuppressed(e);
        }
    }

    /// Deletes a zone's file. Commands and readers that still use it keep their descriptor until they are
    /// through.
    void delete(final int zone) {
        closeWriter(zone);
        final Descriptor reader;
        lock.lock();
        try {
            existing.clear(zone);
            reader = readers.getAndSet(zone, null);
        } finally {
            lock.unlock();
        }
        if (reader != null) {
            reader.close();
        }
        try {
            DurableFiles.delete(path(zone));
        } catch (final IOException e) {
            throw new DeviceException("cannot delete " + path(zone) + ": " + e, Errno.EIO, e);
        }
    }

    /// The descriptor for appends and asynchronous reads of an existing file. The caller acquires it while a
    /// command uses it.
    Descriptor writer(final int zone) {
        Descriptor writer = writers[zone];
        if (writer == null) {
            writer = new Descriptor(openFile(path(zone), Libc.O_RDWR | Libc.O_CLOEXEC | (direct ? Libc.O_DIRECT : 0)));
            writers[zone] = writer;
        }
        return writer;
    }

    /// Closes the descriptor of a zone that takes no appends any more.
    void closeWriter(final int zone) {
        if (writers[zone] != null) {
            writers[zone].close();
            writers[zone] = null;
        }
    }

    /// Reads through the page cache. A zone without a file reads as zeros.
    void readSync(final int zone, final long offset, final MemorySegment target, final long at, final int length) {
        final Descriptor reader = reader(zone);
        if (reader == null) {
            target.asSlice(at, length).fill((byte) 0);
            return;
        }
        try {
            int done = 0;
            while (done < length) {
                final long result = Libc.pread(reader.fd(), target, at + done, length - done, offset + done);
                if (result > 0) {
                    done += (int) result;
                } else if (result != -Errno.EINTR) {
                    throw readFailed(zone, offset + done, length - done, (int) -result);
                }
            }
        } finally {
            reader.release();
        }
    }

    /// An acquired descriptor, or null if the zone has no file.
    private Descriptor reader(final int zone) {
        while (true) {
            // Acquire/release of the array element publishes the descriptor's construction.
            final Descriptor reader = readers.getAcquire(zone);
            if (reader != null && reader.acquire()) {
                return reader;
            }
            if (closed) {
                throw new DeviceException("the device in " + directory.getParent() + " is closed", 0);
            }
            if (reader == null && openReader(zone)) {
                return null;
            }
        }
    }

    /// @return true if the zone has no file
    private boolean openReader(final int zone) {
        lock.lock();
        try {
            if (closed || readers.get(zone) != null) {
                return false;
            }
            if (!existing.get(zone)) {
                return true;
            }
            readers.setRelease(zone, new Descriptor(openFile(path(zone), Libc.O_RDONLY | Libc.O_CLOEXEC)));
            return false;
        } finally {
            lock.unlock();
        }
    }

    private DeviceException readFailed(final int zone, final long offset, final int length, final int errno) {
        if (errno == 0) {
            return truncated(zone);
        }
        return new DeviceException(
                "read of " + length + " bytes at " + offset + " of " + path(zone) + " failed: " + Errno.describe(errno),
                errno);
    }

    /// The error for a read that met the end of the file.
    DeviceException truncated(final int zone) {
        final Path path = path(zone);
        try {
            return wrongLength(path, Files.size(path));
        } catch (final IOException e) {
            return new DeviceException(
                    path + " ended before its " + geometry.zoneCapacity() + " bytes: " + e, Errno.EIO, e);
        }
    }

    private DeviceException wrongLength(final Path path, final long length) {
        return new DeviceException(
                path + " has " + length + " bytes, expected " + geometry.zoneCapacity()
                        + ": it was changed by somebody else; restore it from a backup",
                Errno.EIO);
    }

    private int openFile(final Path path, final int flags) {
        final int fd = Libc.open(path.toString(), flags, MODE);
        if (fd == -EMFILE || fd == -ENFILE) {
            throw new DeviceException(
                    "cannot open " + path + ": " + Errno.describe(-fd) + "; raise the limit of open files (ulimit -n)",
                    -fd);
        }
        return check(fd, "open", path);
    }

    private static int check(final int result, final String call, final Path path) {
        if (result < 0) {
            throw new DeviceException(call + " of " + path + " failed: " + Errno.describe(-result), -result);
        }
        return result;
    }

    /// Syncs the data of a zone's file on the calling thread: 0 or {@code -errno}.
    int syncNow(final int zone) {
        return exists(zone) ? Libc.fdatasync(writer(zone).fd()) : 0;
    }

    /// Closes every descriptor; readers under way finish, later ones are refused. Idempotent.
    void close() {
        lock.lock();
        try {
            closed = true; // before the descriptors: a reader that is refused one sees why
        } finally {
            lock.unlock();
        }
        for (int zone = 0; zone < writers.length; zone++) {
            closeWriter(zone);
            final Descriptor reader = readers.get(zone);
            if (reader != null) {
                reader.close();
            }
        }
    }
}
