/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.bench.ScratchDirectory;
import dev.zapkv.bench.peer.EngineKind;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Compares engines: checks the options, runs every engine and repetition in a process of its own, prints the medians.
@Command(
        name = "ycsb",
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "Compares key-value engines with YCSB's core workloads.",
        footer = {
            "",
            "Every engine runs in a process of its own with the same JVM flags; repetitions of the engines alternate, and"
                    + " medians are printed. docs/benchmarks.md says how each figure is measured."
        })
public final class YcsbCommand implements Callable<Integer> {
    private static final long MOST_REPETITIONS = 100;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--engines",
            split = ",",
            paramLabel = "NAME",
            defaultValue = "zapkv,rocksdb",
            description = "Engines to compare, out of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}); none stores"
                    + " nothing and shows what the driver itself costs.",
            completionCandidates = EngineNames.class)
    private List<String> engines = List.of();

    @Mixin
    private final RunOptions options = new RunOptions();

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
    public YcsbCommand() {}

    @Override
    public Integer call() throws IOException {
        final List<EngineKind> chosen;
        final RunSettings settings;
        final int repetitions;
        try {
            chosen = engines();
            settings = options.settings();
            if (settings.drive() != null && chosen.stream().anyMatch(EngineKind::isPeer)) {
                throw new IllegalArgumentException(
                        "--device is for zapkv alone: its peers need a file system; add" + " --engines zapkv");
            }
            repetitions = (int) Quantity.count("--repeat", repeat, 1, MOST_REPETITIONS);
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        checkJsonTarget();
        try (Campaign campaign =
                new Campaign(scratch(settings), ScratchDirectory.inSharedMemory(), chosen, settings, repetitions)) {
            final Comparison comparison = campaign.run(ProgressLine.standard());
            spec.commandLine().getOut().print(ResultTable.render(comparison));
            spec.commandLine().getOut().print(campaign.conditions());
            spec.commandLine().getOut().flush();
            if (json != null) {
                try (BufferedWriter writer = Files.newBufferedWriter(json, StandardCharsets.UTF_8)) {
                    ResultJson.write(writer, comparison, settings, command(), campaign.directory());
                }
            }
            return 0;
        }
    }

    private List<EngineKind> engines() {
        final Set<EngineKind> chosen = new LinkedHashSet<>();
        for (final String name : engines) {
            chosen.add(EngineKind.named(name.strip()));
        }
        return List.copyOf(chosen);
    }

    private ScratchDirectory scratch(final RunSettings settings) throws IOException {
        try {
            final ScratchDirectory scratch = ScratchDirectory.below(directory);
            try {
                DiskSpace.check(scratch.path(), settings);
                return scratch;
            } catch (final IOException | RuntimeException e) {
                scratch.close();
                throw e;
            }
        } catch (final IOException e) {
            throw unusable(e);
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private ParameterException unusable(final IOException e) {
        final String reason = switch (e) {
            case AccessDeniedException denied -> "permission denied";
            case FileAlreadyExistsException file -> "it is not a directory";
            case NoSuchFileException missing -> "it is not there and cannot be made";
            default -> e.getMessage();
        };
        return new ParameterException(
                spec.commandLine(),
                "--directory " + directory + " cannot be used: " + reason + "; choose a writable one",
                e);
    }

    /// Better now than after minutes of work.
    private void checkJsonTarget() {
        if (json == null) {
            return;
        }
        final Path parent = json.toAbsolutePath().getParent();
        final boolean usable = Files.exists(json)
                ? Files.isRegularFile(json) && Files.isWritable(json)
                : parent != null && Files.isDirectory(parent) && Files.isWritable(parent);
        if (!usable) {
            throw new ParameterException(
                    spec.commandLine(), "--json " + json + " cannot be written; name a file in a writable directory");
        }
    }

    private String command() {
        final List<String> words = new ArrayList<>(List.of("zapkv", "bench"));
        words.addAll(spec.root().commandLine().getParseResult().originalArgs());
        return String.join(" ", words);
    }
}
