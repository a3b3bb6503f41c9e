/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// Notices that a store has come to a standstill: writers and collections wait for a zone, and for each other, and
/// nothing is under way that could make room. Belongs to the I/O agent.
///
/// One duty cycle without work proves nothing: a writer may be about to commit what it has claimed. So it must have
/// lasted for a second.
final class Standstill {
    private static final long LASTS_AFTER_NS = TimeUnit.SECONDS.toNanos(1);

    private final LongSupplier nanoClock;
    private boolean still;
    private long since;

    Standstill(final LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    /// After each duty cycle.
    ///
    /// @param nothingMoves whether nothing was done, and nothing is under way
    /// @return whether nothing has moved for a second
    boolean lasts(final boolean nothingMoves) {
        if (!nothingMoves) {
            still = false;
            return false;
        }
        final long now = nanoClock.getAsLong();
        if (!still) {
            still = true;
            since = now;
        }
        return now - since > LASTS_AFTER_NS;
    }
}
