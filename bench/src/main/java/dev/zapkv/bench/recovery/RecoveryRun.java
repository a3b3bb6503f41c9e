/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.recovery;

import dev.zapkv.bench.Main;
import dev.zapkv.bench.ScratchDirectory;
import dev.zapkv.bench.peer.EngineKind;
import dev.zapkv.bench.ycsb.ChildProcess;
import dev.zapkv.bench.ycsb.ProgressLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// All openings of all engines, one database at a time. The data goes when the run ends, however it ends.
final class RecoveryRun implements AutoCloseable {
    private final ScratchDirectory scratch;
    private final Optional<ScratchDirectory> sharedMemory;
    private final RecoverySettings settings;
    private final ProgressLine progress;
    private final Thread shutdownHook = Thread.ofPlatform().unstarted(this::abandon);
    private volatile ChildProcess child;
    private long seed = 1;

    RecoveryRun(
            final ScratchDirectory scratch,
            final Optional<ScratchDirectory> sharedMemory,
            final RecoverySettings settings,
            final ProgressLine progress) {
        this.scratch = scratch;
        this.sharedMemory = sharedMemory;
        this.settings = settings;
        this.progress = progress;
        Runtime.getRuntime().addShutdownHook(shutdownHook);
    }

    /// Measures everything.
    List<Opening> run() throws IOException {
        final List<Opening> openings = new ArrayList<>();
        for (final EngineKind engine : settings.engines()) {
            final Path data = Files.createDirectory(scratch.path().resolve(engine.toString()));
            progress.update(engine + ": filling");
            await(engine, data, RecoveryChild.Step.FILL, 0);
            openings.add(measure(engine, data, Opening.Kind.CLEAN));
            openings.add(measure(engine, data, Opening.Kind.KILLED));
            progress.update(engine + ": writing as much again");
            await(engine, data, RecoveryChild.Step.OVERWRITE_AND_CLOSE, settings.records());
            openings.add(measure(engine, data, Opening.Kind.KILLED_OLDER));
            ScratchDirectory.delete(data);
        }
        progress.clear();
        return openings;
    }

    private Opening measure(final EngineKind engine, final Path data, final Opening.Kind kind) throws IOException {
        final List<Double> seconds = new ArrayList<>();
        final List<String> notes = new ArrayList<>();
        for (int i = 1; i <= settings.repetitions(); i++) {
            final String where =
                    String.format(Locale.ROOT, "[%d/%d] %s, %s", i, settings.repetitions(), engine, kind.text());
            progress.update(where);
            if (kind != Opening.Kind.CLEAN) {
                kill(engine, data);
            }
            final String line = await(engine, data, RecoveryChild.Step.OPEN, 0);
            final int space = line.indexOf(' ');
            seconds.add(Long.parseLong(line.substring(0, space)) / 1e9);
            notes.add(line.substring(space + 1));
            progress.finished(String.format(Locale.ROOT, "%s: %.2f s", where, seconds.getLast()));
        }
        return new Opening(engine, kind, List.copyOf(seconds), List.copyOf(notes));
    }

    private void kill(final EngineKind engine, final Path data) throws IOException {
        try (ChildProcess process = start(engine, data, RecoveryChild.Step.OVERWRITE, settings.overwrites())) {
            process.killAfterLine();
        } finally {
            child = null;
        }
    }

    private String await(final EngineKind engine, final Path data, final RecoveryChild.Step step, final long count)
            throws IOException {
        final StringBuilder line = new StringBuilder();
        try (ChildProcess process = start(engine, data, step, count)) {
            process.awaitLines(line::append);
        } finally {
            child = null;
        }
        return line.toString();
    }

    private ChildProcess start(
            final EngineKind engine, final Path data, final RecoveryChild.Step step, final long count)
            throws IOException {
        final List<String> arguments = new ArrayList<>(List.of(
                "recovery-child",
                "--step",
                step.name(),
                "--engine",
                engine.toString(),
                "--directory",
                data.toString(),
                "--memory",
                Long.toString(settings.memoryBytes()),
                "--records",
                Long.toString(settings.records()),
                "--value-size",
                Integer.toString(settings.valueSize()),
                "--count",
                Long.toString(count),
                "--seed",
                Long.toString(seed++)));
        sharedMemory.ifPresent(memory ->
                arguments.addAll(List.of("--shared-memory", memory.path().toString())));
        final ChildProcess process = ChildProcess.start(Main.class, arguments);
        child = process;
        return process;
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
