/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import java.util.function.LongSupplier;

/// How long the parts of an opening take, one behind the other.
final class OpeningTimes {
    private final LongSupplier nanoClock;
    private final long started;
    private long lap;
    private long metadata;
    private long checkpoint;
    private long staging;

    OpeningTimes(final LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
        started = nanoClock.getAsLong();
        lap = started;
    }

    /// The metadata is found.
    void metadataDone() {
        metadata = lap();
    }

    /// The checkpoint is read.
    void checkpointDone() {
        checkpoint = lap();
    }

    /// What comes next is about staging.
    void stagingBegins() {
        lap();
    }

    /// What was in staging is entered.
    void stagingDone() {
        staging = lap();
    }

    private long lap() {
        final long now = nanoClock.getAsLong();
        final long passed = now - lap;
        lap = now;
        return passed;
    }

    long metadataNs() {
        return metadata;
    }

    long checkpointNs() {
        return checkpoint;
    }

    long stagingNs() {
        return staging;
    }

    /// Since the beginning.
    long totalNs() {
        return nanoClock.getAsLong() - started;
    }
}
