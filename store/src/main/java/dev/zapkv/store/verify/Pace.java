/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/// Keeps reading to a number of bytes per second.
final class Pace {
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);

    private final long bytesPerSecond;
    private final LongSupplier nanoClock;
    private long freeAt;

    /// @param bytesPerSecond 0: no limit
    Pace(final long bytesPerSecond, final LongSupplier nanoClock) {
        this.bytesPerSecond = bytesPerSecond;
        this.nanoClock = nanoClock;
        freeAt = nanoClock.getAsLong();
    }

    /// Waits until so many bytes may be read.
    void await(final int bytes) {
        if (bytesPerSecond == 0) {
            return;
        }
        long now = nanoClock.getAsLong();
        while (now - freeAt < 0) {
            LockSupport.parkNanos(this, freeAt - now);
            now = nanoClock.getAsLong();
        }
        // What was not used before is not made up for.
        freeAt = now + (long) ((double) bytes / bytesPerSecond * SECOND_NS);
    }
}
