/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Many histories side by side, one seed after another.
final class Campaign {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final List<Drive> KINDS = List.of(Drive.values());
    // Most take well below a second.
    private static final long HISTORY_NANOS = TimeUnit.SECONDS.toNanos(120);
    private static final long LOOK_MILLIS = 500;

    private final Plan plan;
    private final Consumer<Violation> listener;
    private final Figures figures = new Figures();
    private final List<Violation> violations = new ArrayList<>();
    private final Watch watch = new Watch(HISTORY_NANOS);
    private final List<Thread> workers = new ArrayList<>();
    private final long begunAt = System.nanoTime();
    private Throwable failure;
    private long next;
    private boolean stopped;

    /// What is to be run.
    ///
    /// @param from      first seed
    /// @param seeds     how many
    /// @param drive     of all histories; empty: each seed's own, all kinds in turn
    /// @param steps     of each history, or {@link Setup#MIXED_STEPS}
    /// @param threads   histories at a time
    /// @param nanos     time after which no other history begins
    /// @param keepGoing whether it goes on behind a violation
    record Plan(long from, long seeds, Optional<Drive> drive, int steps, int threads, long nanos, boolean keepGoing) {
        Drive driveOf(final long seed) {
            return drive.orElseGet(() -> KINDS.get(Math.floorMod(seed, KINDS.size())));
        }
    }

    /// A history in which the store did what it must not.
    record Violation(long seed, Drive drive, AssertionError error) {
        /// What to run to see it again.
        String reproduction(final int steps) {
            return "./zapkv simulate --from " + seed + " --seeds 1 --drive " + drive.label()
                    + (steps == Setup.MIXED_STEPS ? "" : " --steps " + steps);
        }
    }

    /// @param listener told each violation as it is found
    Campaign(final Plan plan, final Consumer<Violation> listener) {
        this.plan = plan;
        this.listener = listener;
        next = plan.from();
    }

    /// Runs to the end.
    ///
    /// @return the violations, in the order they were found
    List<Violation> run() throws IOException, InterruptedException {
        final Path root = scratch();
        try {
            for (int i = 0; i < plan.threads(); i++) {
                startWorker(root);
            }
            while (!workers.isEmpty()) {
                workers.getFirst().join(LOOK_MILLIS);
                workers.removeIf(worker -> !worker.isAlive());
                for (final Watch.Overdue overdue : watch.overdue(System.nanoTime())) {
                    giveUp(overdue, root);
                }
            }
        } finally {
            stop();
            delete(root);
        }
        if (failure != null) {
            throw new IllegalStateException("the simulation itself failed: " + failure, failure);
        }
        return violations;
    }

    private void startWorker(final Path root) throws IOException {
        final Path directory = Files.createTempDirectory(root, "thread-");
        workers.add(Thread.ofPlatform().name("simulation").daemon(true).start(() -> work(directory)));
    }

    /// The thread cannot be stopped: another one takes its place.
    private void giveUp(final Watch.Overdue overdue, final Path root) throws IOException {
        workers.remove(overdue.thread());
        note(overdue.seed(), new Figures(), overdue.error(HISTORY_NANOS));
        startWorker(root);
    }

    /// Begins no other history.
    synchronized void stop() {
        stopped = true;
    }

    /// Figures so far.
    synchronized Figures figures() {
        final Figures copy = new Figures();
        copy.add(figures);
        return copy;
    }

    /// Violations so far.
    synchronized int violations() {
        return violations.size();
    }

    double seconds() {
        return (System.nanoTime() - begunAt) / (double) TimeUnit.SECONDS.toNanos(1);
    }

    private void work(final Path directory) {
        try {
            for (Long seed = take(); seed != null; seed = take()) {
                final Simulation history = new Simulation(seed, plan.steps(), plan.driveOf(seed), directory);
                AssertionError error = null;
                watch.begin(Thread.currentThread(), seed, System.nanoTime());
                try {
                    history.run();
                } catch (final AssertionError e) {
                    error = e;
                }
                clear(directory);
                if (!watch.end(Thread.currentThread())) {
                    return;
                }
                note(seed, history.figures(), error);
            }
        } catch (final RuntimeException | Error e) {
            fail(e);
        }
    }

    private synchronized Long take() {
        final boolean over =
                stopped || next - plan.from() >= plan.seeds() || System.nanoTime() - begunAt >= plan.nanos();
        return over ? null : next++;
    }

    private synchronized void note(final long seed, final Figures history, final AssertionError error) {
        figures.add(history);
        if (error != null) {
            final Violation violation = new Violation(seed, plan.driveOf(seed), error);
            violations.add(violation);
            listener.accept(violation);
            stopped |= !plan.keepGoing();
        }
    }

    private synchronized void fail(final Throwable cause) {
        failure = failure == null ? cause : failure;
        stopped = true;
    }

    /// An empty directory, in memory if possible.
    static Path scratch() throws IOException {
        return Files.isDirectory(SHARED_MEMORY)
                ? Files.createTempDirectory(SHARED_MEMORY, "zapkv-simulate-")
                : Files.createTempDirectory("zapkv-simulate-");
    }

    /// A history that was cut short may leave its staging file.
    static void clear(final Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            for (final Path file : files.toList()) {
                Files.delete(file);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(final Path root) throws IOException {
        try (Stream<Path> directories = Files.list(root)) {
            for (final Path directory : directories.toList()) {
                clear(directory);
                Files.delete(directory);
            }
        }
        Files.delete(root);
    }
}
