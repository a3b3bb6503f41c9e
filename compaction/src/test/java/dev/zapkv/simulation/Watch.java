/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/// Looks for histories that do not end. Any thread.
final class Watch {
    private final long mostNanos;
    private final Map<Thread, Begun> running = new HashMap<>();

    /// A history that a thread is at.
    private record Begun(long seed, long at) {}

    /// A history that should have ended long ago.
    ///
    /// @param thread that is at it still
    record Overdue(long seed, Thread thread) {
        /// An error that says where the thread is.
        AssertionError error(final long mostNanos) {
            final AssertionError error = new AssertionError("seed " + seed + " has not ended within "
                    + mostNanos / 1_000_000_000 + " s; its thread is at what follows, and stays there");
            error.setStackTrace(thread.getStackTrace());
            return error;
        }
    }

    /// @param mostNanos that a history may take
    Watch(final long mostNanos) {
        this.mostNanos = mostNanos;
    }

    /// A thread begins a history.
    synchronized void begin(final Thread thread, final long seed, final long now) {
        running.put(thread, new Begun(seed, now));
    }

    /// A thread has ended a history.
    ///
    /// @return false if it is too late: it was given up
    synchronized boolean end(final Thread thread) {
        return running.remove(thread) != null;
    }

    /// Gives up those that have taken too long.
    synchronized List<Overdue> overdue(final long now) {
        final List<Overdue> overdue = new ArrayList<>();
        for (final Iterator<Map.Entry<Thread, Begun>> all = running.entrySet().iterator(); all.hasNext(); ) {
            final Map.Entry<Thread, Begun> next = all.next();
            if (now - next.getValue().at() > mostNanos) {
                overdue.add(new Overdue(next.getValue().seed(), next.getKey()));
                all.remove();
            }
        }
        return overdue;
    }
}
