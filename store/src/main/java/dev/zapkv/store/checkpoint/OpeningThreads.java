/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.checkpoint;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntConsumer;

/// The threads that read checkpoints and the log side by side while a store is opened: the one that opens it, and
/// helpers. With a count of one everything runs on that one, in a fixed order.
public final class OpeningThreads implements AutoCloseable {
    private static final int MOST = 8;

    private final int count;
    private final OpeningProgress progress;
    private final ExecutorService helpers;
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

    /// @param count    at least 1
    /// @param progress told by the parts what they have read
    public OpeningThreads(final int count, final OpeningProgress progress) {
        this.progress = progress;
        this.count = count;
        helpers = count == 1
                ? null
                : Executors.newFixedThreadPool(
                        count - 1,
                        Thread.ofPlatform().name("zapkv-open-", 0).daemon(true).factory());
    }

    /// Two for each processor, within reason: they wait for the device about a third of the time.
    public static OpeningThreads forMachine(final OpeningProgress progress) {
        return new OpeningThreads(Math.clamp(2L * Runtime.getRuntime().availableProcessors(), 1, MOST), progress);
    }

    /// What is read counts here.
    public OpeningProgress progress() {
        return progress;
    }

    /// How many there are.
    public int count() {
        return count;
    }

    /// Lets every thread do its part, and returns when all are done; what they have written is visible then.
    ///
    /// @param part is told the thread's number, from 0
    /// @throws RuntimeException the first one that a part threw, an error likewise
    public void run(final IntConsumer part) {
        failures.clear();
        final CountDownLatch running = new CountDownLatch(count - 1);
        for (int i = 1; i < count; i++) {
            final int number = i;
            helpers.execute(() -> {
                try {
                    runPart(part, number);
                } finally {
                    running.countDown();
                }
            });
        }
        runPart(part, 0);
        await(running);
        final Throwable first = failures.poll();
        for (final Throwable other : failures) {
            first.addSuppressed(new IllegalStateException("another part failed, too", other));
        }
        if (first instanceof RuntimeException e) {
            throw e;
        }
        if (first instanceof Error e) {
            throw e;
        }
    }

    /// Whether a part has thrown: what the others do is of no use any more.
    public boolean hasFailed() {
        return !failures.isEmpty();
    }

    private void runPart(final IntConsumer part, final int number) {
        try {
            part.accept(number);
        } catch (final RuntimeException | Error e) {
            failures.add(e);
        }
    }

    /// An interrupt is kept for later: the memory the parts work on must not go while they run.
    private static void await(final CountDownLatch running) {
        boolean interrupted = false;
        while (true) {
            try {
                running.await();
                break;
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        if (helpers != null) {
            helpers.close();
        }
    }
}
