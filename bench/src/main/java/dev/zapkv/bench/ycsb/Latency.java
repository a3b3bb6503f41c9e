/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import org.HdrHistogram.Histogram;

/// The latencies of one phase in nanoseconds.
record Latency(double meanNs, long p50Ns, long p99Ns, long p999Ns, long maxNs) {
    static Latency of(final Histogram histogram) {
        return new Latency(
                histogram.getMean(),
                histogram.getValueAtPercentile(50),
                histogram.getValueAtPercentile(99),
                histogram.getValueAtPercentile(99.9),
                histogram.getMaxValue());
    }
}
