/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

/// What one phase of one repetition measured.
///
/// @param workload      which phase
/// @param operations    operations done
/// @param elapsedNs     from the first operation's start to the last one's end
/// @param latency       latencies of the operations
/// @param resources     what else it cost
/// @param engineVersion name and version of the engine's library
record PhaseResult(
        WorkloadKind workload,
        long operations,
        long elapsedNs,
        Latency latency,
        Resources resources,
        String engineVersion) {
    private static final double NS_PER_SECOND = 1e9;
    private static final double NS_PER_US = 1e3;

    double operationsPerSecond() {
        return operations * NS_PER_SECOND / elapsedNs;
    }

    double cpuUsPerOperation() {
        return resources.cpuNs() / NS_PER_US / operations;
    }

    /// Bytes written to storage for each byte the user wrote; not a number for a phase that only reads.
    double writeAmplification() {
        return resources.userBytes() == 0 ? Double.NaN : (double) resources.deviceBytes() / resources.userBytes();
    }

    /// The same by the engine's own count; not a number if it keeps none.
    double engineWriteAmplification() {
        return resources.userBytes() == 0 || resources.engineBytes() < 0
                ? Double.NaN
                : (double) resources.engineBytes() / resources.userBytes();
    }

    /// Allocated bytes for each live byte of the user.
    double spaceAmplification() {
        return resources.liveBytes() == 0 ? Double.NaN : (double) resources.spaceBytes() / resources.liveBytes();
    }
}
