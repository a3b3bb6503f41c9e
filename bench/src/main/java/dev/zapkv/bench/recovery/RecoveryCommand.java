/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.recovery;

import dev.zapkv.bench.ScratchDirectory;
import dev.zapkv.bench.peer.EngineKind;
import dev.zapkv.bench.ycsb.EngineNames;
import dev.zapkv.bench.ycsb.ProgressLine;
import dev.zapkv.bench.ycsb.Quantity;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
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
    private static final long MIB = 1L << 20;
    private static final long LARGEST_VALUE = MIB;
    private static final long MOST_REPETITIONS = 100;
    private static final long KEY_AND_OVERHEAD = 64;
    private static final int COPIES = 4;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--engines",
            split = ",",
            paramLabel = "NAME",
            defaultValue = "zapkv,rocksdb",
            description = "Engines to compare, out of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).",
            completionCandidates = EngineNames.class)
    private List<String> engines = List.of();

    @Option(
            names = "--records",
            paramLabel = "N",
            defaultValue = "10m",
            description = "Keys, of 16 bytes; k and m for thousand and million (default: ${DEFAULT-VALUE}).")
    private String records = "";

    @Option(
            names = "--value-size",
            paramLabel = "BYTES",
            defaultValue = "100",
            description = "Bytes of each value (default: ${DEFAULT-VALUE}).")
    private String valueSize = "";

    @Option(
            names = "--since-checkpoint",
            paramLabel = "SIZE",
            defaultValue = "1g",
            description = "Bytes of ZapKV's log to overwrite before the process is killed; other engines get as many"
                    + " overwrites (default: ${DEFAULT-VALUE}).")
    private String since = "";

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            defaultValue = "1g",
            description = "Memory budget of an engine (default: ${DEFAULT-VALUE}).")
    private String memory = "";

    @Option(
            names = "--repeat",
            paramLabel = "N",
            defaultValue = "3",
            description = "Repetitions of which the median is taken (default: ${DEFAULT-VALUE}).")
    private String repeat = "";

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description = "Where a directory for the data is made, and deleted afterwards (default: ./data).")
    private Path directory = Path.of("data");

    @Option(names = "--json", paramLabel = "FILE", description = "Also write the results to a JSON file.")
    private Path json;

    /// For the command line parser.
    public RecoveryCommand() {}

    @Override
    public Integer call() throws IOException {
        final RecoverySettings settings = settings();
        try (RecoveryRun run = new RecoveryRun(
                scratch(settings), ScratchDirectory.inSharedMemory(), settings, ProgressLine.standard())) {
            final List<Opening> openings = run.run();
            spec.commandLine().getOut().print(RecoveryTable.render(settings, openings));
            spec.commandLine().getOut().flush();
            if (json != null) {
                try (BufferedWriter writer = Files.newBufferedWriter(json, StandardCharsets.UTF_8)) {
                    RecoveryTable.write(writer, settings, openings, command());
                }
            }
            return 0;
        }
    }

    private RecoverySettings settings() {
        try {
            return new RecoverySettings(
                    engines.stream()
                            .map(name -> EngineKind.named(name.strip()))
                            .distinct()
                            .toList(),
                    Quantity.count("--records", records, 1, Integer.MAX_VALUE),
                    (int) Quantity.bytes("--value-size", valueSize, 1, LARGEST_VALUE),
                    Quantity.bytes("--since-checkpoint", since, 1, Long.MAX_VALUE / 2),
                    Quantity.bytes("--memory", memory, 64 * MIB, Long.MAX_VALUE / 2),
                    (int) Quantity.count("--repeat", repeat, 1, MOST_REPETITIONS));
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private ScratchDirectory scratch(final RecoverySettings settings) throws IOException {
        final ScratchDirectory scratch = ScratchDirectory.below(directory);
        final long needed = COPIES * settings.records() * (settings.valueSize() + KEY_AND_OVERHEAD)
                + 2L * settings.repetitions() * settings.sinceBytes();
        final long free = Files.getFileStore(scratch.path()).getUsableSpace();
        if (free < needed) {
            scratch.close();
            throw new ParameterException(
                    spec.commandLine(),
                    "about " + Quantity.ofBytes(needed) + " of disk are needed, but " + directory + " has only "
                            + Quantity.ofBytes(free) + " free; lower --records or choose another --directory");
        }
        return scratch;
    }

    private String command() {
        return "zapkv bench "
                + String.join(" ", spec.root().commandLine().getParseResult().originalArgs());
    }
}
