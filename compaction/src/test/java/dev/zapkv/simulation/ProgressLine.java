/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Says on the error stream how far a campaign is: on a terminal each second in one line, else each half minute.
final class ProgressLine implements AutoCloseable {
    private static final long TERMINAL_SECONDS = 1;
    private static final long LOG_SECONDS = 30;

    private final Campaign campaign;
    private final Campaign.Plan plan;
    private final boolean terminal = isTerminal();
    private final CountDownLatch over = new CountDownLatch(1);
    private final Thread thread;

    ProgressLine(final Campaign campaign, final Campaign.Plan plan) {
        this.campaign = campaign;
        this.plan = plan;
        thread = Thread.ofPlatform().name("progress").daemon(true).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            while (!over.await(terminal ? TERMINAL_SECONDS : LOG_SECONDS, TimeUnit.SECONDS)) {
                System.err.print(terminal ? "\r" + line() + "\u001b[K" : line() + System.lineSeparator());
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isTerminal() {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/2")).startsWith("/dev/pts");
        } catch (final IOException e) {
            return false;
        }
    }

    private String line() {
        final Figures figures = campaign.figures();
        return String.format(
                Locale.ROOT,
                "%,d%s histories, %.1f/s, %,d crashes, %,d recoveries, %d violations",
                figures.histories,
                plan.seeds() == Long.MAX_VALUE ? "" : String.format(Locale.ROOT, " of %,d", plan.seeds()),
                figures.histories / campaign.seconds(),
                figures.crashes,
                figures.recoveries,
                campaign.violations());
    }

    @Override
    public void close() {
        over.countDown();
        thread.interrupt();
        if (terminal) {
            System.err.print("\r\u001b[K");
        }
    }
}
