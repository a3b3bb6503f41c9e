/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.bench.peer.KvEngine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.HdrHistogram.Histogram;
import site.ycsb.WorkloadException;
import site.ycsb.measurements.Measurements;
import site.ycsb.workloads.CoreWorkload;

/// One workload run against an open engine by its client threads, all started together.
final class Phase {
    private static final long PROGRESS_MS = 250;
    private static final long START_DELAY_NS = TimeUnit.MILLISECONDS.toNanos(1);

    /// Told now and then how far a phase is; on the thread that called {@link Phase#run}.
    @FunctionalInterface
    interface Listener {
        void progress(WorkloadKind workload, long done, long total, double operationsPerSecond);
    }

    private final KvEngine engine;
    private final RunSettings settings;
    private final SeededThread seededThread;
    private final LongSupplier clock;
    private final Listener listener;

    Phase(
            final KvEngine engine,
            final RunSettings settings,
            final SeededThread seededThread,
            final LongSupplier clock,
            final Listener listener) {
        this.engine = engine;
        this.settings = settings;
        this.seededThread = seededThread;
        this.clock = clock;
        this.listener = listener;
    }

    /// Runs the workload to its end; throws if any operation failed.
    PhaseOutcome run(final WorkloadKind kind) {
        final CoreWorkload workload = workload(kind);
        final AtomicBoolean stop = new AtomicBoolean();
        final AtomicReference<Throwable> failure = new AtomicReference<>();
        final CountDownLatch ready = new CountDownLatch(settings.threads());
        final Start start = new Start();
        final List<Worker> workers = new ArrayList<>();
        final List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < settings.threads(); i++) {
            final int index = i;
            final EngineDb database = new EngineDb(engine, settings.valueSize(), clock);
            final Worker worker = new Worker(workload, database, kind == WorkloadKind.LOAD, share(kind, index), stop);
            workers.add(worker);
            threads.add(Thread.ofPlatform().name("ycsb-" + kind + "-" + index).unstarted(() -> {
                try {
                    seededThread.seed(settings.seed(), kind, index);
                    ready.countDown();
                    runWorker(worker, start.await(), index);
                } catch (final Throwable e) {
                    failure.compareAndSet(null, e);
                    stop.set(true);
                    ready.countDown();
                }
            }));
        }
        threads.forEach(Thread::start);
        try {
            ready.await();
            final long startNs = start.release(clock.getAsLong() + (settings.target() > 0 ? START_DELAY_NS : 0));
            watch(kind, threads, workers, startNs);
            return outcome(kind, workers, failure.get(), clock.getAsLong() - startNs);
        } catch (final InterruptedException e) {
            stop.set(true);
            Thread.currentThread().interrupt();
            throw new PhaseFailedException("interrupted in " + kind, e);
        }
    }

    /// The one moment from which all threads of a phase count.
    private static final class Start {
        private final CountDownLatch released = new CountDownLatch(1);
        private volatile long startNs;

        long release(final long atNs) {
            startNs = atNs;
            released.countDown();
            return atNs;
        }

        long await() throws InterruptedException {
            released.await();
            return startNs;
        }
    }

    private CoreWorkload workload(final WorkloadKind kind) {
        final Properties properties =
                kind.properties(settings.records(), settings.operations(kind), settings.valueSize());
        // Static in YCSB: counts the read-modify-writes of every phase, nobody reads it.
        Measurements.setProperties(properties);
        final CoreWorkload workload = new CoreWorkload();
        try {
            workload.init(properties);
        } catch (final WorkloadException e) {
            throw new PhaseFailedException("YCSB refuses workload " + kind, e);
        }
        return workload;
    }

    private long share(final WorkloadKind kind, final int index) {
        final long operations = settings.operations(kind);
        return operations / settings.threads() + (index < operations % settings.threads() ? 1 : 0);
    }

    private void runWorker(final Worker worker, final long startNs, final int index) {
        if (settings.target() > 0) {
            worker.runOpenLoop(
                    new Schedule(clock, LockSupport::parkNanos, startNs, settings.target(), index, settings.threads()));
        } else {
            worker.runClosedLoop();
        }
    }

    private void watch(
            final WorkloadKind kind, final List<Thread> threads, final List<Worker> workers, final long startNs)
            throws InterruptedException {
        for (final Thread thread : threads) {
            while (!thread.join(Duration.ofMillis(PROGRESS_MS))) {
                final long done = done(workers);
                final double seconds = (clock.getAsLong() - startNs) / 1e9;
                listener.progress(kind, done, settings.operations(kind), done / seconds);
            }
        }
    }

    private static long done(final List<Worker> workers) {
        long done = 0;
        for (final Worker worker : workers) {
            done += worker.done();
        }
        return done;
    }

    private PhaseOutcome outcome(
            final WorkloadKind kind, final List<Worker> workers, final Throwable failure, final long elapsedNs) {
        long errors = 0;
        String firstError = "";
        long userBytes = 0;
        long insertedBytes = 0;
        final Histogram latencies = workers.getFirst().latencies().copy();
        latencies.reset();
        for (final Worker worker : workers) {
            final EngineDb database = worker.database();
            errors += database.errors();
            firstError = firstError.isEmpty() ? database.firstError() : firstError;
            userBytes += database.userBytes();
            insertedBytes += database.insertedBytes();
            latencies.add(worker.latencies());
        }
        if (failure != null) {
            throw new PhaseFailedException("workload " + kind + " failed: " + failure.getMessage(), failure);
        }
        if (errors != 0) {
            throw new PhaseFailedException(
                    "workload " + kind + " failed: " + errors + " operations went wrong, the first one: " + firstError);
        }
        final long done = done(workers);
        if (done != settings.operations(kind)) {
            throw new PhaseFailedException("workload " + kind + " stopped after " + done + " operations");
        }
        return new PhaseOutcome(done, elapsedNs, Latency.of(latencies), userBytes, insertedBytes);
    }
}
