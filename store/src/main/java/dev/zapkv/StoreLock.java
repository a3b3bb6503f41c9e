/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;

/// Lock on a store's directory: an advisory lock on its file {@code LOCK}, exclusive for one who writes,
/// shared for
/// those
/// who only read. The file holds the process id of the last one who wrote. The system drops the lock when the
/// process
/// ends, however it ends.
///
/// The system knows one lock per process and file, and drops it as soon as the process closes the file
/// anywhere. So who
/// holds what within this process is kept here, and a file is opened once.
final class StoreLock implements AutoCloseable {
    private static final String FILE = "LOCK";
    private static final Map<Object, StoreLock> HELD = new HashMap<>();

    private final Object key;
    private final FileChannel channel;
    private final boolean shared;
    private int holders = 1; // guarded by HELD

    private StoreLock(final Object key, final FileChannel channel, final boolean shared) {
        this.key = key;
        this.channel = channel;
        this.shared = shared;
    }

    /// Keeps everybody else out.
    static AutoCloseable acquire(final Path directory) {
        synchronized (HELD) {
            final Object key = key(directory);
            checkNotHeldHere(directory, HELD.get(key));
            final Path path = directory.resolve(FILE);
            final FileChannel channel;
            try {
                channel = FileChannel.open(
                        path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            } catch (final IOException e) {
                throw new ConfigurationException(
                        "cannot write to the store's directory " + directory + " (" + e
                                + "): check its permissions, that it is not read-only, and free space; to read alone, open"
                                + " it read-only",
                        e);
            }
            return hold(directory, key, channel, false);
        }
    }

    /// Keeps those out who write. Writes nothing.
    static AutoCloseable acquireShared(final Path directory) {
        synchronized (HELD) {
            final Object key = key(directory);
            final StoreLock held = HELD.get(key);
            if (held != null && held.shared) {
                held.holders++;
                return held;
            }
            checkNotHeldHere(directory, held);
            final FileChannel channel;
            try {
                channel = FileChannel.open(directory.resolve(FILE), StandardOpenOption.READ);
            } catch (final NoSuchFileException e) {
                return withoutFile(directory);
            } catch (final IOException e) {
                throw new ConfigurationException(
                        "cannot read the file LOCK in the store's directory " + directory + " (" + e
                                + "): check its permissions",
                        e);
            }
            return hold(directory, key, channel, true);
        }
    }

    /// Where this process cannot make the file, most likely nobody can: a copy on a read-only medium.
    private static AutoCloseable withoutFile(final Path directory) {
        if (Files.isWritable(directory)) {
            throw new ConfigurationException("the file LOCK is missing in the store's directory " + directory
                    + ", so nobody could be kept from writing to it meanwhile: make an empty one (touch "
                    + directory.resolve(FILE) + ")");
        }
        return () -> {};
    }

    private static void checkNotHeldHere(final Path directory, final StoreLock held) {
        if (held != null) {
            throw new StoreLockedException("the store " + directory + " is already open "
                    + (held.shared ? "read-only " : "") + "in this process ("
                    + ProcessHandle.current().pid() + "): share the open instance, or close it first");
        }
    }

    private static Object key(final Path directory) {
        try {
            return Files.readAttributes(directory, BasicFileAttributes.class).fileKey();
        } catch (final IOException e) {
            throw new ConfigurationException("cannot use the directory " + directory + ": " + e, e);
        }
    }

    private static StoreLock hold(
            final Path directory, final Object key, final FileChannel channel, final boolean shared) {
        try {
            if (channel.tryLock(0, Long.MAX_VALUE, shared) == null) {
                throw new StoreLockedException("the store " + directory + " is open "
                        + LockHolder.describe(directory.resolve(FILE)) + ": close it there, or stop that process");
            }
            if (!shared) {
                writeProcessId(channel);
            }
            final StoreLock lock = new StoreLock(key, channel, shared);
            HELD.put(key, lock);
            return lock;
        } catch (final IOException e) {
            closeQuietly(channel, e);
            throw new ConfigurationException(
                    "cannot lock the store's directory " + directory + ": " + e.getMessage(), e);
        } catch (final RuntimeException e) {
            closeQuietly(channel, e);
            throw e;
        }
    }

    /// For messages only: without a byte of space for it the lock is as good. What is there is overwritten, not
    /// truncated, so that it need not get its space again.
    private static void writeProcessId(final FileChannel channel) throws IOException {
        final ByteBuffer pid =
                StandardCharsets.UTF_8.encode(ProcessHandle.current().pid() + "\n");
        final int length = pid.remaining();
        try {
            while (pid.hasRemaining()) {
                channel.write(pid);
            }
        } catch (final IOException e) {
            channel.truncate(0);
            return;
        }
        channel.truncate(length);
    }

    private static void closeQuietly(final FileChannel channel, final Exception cause) {
        try {
            channel.close();
        } catch (final IOException e) {
            cause.addSuppressed(e);
        }
    }

    /// Releases the lock, or one holder's share of it; the file stays.
    @Override
    public void close() {
        synchronized (HELD) {
            holders--;
            if (holders > 0) {
                return;
            }
            HELD.remove(key, this);
            try {
                channel.close();
            } catch (final IOException e) {
                throw new ZapKvException("cannot release the lock of the store", e);
            }
        }
    }
}
