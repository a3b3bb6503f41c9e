/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.bench.Main;
import dev.zapkv.bench.ScratchDirectory;
import dev.zapkv.bench.peer.EngineKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// All engines and repetitions of one run, one child process at a time. The engines take turns, in the opposite
/// order every other repetition, so that what drifts on the machine hits them alike.
final class Campaign {
    private final RunGuard guard;
    private final List<EngineKind> engines;
    private final RunSettings settings;
    private final int repetitions;
    private final long startedNs = System.nanoTime();

    Campaign(final RunGuard guard, final List<EngineKind> engines, final RunSettings settings, final int repetitions) {
        this.guard = guard;
        this.engines = engines;
        this.settings = settings;
        this.repetitions = repetitions;
    }

    Comparison run(final ProgressLine progress) throws IOException {
        final Comparison comparison = new Comparison(engines);
        for (int repetition = 1; repetition <= repetitions; repetition++) {
            for (final EngineKind engine : order(repetition)) {
                runChild(engine, repetition, comparison, progress);
            }
        }
        progress.clear();
        return comparison;
    }

    /// Odd repetitions as named, even ones the other way round.
    List<EngineKind> order(final int repetition) {
        return repetition % 2 == 1 ? engines : engines.reversed();
    }

    private void runChild(
            final EngineKind engine, final int repetition, final Comparison comparison, final ProgressLine progress)
            throws IOException {
        final String where = ProgressLine.where(repetition, repetitions, engine.toString());
        progress.update(where + " warming up");
        final Path data = Files.createDirectory(guard.directory().resolve(engine + "-" + repetition));
        try {
            guard.during(
                    ChildProcess.start(Main.class, engine, settings, data, guard.sharedMemory()),
                    process -> process.await(message -> {
                        switch (message) {
                            case ChildMessage.Progress news -> progress.update(ProgressLine.phase(where, news));
                            case ChildMessage.Result result -> {
                                comparison.add(engine, result.phase());
                                progress.finished(ProgressLine.done(where, result.phase()));
                            }
                            case ChildMessage.Failure failure -> throw new PhaseFailedException(failure.message());
                        }
                    }));
        } catch (final PhaseFailedException e) {
            progress.clear();
            throw new PhaseFailedException(where + ": " + e.getMessage(), e);
        }
        ScratchDirectory.delete(data);
    }

    /// What was run, within which budget, and where.
    String conditions() {
        final StringBuilder text = new StringBuilder();
        for (final EngineKind engine : engines) {
            final String note = engine.durabilityNote(settings.durability());
            text.append(note.isEmpty() ? "" : "Note: " + note + ".\n");
        }
        text.append(String.format(
                Locale.ROOT,
                "Run: %,d records of %,d bytes, %,d operations a workload, %d client thread%s, durability %s, %s,"
                        + " medians of %d, %d cores, %.0f s in all.%n",
                settings.records(),
                settings.valueSize(),
                settings.operations(),
                settings.threads(),
                settings.threads() == 1 ? "" : "s",
                settings.durabilityName(),
                settings.target() > 0
                        ? String.format(Locale.ROOT, "open loop at %,d ops/s", settings.target())
                        : "closed loop",
                repetitions,
                Runtime.getRuntime().availableProcessors(),
                (System.nanoTime() - startedNs) / 1e9));
        text.append("Memory budget of each engine: ")
                .append(Quantity.ofBytes(settings.memoryBytes()))
                .append(".\n");
        if (settings.drive() != null) {
            text.append("Data is on ")
                    .append(settings.drive().location())
                    .append(", zones ")
                    .append(settings.drive().zones())
                    .append(".\n");
        } else {
            text.append("Data was in ")
                    .append(guard.directory())
                    .append(" (")
                    .append(fileSystem())
                    .append("), now deleted.\n");
        }
        return text.toString();
    }

    private String fileSystem() {
        try {
            return Files.getFileStore(guard.directory()).type();
        } catch (final IOException e) {
            return "file system unknown: " + e.getMessage();
        }
    }
}
