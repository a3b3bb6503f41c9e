/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.recovery;

import dev.zapkv.bench.ycsb.EngineOptions;
import dev.zapkv.bench.ycsb.PlaceOptions;
import dev.zapkv.bench.ycsb.ProgressLine;
import dev.zapkv.bench.ycsb.Quantity;
import dev.zapkv.bench.ycsb.RunGuard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Measures how long engines take to open.
@Command(
        name = "recovery",
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "Measures how long engines take to open: after a clean close; after kill -9 with so much written"
                + " since the last checkpoint; and the same with twice the data before that checkpoint.",
        footer = {"", "Every step runs in a process of its own. docs/benchmarks.md says how each figure is measured."})
public final class RecoveryCommand implements Callable<Integer> {
    private static final long KEY_AND_OVERHEAD = 64;
    private static final int COPIES = 4;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private final EngineOptions engines = new EngineOptions();

    @Mixin
    private final StoreOptions store = new StoreOptions();

    @Option(
            names = "--since-checkpoint",
            paramLabel = "SIZE",
            defaultValue = "1g",
            description = "Bytes of ZapKV's log to overwrite before the process is killed; other engines get as many"
                    + " overwrites (default: ${DEFAULT-VALUE}).")
    private String since = "";

    @Mixin
    private final PlaceOptions place = new PlaceOptions();

    /// For the command line parser.
    public RecoveryCommand() {}

    @Override
    public Integer call() throws IOException {
        final RecoverySettings settings = settings();
        try (RunGuard guard = new RunGuard(place.scratch(where -> checkRoom(where, settings)))) {
            final List<Opening> openings = new RecoveryRun(guard, settings, ProgressLine.standard()).run();
            place.report(
                    RecoveryTable.render(settings, openings),
                    (target, command) -> RecoveryTable.write(target, settings, openings, command));
            return 0;
        }
    }

    private RecoverySettings settings() {
        try {
            return new RecoverySettings(
                    engines.engines(),
                    store.records(),
                    store.valueSize(),
                    Quantity.bytes("--since-checkpoint", since, 1, Long.MAX_VALUE / 2),
                    store.memoryBytes(),
                    engines.repetitions());
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private static void checkRoom(final Path directory, final RecoverySettings settings) throws IOException {
        final long needed = COPIES * settings.records() * (settings.valueSize() + KEY_AND_OVERHEAD)
                + 2L * settings.repetitions() * settings.sinceBytes();
        final long free = Files.getFileStore(directory).getUsableSpace();
        if (free < needed) {
            throw new IllegalArgumentException("about " + Quantity.ofBytes(needed) + " of disk are needed, but "
                    + directory + " has only " + Quantity.ofBytes(free)
                    + " free; lower --records or choose another --directory");
        }
    }
}
