/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneRange;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Keeps others from the zones that a device uses: a lock of the open file description (OFD) on the node, a
/// byte per
/// zone; shared by devices that only read, else exclusive. It ends with the descriptor. Advisory: it binds
/// those alone
/// who ask for it.
///
/// | offset | type | {@code struct flock} |
/// |---:|---|---|
/// | 0 | s16 | type: 0 = read, 1 = write |
/// | 2 | s16 | whence: 0 = from the start |
/// | 8 | s64 | start |
/// | 16 | s64 | length, 0 = to the end |
/// | 24 | s32 | pid, zero |
public final class ZoneLock {
    private static final int F_OFD_SETLK = 37;
    private static final short F_RDLCK = 0;
    private static final short F_WRLCK = 1;
    private static final int FLOCK_LENGTH = 32;

    private ZoneLock() {}

    /// Locks zones.
    ///
    /// @param fd    open for reading, and for writing unless shared
    /// @param node  names the node in messages
    /// @param inode of the node
    /// @throws DeviceException if somebody else has a lock on one of the zones
    public static void acquire(
            final int fd, final Path node, final long inode, final ZoneRange range, final boolean shared) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment flock = arena.allocate(FLOCK_LENGTH, Long.BYTES);
            flock.set(ValueLayout.JAVA_SHORT, 0, shared ? F_RDLCK : F_WRLCK);
            flock.set(ValueLayout.JAVA_LONG, 8, range.first());
            flock.set(ValueLayout.JAVA_LONG, 16, range.count() == Integer.MAX_VALUE ? 0 : range.count());
            final int result = Libc.fcntl(fd, F_OFD_SETLK, flock.address());
            if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
                throw new DeviceException(
                        "zones " + range + " of " + node + " are in use by another ZapKV" + holder(inode)
                                + ": close it, or choose other zones",
                        Errno.EBUSY);
            }
            if (result < 0) {
                throw new DeviceException(
                        node + " cannot be locked: " + Errno.describe(-result) + "; see the kernel log", -result);
            }
        }
    }

    /// Looks for a process with such a lock; finds only those this user may look at.
    private static String holder(final long inode) {
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            return processes
                    .filter(process -> process.getFileName().toString().matches("\\d+"))
                    .filter(process -> holds(process, inode))
                    .findFirst()
                    .map(process -> " (process " + process.getFileName() + ")")
                    .orElse("");
        } catch (final IOException e) {
            return "";
        }
    }

    private static boolean holds(final Path process, final long inode) {
        final List<Path> files;
        try (Stream<Path> descriptors = Files.list(process.resolve("fdinfo"))) {
            files = descriptors.toList();
        } catch (final IOException e) {
            return false; // of another user, or gone
        }
        return files.stream().anyMatch(file -> hasLock(file, inode));
    }

    private static boolean hasLock(final Path file, final long inode) {
        try {
            return Files.readString(file).lines().anyMatch(line -> isLock(line, inode));
        } catch (final IOException e) {
            return false; // closed meanwhile
        }
    }

    /// Whether a line is such as {@code lock: 1: OFDLCK ADVISORY WRITE -1 00:05:314 0 63}.
    static boolean isLock(final String line, final long inode) {
        return line.startsWith("lock:") && line.contains(" OFDLCK ") && line.contains(":" + inode + " ");
    }
}
