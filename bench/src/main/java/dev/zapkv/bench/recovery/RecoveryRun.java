/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.recovery;

import dev.zapkv.bench.Main;
import dev.zapkv.bench.ScratchDirectory;
import dev.zapkv.bench.peer.EngineKind;
import dev.zapkv.bench.ycsb.ChildProcess;
import dev.zapkv.bench.ycsb.ProgressLine;
import dev.zapkv.bench.ycsb.RunGuard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// All openings of all engines, one database at a time.
final class RecoveryRun {
    private final RunGuard guard;
    private final RecoverySettings settings;
    private final ProgressLine progress;
    private long seed = 1;

    RecoveryRun(final RunGuard guard, final RecoverySettings settings, final ProgressLine progress) {
        this.guard = guard;
        this.settings = settings;
        this.progress = progress;
    }

    /// Measures everything.
    List<Opening> run() throws IOException {
        final List<Opening> openings = new ArrayList<>();
        for (final EngineKind engine : settings.engines()) {
            final Path data = Files.createDirectory(guard.directory().resolve(engine.toString()));
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
            final String where = ProgressLine.where(i, settings.repetitions(), engine + ", " + kind.text());
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
        guard.during(
                start(engine, data, RecoveryChild.Step.OVERWRITE, settings.overwrites()), ChildProcess::killAfterLine);
    }

    private String await(final EngineKind engine, final Path data, final RecoveryChild.Step step, final long count)
            throws IOException {
        final StringBuilder line = new StringBuilder();
        guard.during(start(engine, data, step, count), process -> process.awaitLines(line::append));
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
        guard.sharedMemory().ifPresent(memory -> arguments.addAll(List.of("--shared-memory", memory.toString())));
        return ChildProcess.start(Main.class, arguments);
    }
}
