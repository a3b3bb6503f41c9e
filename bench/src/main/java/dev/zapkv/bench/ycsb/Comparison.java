/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.bench.peer.EngineKind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// All results of a run by workload and engine, in the order of the run.
final class Comparison {
    private final List<EngineKind> engines;
    private final Map<WorkloadKind, Map<EngineKind, List<PhaseResult>>> results = new EnumMap<>(WorkloadKind.class);

    Comparison(final List<EngineKind> engines) {
        this.engines = List.copyOf(engines);
    }

    void add(final EngineKind engine, final PhaseResult result) {
        results.computeIfAbsent(result.workload(), workload -> new EnumMap<>(EngineKind.class))
                .computeIfAbsent(engine, kind -> new ArrayList<>())
                .add(result);
    }

    /// The engine that the others are divided by: the first one that is not ZapKV, if there are several engines.
    Optional<EngineKind> peer() {
        return engines.size() < 2
                ? Optional.empty()
                : engines.stream().filter(EngineKind::isPeer).findFirst();
    }

    /// Medians, workload by workload, engines as they were named.
    List<Summary> summaries() {
        final List<Summary> summaries = new ArrayList<>();
        results.forEach((workload, byEngine) -> {
            for (final EngineKind engine : engines) {
                final List<PhaseResult> repetitions = byEngine.get(engine);
                if (repetitions != null) {
                    summaries.add(Summary.of(engine, repetitions));
                }
            }
        });
        return summaries;
    }

    /// The operations per second of a summary divided by the peer's for the same workload; not a number without a peer.
    double ratio(final Summary summary) {
        return peer().map(kind -> results.get(summary.workload()).get(kind))
                .map(repetitions -> summary.ratioTo(Summary.of(summary.engine(), repetitions)))
                .orElse(Double.NaN);
    }
}
