/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// Refreshes a status line from a timer thread while the main thread is inside one long call.
final class Ticker implements AutoCloseable {
    private static final long PERIOD_MS = 200;

    private final ExecutorService timer;
    private final Future<?> refreshing;

    /// @param text what to show; called on the timer's thread
    Ticker(final StatusLine line, final Supplier<String> text) {
        if (!line.isEnabled()) {
            timer = null;
            refreshing = null;
            return;
        }
        final ScheduledExecutorService scheduled = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("zapkv-progress").factory());
        timer = scheduled;
        final Runnable refresh = () -> {
            if (line.isDue()) {
                line.show(text.get());
            }
        };
        // an exception ends the refreshing, not the command
        refreshing = scheduled.scheduleAtFixedRate(refresh, PERIOD_MS, PERIOD_MS, TimeUnit.MILLISECONDS);
    }

    /// Stops refreshing; a text being made is waited for.
    @Override
    public void close() {
        if (timer != null) {
            refreshing.cancel(false);
            timer.close();
        }
    }
}
