/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.bench.peer.EngineKind;
import dev.zapkv.io.DeviceCounters;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// Medians over the repetitions of one engine's phase; each figure's median is its own. A figure that does not
/// apply is not a number.
///
/// @param engine              which engine
/// @param workload            which phase
/// @param repetitions         how many were measured
/// @param operations          operations of one repetition
/// @param opsPerSec           median operations per second
/// @param opsPerSecMin        the slowest repetition
/// @param opsPerSecMax        the fastest repetition
/// @param meanUs              mean latency in microseconds
/// @param p50Us               median latency
/// @param p99Us               99th percentile
/// @param p999Us              99.9th percentile
/// @param maxUs               the median of the repetitions' largest latencies
/// @param cpuUsPerOp          processor time of the whole process for each operation
/// @param writeAmplification  bytes written to storage for each user byte, by the kernel's count
/// @param engineAmplification the same by the engine's own count
/// @param spaceAmplification  allocated bytes for each live user byte
/// @param peakRssBytes        largest resident memory
/// @param settleSeconds       how long background work went on after the phase
/// @param appendsPerSec       appends of the device in a second
/// @param device              what the device did, in the first repetition
/// @param engineVersion       name and version of the engine's library
record Summary(
        EngineKind engine,
        WorkloadKind workload,
        int repetitions,
        long operations,
        double opsPerSec,
        double opsPerSecMin,
        double opsPerSecMax,
        double meanUs,
        double p50Us,
        double p99Us,
        double p999Us,
        double maxUs,
        double cpuUsPerOp,
        double writeAmplification,
        double engineAmplification,
        double spaceAmplification,
        double peakRssBytes,
        double settleSeconds,
        double appendsPerSec,
        DeviceCounters device,
        String engineVersion) {
    private static final double NS_PER_US = 1e3;
    private static final double NS_PER_SECOND = 1e9;

    /// Medians of at least one result.
    static Summary of(final EngineKind engine, final List<PhaseResult> results) {
        final PhaseResult first = results.getFirst();
        final double[] rates = values(results, PhaseResult::operationsPerSecond);
        return new Summary(
                engine,
                first.workload(),
                results.size(),
                first.operations(),
                median(rates),
                Arrays.stream(rates).min().orElseThrow(),
                Arrays.stream(rates).max().orElseThrow(),
                latency(results, Latency::meanNs),
                latency(results, Latency::p50Ns),
                latency(results, Latency::p99Ns),
                latency(results, Latency::p999Ns),
                latency(results, Latency::maxNs),
                median(values(results, PhaseResult::cpuUsPerOperation)),
                median(values(results, PhaseResult::writeAmplification)),
                median(values(results, PhaseResult::engineWriteAmplification)),
                median(values(results, PhaseResult::spaceAmplification)),
                median(values(results, result -> result.resources().peakRssBytes())),
                median(values(results, result -> result.resources().settleNs() / NS_PER_SECOND)),
                median(values(
                        results, result -> result.resources().device().appends() * NS_PER_SECOND / result.elapsedNs())),
                first.resources().device(),
                first.engineVersion());
    }

    /// This engine's operations per second divided by the peer's.
    double ratioTo(final Summary peer) {
        return opsPerSec / peer.opsPerSec;
    }

    /// The middle value, or the mean of the two middle ones; not a number if any value is none.
    static double median(final double... values) {
        final double[] sorted = values.clone();
        Arrays.sort(sorted);
        final int middle = sorted.length / 2;
        if (Double.isNaN(sorted[sorted.length - 1])) {
            return Double.NaN;
        }
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static double latency(final List<PhaseResult> results, final ToDoubleFunction<Latency> figure) {
        return median(values(results, result -> figure.applyAsDouble(result.latency()) / NS_PER_US));
    }

    private static double[] values(final List<PhaseResult> results, final ToDoubleFunction<PhaseResult> figure) {
        return results.stream().mapToDouble(figure).toArray();
    }
}
