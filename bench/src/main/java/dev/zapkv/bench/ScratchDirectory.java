/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/// A directory of its own for one benchmark run, made below a given parent and deleted on close. A parent that had
/// to be made for it goes too, if it is empty by then.
public final class ScratchDirectory implements AutoCloseable {
    private static final String PREFIX = "zapkv-bench-";
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");

    private final Path path;
    private final Path createdParent;

    private ScratchDirectory(final Path path, final Path createdParent) {
        this.path = path;
        this.createdParent = createdParent;
    }

    /// Makes one, and its parent if there is none.
    public static ScratchDirectory below(final Path parent) throws IOException {
        final boolean existed = Files.isDirectory(parent);
        Files.createDirectories(parent);
        return new ScratchDirectory(
                Files.createTempDirectory(parent, PREFIX).toAbsolutePath().normalize(), existed ? null : parent);
    }

    /// One in shared memory, where engines leave files behind when they are killed; none if there is no shared
    /// memory to write to.
    public static Optional<ScratchDirectory> inSharedMemory() throws IOException {
        return Files.isWritable(SHARED_MEMORY) ? Optional.of(below(SHARED_MEMORY)) : Optional.empty();
    }

    /// Where it is.
    public Path path() {
        return path;
    }

    @Override
    public void close() {
        delete(path);
        if (createdParent != null) {
            deleteIfEmpty(createdParent);
        }
    }

    private static void deleteIfEmpty(final Path directory) {
        try {
            Files.deleteIfExists(directory);
        } catch (final DirectoryNotEmptyException e) {
            return; // Somebody else uses it by now.
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot delete " + directory + "; delete it by hand", e);
        }
    }

    /// Deletes a tree. Files that vanish meanwhile are no error.
    public static void delete(final Path tree) {
        try {
            Files.walkFileTree(tree, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(final Path file, final BasicFileAttributes attributes)
                        throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(final Path file, final IOException e) throws IOException {
                    if (e instanceof NoSuchFileException) {
                        return FileVisitResult.CONTINUE;
                    }
                    throw e;
                }

                @Override
                public FileVisitResult postVisitDirectory(final Path directory, final IOException e)
                        throws IOException {
                    Files.deleteIfExists(directory);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot delete " + tree + "; delete it by hand", e);
        }
    }
}
