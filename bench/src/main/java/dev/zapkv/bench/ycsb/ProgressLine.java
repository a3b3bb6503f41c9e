/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import java.io.Console;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;

/// Says how far a run is: on a terminal one line that rewrites itself, elsewhere a line for each finished phase.
public final class ProgressLine {
    private static final String REWRITE = "\r\033[K";

    private final PrintStream target;
    private final boolean terminal;

    ProgressLine(final PrintStream target, final boolean terminal) {
        this.target = target;
        this.terminal = terminal;
    }

    /// On standard error, as its terminal allows.
    public static ProgressLine standard() {
        final boolean terminal =
                Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
        return new ProgressLine(System.err, terminal);
    }

    /// Something is under way.
    public void update(final String text) {
        if (terminal) {
            target.print(REWRITE + text);
            target.flush();
        }
    }

    /// A part is done.
    public void finished(final String text) {
        if (terminal) {
            update(text);
        } else {
            target.println(text);
        }
    }

    /// Leaves an empty line for what comes next.
    public void clear() {
        update("");
    }

    /// What a repetition is of.
    public static String where(final int repetition, final int repetitions, final String what) {
        return String.format(Locale.ROOT, "[%d/%d] %s", repetition, repetitions, what);
    }

    static String phase(final String where, final ChildMessage.Progress progress) {
        return String.format(
                Locale.ROOT,
                "%s %s %3d%%  %,.0f ops/s",
                where,
                progress.workload(),
                100 * progress.done() / Math.max(1, progress.total()),
                progress.operationsPerSecond());
    }

    static String done(final String where, final PhaseResult result) {
        return String.format(
                Locale.ROOT, "%s %s done, %,.0f ops/s", where, result.workload(), result.operationsPerSecond());
    }
}
