/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;
import site.ycsb.workloads.CoreWorkload;

/// One client thread of a phase: runs its share of operations and records the latency of each. A failure of any worker
/// stops all.
final class Worker {
    private static final long HIGHEST_LATENCY_NS = TimeUnit.HOURS.toNanos(1);
    private static final int SIGNIFICANT_DIGITS = 3;

    private final CoreWorkload workload;
    private final EngineDb database;
    private final boolean loading;
    private final long operations;
    private final AtomicBoolean stop;
    private final Histogram latencies = new Histogram(HIGHEST_LATENCY_NS, SIGNIFICANT_DIGITS);
    /// Written by the worker, read by the monitor.
    private final AtomicLong done = new AtomicLong();

    Worker(
            final CoreWorkload workload,
            final EngineDb database,
            final boolean loading,
            final long operations,
            final AtomicBoolean stop) {
        this.workload = workload;
        this.database = database;
        this.loading = loading;
        this.operations = operations;
        this.stop = stop;
    }

    /// Each operation as soon as the one before is done; latency is the engine's time.
    void runClosedLoop() {
        for (long i = 0; i < operations && !stop.get(); i++) {
            operate();
            record(database.engineNs());
            done.setOpaque(i + 1);
        }
    }

    /// Each operation at its intended time or as soon after as the ones before allow; latency counts from the intended
    /// start.
    void runOpenLoop(final Schedule schedule) {
        for (long i = 0; i < operations && !stop.get(); i++) {
            final long intendedNs = schedule.await(i);
            operate();
            record(database.endNs() - intendedNs);
            done.setOpaque(i + 1);
        }
    }

    private void operate() {
        database.begin();
        final boolean ok = loading ? workload.doInsert(database, null) : workload.doTransaction(database, null);
        if (!ok || database.errors() != 0) {
            stop.set(true);
        }
    }

    private void record(final long latencyNs) {
        latencies.recordValue(Math.clamp(latencyNs, 0, HIGHEST_LATENCY_NS));
    }

    long done() {
        return done.getOpaque();
    }

    EngineDb database() {
        return database;
    }

    Histogram latencies() {
        return latencies;
    }
}
