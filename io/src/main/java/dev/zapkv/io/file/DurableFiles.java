/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.linux.Libc;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// Small files that are there whole or not at all, also after a power failure.
final class DurableFiles {
    /// End of the names of files that are not finished; whoever finds one may delete it.
    static final String TEMPORARY_SUFFIX = ".tmp";

    private static final int MODE = 0644;

    private DurableFiles() {}

    /// Writes beside the target, syncs, renames over the target, syncs the directory. Space that {@link
    /// #withdraw} has kept is used.
    static void replace(final Path path, final byte[] content) throws IOException {
        final Path temporary = temporary(path);
        try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            final ByteBuffer buffer = ByteBuffer.wrap(content);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.truncate(content.length);
            channel.force(true);
        }
        Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        syncDirectory(path.getParent());
    }

    /// Takes a file away if it is there, and keeps its space, or such of a length, for {@link #replace};
    /// without space there is none to keep.
    static void withdraw(final Path path, final int length) throws IOException {
        final Path temporary = temporary(path);
        if (Files.exists(path)) {
            Files.move(path, temporary, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            syncDirectory(path.getParent());
        }
        final int fd = Libc.open(temporary.toString(), Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC, MODE);
        if (fd >= 0) {
            // Where it cannot be had the file system may have some when it is needed.
            FileSpace.reserve(fd, length);
            Libc.close(fd);
        }
    }

    /// Deletes a file if it is there; afterwards it stays deleted.
    static void delete(final Path path) throws IOException {
        if (Files.deleteIfExists(path)) {
            syncDirectory(path.getParent());
        }
    }

    /// Makes names in a directory durable.
    static void syncDirectory(final Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /// Reads a whole file, or returns null if it is not there.
    ///
    /// @throws IOException also if it is longer than {@code lengthMax}: its size is not trusted
    static byte[] read(final Path path, final int lengthMax) throws IOException {
        try {
            final long size = Files.size(path);
            if (size > lengthMax) {
                throw new IOException(path + " has " + size + " bytes, at most " + lengthMax + " are expected");
            }
            return Files.readAllBytes(path);
        } catch (final NoSuchFileException e) {
            return null;
        }
    }

    static Path temporary(final Path path) {
        return path.resolveSibling(path.getFileName() + TEMPORARY_SUFFIX);
    }
}
