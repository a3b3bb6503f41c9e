/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

/// One line on standard error that is written over and over while a command works, and removed at the end. Where
/// nobody watches a terminal it stays silent unless asked for, and then it writes whole lines, less often.
///
/// Thread-safe: a timer may show something while the command ends.
final class StatusLine implements AutoCloseable {
    private static final long TERMINAL_INTERVAL_NS = 200_000_000L;
    private static final long PLAIN_INTERVAL_NS = 2_000_000_000L;
    private static final String ERASE = "\r\u001b[K";

    private final Terminal terminal;
    private final boolean enabled;
    private final long intervalNs;
    private final int columns;
    private long nextNs;
    private boolean isShown;

    /// @param wanted true or false if the user said so, null to show it on terminals only
    StatusLine(final Terminal terminal, final Boolean wanted) {
        this.terminal = terminal;
        this.enabled = wanted == null ? terminal.errIsTerminal() : wanted;
        this.intervalNs = terminal.errIsTerminal() ? TERMINAL_INTERVAL_NS : PLAIN_INTERVAL_NS;
        // a longer line would wrap and could not be written over
        this.columns = enabled && terminal.errIsTerminal() ? terminal.width() - 1 : Integer.MAX_VALUE;
        this.nextNs = terminal.nanoClock().getAsLong() + intervalNs;
    }

    /// Whether anything is ever shown.
    boolean isEnabled() {
        return enabled;
    }

    /// Whether it is time to show something again. What ends sooner than the first interval shows nothing.
    synchronized boolean isDue() {
        return enabled && terminal.nanoClock().getAsLong() - nextNs >= 0;
    }

    /// Shows a line at once.
    synchronized void show(final String text) {
        if (!enabled) {
            return;
        }
        nextNs = terminal.nanoClock().getAsLong() + intervalNs;
        if (terminal.errIsTerminal()) {
            terminal.err().print(ERASE + text.substring(0, Math.min(text.length(), columns)));
        } else {
            terminal.err().println(text);
        }
        terminal.err().flush();
        isShown = true;
    }

    /// Removes the line from the terminal.
    @Override
    public synchronized void close() {
        if (isShown && terminal.errIsTerminal()) {
            terminal.err().print(ERASE);
            terminal.err().flush();
        }
        isShown = false;
    }
}
