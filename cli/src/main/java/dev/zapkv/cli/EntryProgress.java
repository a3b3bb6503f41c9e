/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.util.Locale;
import java.util.function.LongSupplier;

/// What a stream of entries has come to: how many, how fast, how much longer.
final class EntryProgress {
    private static final double NS_PER_SECOND = 1e9;

    private final StatusLine line;
    private final String verb;
    private final LongSupplier nanoClock;
    private final long startNs;

    EntryProgress(final StatusLine line, final String verb, final LongSupplier nanoClock) {
        this.line = line;
        this.verb = verb;
        this.nanoClock = nanoClock;
        this.startNs = nanoClock.getAsLong();
    }

    /// Shows the figures if it is time to.
    ///
    /// @param entries so far
    /// @param bytes   of their keys and values
    /// @param done    how much of {@code total} is done, in whatever unit
    /// @param total   -1 if it is not known
    void update(final long entries, final long bytes, final long done, final long total) {
        if (line.isDue()) {
            line.show(format(entries, bytes, done, total));
        }
    }

    /// Since the beginning.
    long elapsedNs() {
        return nanoClock.getAsLong() - startNs;
    }

    private String format(final long entries, final long bytes, final long done, final long total) {
        final long elapsedNs = Math.max(1, elapsedNs());
        final long perSecond = Math.round(entries * NS_PER_SECOND / elapsedNs);
        final String figures = String.format(
                Locale.ROOT, "%s  %,d entries  %s  %,d entries/s", verb, entries, Human.bytes(bytes), perSecond);
        if (total <= 0 || done <= 0 || done > total) {
            return figures;
        }
        final long leftNs = Math.round((double) elapsedNs * (total - done) / done);
        return figures + String.format(Locale.ROOT, "  %d %%  ETA %s", 100 * done / total, Human.clock(leftNs));
    }
}
