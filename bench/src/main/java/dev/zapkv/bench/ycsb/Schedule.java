/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/// When the operations of an open loop are meant to start: one after the other at a fixed interval, whatever
/// happened to earlier ones. A thread takes every n-th slot. Latency counted from the intended start includes the
/// time an operation waited for a stalled predecessor.
final class Schedule {
    private static final long SPIN_NS = TimeUnit.MICROSECONDS.toNanos(100);

    private final LongSupplier clock;
    private final LongConsumer park;
    private final double intervalNs;
    private final long startNs;
    private final int thread;
    private final int threads;

    /// Slots of one of several threads from {@code startNs} on, at {@code operationsPerSecond} for all of them
    /// together.
    Schedule(
            final LongSupplier clock,
            final LongConsumer park,
            final long startNs,
            final long operationsPerSecond,
            final int thread,
            final int threads) {
        this.clock = clock;
        this.park = park;
        this.startNs = startNs;
        this.intervalNs = (double) TimeUnit.SECONDS.toNanos(1) / operationsPerSecond;
        this.thread = thread;
        this.threads = threads;
    }

    /// When this thread's operation of that index is meant to start.
    long intendedStartNs(final long operation) {
        return startNs + (long) ((operation * threads + thread) * intervalNs);
    }

    /// Returns at the intended start, or at once if it is past: parks while it is far, spins when it is near.
    long await(final long operation) {
        final long intended = intendedStartNs(operation);
        long left = intended - clock.getAsLong();
        while (left > 0) {
            if (left > SPIN_NS) {
                park.accept(left - SPIN_NS);
            } else {
                Thread.onSpinWait();
            }
            left = intended - clock.getAsLong();
        }
        return intended;
    }
}
