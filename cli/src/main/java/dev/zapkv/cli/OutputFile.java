/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/// A file that appears under its name only when it is whole: written beside it, synced, renamed. Pipes and devices are
/// written directly.
final class OutputFile implements AutoCloseable {
    private static final int BUFFER_BYTES = 256 * 1024;

    private final Path target;
    private final Path written;
    private final FileOutputStream file;
    private final OutputStream stream;

    private OutputFile(final Path target, final Path written) throws IOException {
        this.target = target;
        this.written = written;
        this.file = new FileOutputStream(written.toFile());
        this.stream = new BufferedOutputStream(file, BUFFER_BYTES);
    }

    /// @param force whether an existing file may be replaced
    static OutputFile create(final Path target, final boolean force) throws IOException {
        if (Files.isDirectory(target)) {
            throw CommandException.failed(target + " is a directory; name the file to write.");
        }
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            return new OutputFile(target, target);
        }
        if (Files.exists(target) && !force) {
            throw CommandException.failed(target + " exists. Name another file, or replace it with --force.");
        }
        final Path real = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
        final String temporary =
                "." + real.getFileName() + '.' + ProcessHandle.current().pid() + ".tmp";
        return new OutputFile(real, real.resolveSibling(temporary));
    }

    OutputStream stream() {
        return stream;
    }

    /// Everything is written: the file gets its name.
    void commit() throws IOException {
        stream.flush();
        if (!isDirect()) {
            file.getChannel().force(true);
            stream.close();
            Files.move(written, target, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    /// Removes what was not committed.
    @Override
    public void close() throws IOException {
        file.close();
        if (!isDirect()) {
            Files.deleteIfExists(written);
        }
    }

    private boolean isDirect() {
        return written.equals(target);
    }
}
