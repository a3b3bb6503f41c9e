/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.bench.peer.EngineKind;
import java.util.List;
import picocli.CommandLine.Option;

/// The options of benchmarks that compare engines: which ones, and how often. Values are checked when they are
/// asked for.
public final class EngineOptions {
    private static final long MOST_REPETITIONS = 100;

    @Option(
            names = "--engines",
            split = ",",
            paramLabel = "NAME",
            defaultValue = "zapkv,rocksdb",
            description = "Engines to compare, out of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}); none stores"
                    + " nothing and shows what the driver itself costs.",
            completionCandidates = EngineNames.class)
    private List<String> engines = List.of();

    @Option(
            names = "--repeat",
            paramLabel = "N",
            defaultValue = "3",
            description = "Repetitions of which the median is taken (default: ${DEFAULT-VALUE}).")
    private String repeat = "";

    /// For the command line parser.
    public EngineOptions() {}

    /// The engines, each once, as named.
    ///
    /// @throws IllegalArgumentException if there is no such engine
    public List<EngineKind> engines() {
        return engines.stream()
                .map(name -> EngineKind.named(name.strip()))
                .distinct()
                .toList();
    }

    /// Repetitions.
    ///
    /// @throws IllegalArgumentException if that is no reasonable number
    public int repetitions() {
        return (int) Quantity.count("--repeat", repeat, 1, MOST_REPETITIONS);
    }
}
