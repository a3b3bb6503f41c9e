/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.salvage;

import dev.zapkv.StoreLockedException;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.file.DirectoryReport;
import dev.zapkv.store.meta.MetadataSearch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Zone files of a directory, read as they are: their identity, their states and some of the files may
/// be missing.
/// What a truncated file lacks reads as zeros.
public final class DirectoryZones implements SourceZones {
    private static final int OPEN_FILES = 64;
    // What every logical block is a multiple of.
    private static final int SMALLEST_BLOCK = 512;

    private final DirectoryReport report;
    private final FileChannel lock;
    private final List<String> problems;
    private final Map<Integer, FileChannel> channels = new LinkedHashMap<>(16, 0.75f, true);

    private DirectoryZones(final DirectoryReport report, final FileChannel lock) {
        this.report = report;
        this.lock = lock;
        problems = new ArrayList<>(report.problems());
        report.zoneFiles().keySet().forEach(this::checkLength);
    }

    /// Opens a directory for reading.
    ///
    /// @throws StoreLockedException if a process has the store open
    /// @throws DeviceException      if there are no zone files
    public static DirectoryZones open(final Path directory) {
        final DirectoryReport report = DirectoryReport.of(directory);
        return new DirectoryZones(report, lock(directory));
    }

    /// A shared lock, which does not change the file; null if there is no file to lock.
    private static FileChannel lock(final Path directory) {
        final Path path = directory.resolve("LOCK");
        if (!Files.isReadable(path)) {
            return null;
        }
        try {
            final FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            try {
                if (channel.tryLock(0, Long.MAX_VALUE, true) != null) {
                    return channel;
                }
            } catch (final OverlappingFileLockException e) {
                channel.close();
                throw new StoreLockedException("the store " + directory + " is open in this process: close it first");
            }
            channel.close();
            throw new StoreLockedException("the store " + directory + " is open in process "
                    + Files.readString(path).strip() + ": close it there, or stop that process");
        } catch (final IOException e) {
            throw new DeviceException("cannot lock " + path + ": " + e, DeviceException.EIO, e);
        }
    }

    private void checkLength(final int zone) {
        final long length = fileLength(zone);
        if (report.geometry() != null && length != report.geometry().zoneCapacity()) {
            problems.add(report.zoneFiles().get(zone) + " has " + length + " bytes instead of "
                    + report.geometry().zoneCapacity());
        }
    }

    private long fileLength(final int zone) {
        try {
            return Files.size(report.zoneFiles().get(zone));
        } catch (final IOException e) {
            problems.add(report.zoneFiles().get(zone) + " cannot be read: " + e);
            return 0;
        }
    }

    @Override
    public int zoneCount() {
        return Math.max(
                report.geometry() == null ? 0 : report.geometry().zoneCount(),
                report.zoneFiles().lastKey() + 1);
    }

    @Override
    public int blockSize() {
        return report.geometry() == null ? SMALLEST_BLOCK : report.geometry().blockSize();
    }

    @Override
    public ZoneInfo report(final int zone) {
        if (zone < report.states().size()) {
            final ZoneInfo known = report.states().get(zone);
            final boolean missing =
                    known.writePointer() > 0 && !report.zoneFiles().containsKey(zone);
            return missing ? new ZoneInfo(zone, ZoneState.OFFLINE, 0, known.capacity(), false) : known;
        }
        if (!report.zoneFiles().containsKey(zone)) {
            return new ZoneInfo(zone, ZoneState.EMPTY, 0, 0, true);
        }
        final long capacity =
                report.geometry() == null ? fileLength(zone) : report.geometry().zoneCapacity();
        return new ZoneInfo(zone, ZoneState.FULL, capacity, capacity, false);
    }

    @Override
    public boolean statesKnown() {
        return !report.states().isEmpty();
    }

    @Override
    public MetadataSearch.Found metadataElsewhere() {
        return null;
    }

    @Override
    public List<String> problems() {
        return problems;
    }

    @Override
    public void read(
            final int zone, final long offset, final MemorySegment target, final long targetOffset, final int length) {
        final ByteBuffer buffer = target.asSlice(targetOffset, length).asByteBuffer();
        try {
            final FileChannel channel = channel(zone);
            while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) >= 0) {
                // goes on where it stopped
            }
        } catch (final IOException e) {
            throw new DeviceException(
                    "cannot read " + length + " bytes at " + offset + " of "
                            + report.zoneFiles().get(zone) + ": " + e,
                    DeviceException.EIO,
                    e);
        }
        target.asSlice(targetOffset + buffer.position(), buffer.remaining()).fill((byte) 0);
    }

    private FileChannel channel(final int zone) throws IOException {
        final FileChannel open = channels.get(zone);
        if (open != null) {
            return open;
        }
        if (channels.size() == OPEN_FILES) {
            final int oldest = channels.keySet().iterator().next();
            channels.remove(oldest).close();
        }
        final FileChannel channel = FileChannel.open(report.zoneFiles().get(zone), StandardOpenOption.READ);
        channels.put(zone, channel);
        return channel;
    }

    @Override
    public void close() {
        try {
            for (final FileChannel channel : channels.values()) {
                channel.close();
            }
            channels.clear();
            if (lock != null) {
                lock.close();
            }
        } catch (final IOException e) {
            throw new DeviceException("cannot close the zone files: " + e, DeviceException.EIO, e);
        }
    }
}
