/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Exclusive lock on a store's directory: an advisory lock on its file {@code LOCK}, which holds the owner's process
/// id. The system drops the lock when the process ends, however it ends.
final class StoreLock implements AutoCloseable {
    private static final String FILE = "LOCK";

    private final FileChannel channel;

    private StoreLock(final FileChannel channel) {
        this.channel = channel;
    }

    static StoreLock acquire(final Path directory) {
        final Path path = directory.resolve(FILE);
        final FileChannel channel;
        try {
            channel = FileChannel.open(
                    path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        } catch (final IOException e) {
            throw new ConfigurationException(
                    "cannot write to the store's directory " + directory + " (" + e
                            + "): check its permissions, that it is not read-only, and free space",
                    e);
        }
        try {
            lock(channel, directory, path);
            channel.truncate(0);
            final ByteBuffer pid =
                    StandardCharsets.UTF_8.encode(ProcessHandle.current().pid() + "\n");
            while (pid.hasRemaining()) {
                channel.write(pid);
            }
            return new StoreLock(channel);
        } catch (final IOException e) {
            closeQuietly(channel, e);
            throw new ConfigurationException(
                    "cannot lock the store's directory " + directory + ": " + e.getMessage(), e);
        } catch (final RuntimeException e) {
            closeQuietly(channel, e);
            throw e;
        }
    }

    private static void lock(final FileChannel channel, final Path directory, final Path path) throws IOException {
        final FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (final OverlappingFileLockException e) {
            throw new StoreLockedException("the store " + directory + " is already open in this process ("
                    + ProcessHandle.current().pid() + "): share the open instance, or close it first");
        }
        if (lock == null) {
            throw new StoreLockedException("the store " + directory + " is open in process "
                    + Files.readString(path).strip() + ": close it there, or stop that process");
        }
    }

    private static void closeQuietly(final FileChannel channel, final Exception cause) {
        try {
            channel.close();
        } catch (final IOException e) {
            cause.addSuppressed(e);
        }
    }

    /// Releases the lock; the file stays.
    @Override
    public void close() {
        try {
            channel.close();
        } catch (final IOException e) {
            throw new ZapKvException("cannot release the lock of the store", e);
        }
    }
}
