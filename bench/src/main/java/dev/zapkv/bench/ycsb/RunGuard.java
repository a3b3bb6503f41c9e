/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.bench.ScratchDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// What a run leaves behind if nobody looks after it: a child process, and data. Both go when the run ends,
/// however it ends.
public final class RunGuard implements AutoCloseable {
    private final ScratchDirectory scratch;
    private final Optional<ScratchDirectory> sharedMemory;
    private final Thread shutdownHook = Thread.ofPlatform().unstarted(this::abandon);
    private volatile ChildProcess child;

    /// Looks after a directory, and one in shared memory.
    public RunGuard(final ScratchDirectory scratch) throws IOException {
        this.scratch = scratch;
        sharedMemory = ScratchDirectory.inSharedMemory();
        Runtime.getRuntime().addShutdownHook(shutdownHook);
    }

    /// Where data goes.
    public Path directory() {
        return scratch.path();
    }

    /// Where engines leave files when they are killed.
    public Optional<Path> sharedMemory() {
        return sharedMemory.map(ScratchDirectory::path);
    }

    /// Uses a child process, and closes it.
    @FunctionalInterface
    public interface Use {
        /// Uses it.
        void with(ChildProcess process) throws IOException;
    }

    /// Looks after a child process while it is used.
    public void during(final ChildProcess process, final Use use) throws IOException {
        try (process) {
            child = process;
            use.with(process);
        } finally {
            child = null;
        }
    }

    /// On Ctrl-C: first the writer, then what it wrote.
    private void abandon() {
        final ChildProcess running = child;
        if (running != null) {
            running.close();
        }
        delete();
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(shutdownHook);
        } catch (final IllegalStateException e) {
            return; // The JVM is on its way out: the hook deletes.
        }
        delete();
    }

    private void delete() {
        sharedMemory.ifPresent(ScratchDirectory::close);
        scratch.close();
    }
}
