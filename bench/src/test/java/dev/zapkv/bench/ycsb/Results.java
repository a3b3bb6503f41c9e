/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.io.DeviceCounters;

/// Results for tests.
final class Results {
    private Results() {}

    static PhaseResult phase(
            final WorkloadKind workload, final long operations, final long elapsedNs, final double meanNs) {
        return new PhaseResult(
                workload,
                operations,
                elapsedNs,
                new Latency(meanNs, 4_000, 20_000, 50_000, 1_000_000),
                new Resources(
                        operations * 4_000,
                        0,
                        workload == WorkloadKind.C ? 0 : 2_000_000,
                        -1,
                        workload == WorkloadKind.C ? 0 : 1_000_000,
                        1_500_000,
                        1_000_000,
                        300L << 20,
                        DeviceCounters.NONE),
                "engine 1.0");
    }
}
