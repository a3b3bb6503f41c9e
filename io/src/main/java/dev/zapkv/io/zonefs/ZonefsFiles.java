/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zonefs;

import dev.zapkv.io.ConventionalZones;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.command.Descriptor;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.FileStatus;
import dev.zapkv.io.linux.Libc;
import dev.zapkv.io.linux.ZoneIoctl;
import dev.zapkv.io.sequential.ConventionalFiles;
import dev.zapkv.io.sequential.SequentialMedia;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;

/// Zones as files of zonefs. Where the mount opens zones explicitly, a zone is open as long as its file is open for
/// writing, and too many are refused: so a file is open for writing exactly while its zone is open. Truncation goes by
/// name, which needs no open file.
final class ZonefsFiles implements SequentialMedia {
    private static final int EMFILE = 24;
    private static final int ENFILE = 23;
    // Each is an open file, and more are of no use.
    private static final int MOST_CONVENTIONAL = 2;

    private final ZonefsMount mount;
    private final ZoneRange range;
    private final long capacity;
    private final Descriptor[] writers;
    private final AtomicReferenceArray<Descriptor> readers;
    private final List<Descriptor> conventional = new ArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private volatile boolean closed;

    private ZonefsFiles(final ZonefsMount mount, final ZoneRange range, final long capacity) {
        this.mount = mount;
        this.range = range;
        this.capacity = capacity;
        writers = new Descriptor[range.count()];
        readers = new AtomicReferenceArray<>(range.count());
    }

    /// The files of a range, all of one capacity.
    ///
    /// @throws DeviceException if their sizes cannot be
    static ZonefsFiles of(final ZonefsMount mount, final ZoneRange range, final boolean readOnly) {
        long capacity = 0;
        for (int i = 0; i < range.count(); i++) {
            final Path file = mount.file(range.first() + i);
            final FileStatus status = FileStatus.of(file);
            if (i == 0) {
                capacity = status.allocated();
            }
            if (status.allocated() <= 0 || status.allocated() % mount.blockSize() != 0) {
                throw new DeviceException(
                        file + " has a capacity of " + status.allocated() + " bytes, with blocks of "
                                + mount.blockSize() + ": that cannot be",
                        Errno.EIO);
            }
            if (status.allocated() != capacity) {
                throw new DeviceException(
                        mount.path() + " has zones of different capacity: " + mount.file(range.first()) + " holds "
                                + capacity + " bytes, " + file + " holds " + status.allocated()
                                + ": choose a range of equal zones",
                        Errno.EINVAL);
            }
        }
        final ZonefsFiles files = new ZonefsFiles(mount, range, capacity);
        // Conventional files belong to no range of sequential ones: only who has all of these may take them.
        final int conventional =
                range.count() == mount.zones() ? Math.min(mount.conventionalFiles(), MOST_CONVENTIONAL) : 0;
        try {
            for (int i = 0; i < conventional; i++) {
                files.conventional.add(new Descriptor(
                        files.openFile(mount.conventionalFile(i), readOnly ? Libc.O_RDONLY : Libc.O_RDWR)));
            }
        } catch (final DeviceException e) {
            files.close();
            throw e;
        }
        return files;
    }

    /// Writable bytes of each zone.
    long capacity() {
        return capacity;
    }

    /// State of each zone.
    List<ZoneInfo> inspectAll() {
        final List<ZoneInfo> zones = new ArrayList<>();
        for (int zone = 0; zone < range.count(); zone++) {
            zones.add(inspect(zone));
        }
        return zones;
    }

    Path path(final int zone) {
        return mount.file(range.first() + zone);
    }

    @Override
    public Descriptor writer(final int zone) {
        if (writers[zone] == null) {
            final int fd = openFile(path(zone), Libc.O_WRONLY);
            writers[zone] = new Descriptor(fd);
        }
        return writers[zone];
    }

    private int openFile(final Path path, final int flags) {
        final int fd = Libc.open(path.toString(), flags | Libc.O_DIRECT | Libc.O_CLOEXEC, 0);
        if (fd == -Errno.EBUSY) {
            throw new DeviceException(
                    "too many zones of " + mount.path() + " are open for writing (max_wro_seq_files="
                            + mount.limits().text("max_wro_seq_files", "?") + "): " + path
                            + " cannot be, end other writers",
                    Errno.ETOOMANYREFS);
        }
        if (fd < 0) {
            throw new DeviceException(
                    "cannot open " + path + ": " + Errno.describe(-fd)
                            + (fd == -EMFILE || fd == -ENFILE ? "; raise the limit of open files (ulimit -n)" : ""),
                    -fd);
        }
        return fd;
    }

    @Override
    public Descriptor reader(final int zone) {
        while (true) {
            // Acquire/release of the array element publishes the descriptor's construction.
            final Descriptor reader = readers.getAcquire(zone);
            if (reader != null && reader.acquire()) {
                return reader;
            }
            if (closed) {
                throw new DeviceException("the device on " + mount.path() + " is closed", 0);
            }
            openReader(zone);
        }
    }

    private void openReader(final int zone) {
        lock.lock();
        try {
            if (!closed && readers.getPlain(zone) == null) {
                readers.setRelease(zone, new Descriptor(openFile(path(zone), Libc.O_RDONLY)));
            }
        } finally {
            lock.unlock();
        }
    }

    /// Any file will do, except one whose zone is offline.
    @Override
    public Descriptor syncTarget() {
        for (int zone = 0; zone < range.count(); zone++) {
            if (FileStatus.of(path(zone)).hasAnyPermission()) {
                final Descriptor reader = reader(zone);
                reader.release();
                return reader;
            }
        }
        throw new DeviceException("every zone of " + mount.path() + " is offline", Errno.EIO);
    }

    @Override
    public long position(final int zone, final long offset) {
        return offset;
    }

    /// A file ends at the write pointer, the drive beneath does not. Whoever may use the files need not be allowed to
    /// read the drive.
    @Override
    public int readForgotten(final int zone, final MemorySegment target, final int length) {
        final int fd = Libc.open(mount.mount().source(), Libc.O_RDONLY | Libc.O_DIRECT | Libc.O_CLOEXEC, 0);
        if (fd < 0) {
            return 0;
        }
        try {
            // The inode number is that of the zone on the drive.
            final long start = FileStatus.of(path(zone)).inode() * ZoneIoctl.zoneSectors(fd) * ZoneIoctl.SECTOR;
            return Math.max(0, (int) Libc.pread(fd, target, 0, length, start));
        } finally {
            Libc.close(fd);
        }
    }

    @Override
    public Optional<ConventionalZones> conventional() {
        if (conventional.isEmpty()) {
            return Optional.empty();
        }
        long least = Long.MAX_VALUE;
        for (int i = 0; i < conventional.size(); i++) {
            least = Math.min(least, FileStatus.of(mount.conventionalFile(i)).size());
        }
        return Optional.of(new ConventionalFiles(
                mount.path().toString(),
                conventional.stream()
                        .map(file -> new ConventionalFiles.Zone(file.fd(), 0))
                        .toList(),
                least & -mount.blockSize(),
                mount.blockSize()));
    }

    /// Number of conventional files that may be used.
    int conventionalFiles() {
        return conventional.size();
    }

    @Override
    public ZoneInfo inspect(final int zone) {
        final FileStatus status = FileStatus.of(path(zone));
        final long size = status.size();
        if (!status.hasAnyPermission()) {
            return new ZoneInfo(zone, ZoneState.OFFLINE, capacity, capacity, false);
        }
        if (size < 0 || size > capacity || size % mount.blockSize() != 0) {
            throw new DeviceException(
                    path(zone) + " is " + size + " bytes long, with a capacity of " + capacity + " and blocks of "
                            + mount.blockSize() + ": that cannot be",
                    Errno.EIO);
        }
        return new ZoneInfo(zone, state(status, writers[zone] != null, capacity), size, capacity, true);
    }

    /// @param written whether the file is open for writing
    static ZoneState state(final FileStatus status, final boolean written, final long capacity) {
        if (!status.hasWritePermission()) {
            return ZoneState.READ_ONLY;
        }
        if (status.size() == capacity) {
            return ZoneState.FULL;
        }
        if (written) {
            return ZoneState.OPEN;
        }
        return status.size() == 0 ? ZoneState.EMPTY : ZoneState.CLOSED;
    }

    @Override
    public void open(final int zone) {
        writer(zone);
    }

    /// The file system itself takes care that an empty zone does not stay active.
    @Override
    public void closeZone(final int zone, final boolean empty) {
        closeWriter(zone);
    }

    @Override
    public void finish(final int zone) {
        truncate(zone, capacity, "finish");
    }

    @Override
    public void reset(final int zone) {
        truncate(zone, 0, "reset");
    }

    private void truncate(final int zone, final long length, final String operation) {
        closeWriter(zone);
        final int result = Libc.truncate(path(zone).toString(), length);
        if (result < 0) {
            throw new DeviceException(
                    operation + " of zone=" + zone + " (" + path(zone) + ") failed: " + Errno.describe(-result),
                    -result);
        }
    }

    @Override
    public void filled(final int zone) {
        closeWriter(zone);
    }

    private void closeWriter(final int zone) {
        if (writers[zone] != null) {
            writers[zone].close();
            writers[zone] = null;
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true; // before the descriptors: a reader that is refused one sees why
        } finally {
            lock.unlock();
        }
        conventional.forEach(Descriptor::close);
        for (int zone = 0; zone < writers.length; zone++) {
            closeWriter(zone);
            final Descriptor reader = readers.getPlain(zone);
            if (reader != null) {
                reader.close();
            }
        }
    }
}
