/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.bench.peer.EngineKind;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private final EngineOptions engines = new EngineOptions();

    @Mixin
    private final RunOptions options = new RunOptions();

    @Mixin
    private final PlaceOptions place = new PlaceOptions();

    /// For the command line parser.
    public YcsbCommand() {}

    @Override
    public Integer call() throws IOException {
        final List<EngineKind> chosen;
        final RunSettings settings;
        final int repetitions;
        try {
            chosen = engines.engines();
            settings = options.settings();
            if (settings.drive() != null && chosen.stream().anyMatch(EngineKind::isPeer)) {
                throw new IllegalArgumentException(
                        "--device is for zapkv alone: its peers need a file system; add" + " --engines zapkv");
            }
            repetitions = engines.repetitions();
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        try (RunGuard guard = new RunGuard(place.scratch(where -> DiskSpace.check(where, settings)))) {
            final Campaign campaign = new Campaign(guard, chosen, settings, repetitions);
            final Comparison comparison = campaign.run(ProgressLine.standard());
            place.report(
                    ResultTable.render(comparison) + campaign.conditions(),
                    (target, command) -> ResultJson.write(target, comparison, settings, command, guard.directory()));
            return 0;
        }
    }
}
