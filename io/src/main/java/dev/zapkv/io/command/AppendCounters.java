/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.DeviceCounters;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Counts appends. One writer at a time, any number of readers: the writer stores with release, nobody adds
/// atomically.
public final class AppendCounters {
    private final AtomicLong appends = new AtomicLong();
    private final AtomicLong inPlace = new AtomicLong();
    private final AtomicLong copied = new AtomicLong();
    private final AtomicLong reordered = new AtomicLong();
    private final AtomicInteger maxInFlight = new AtomicInteger();
    private final long[] highest;

    /// All zero.
    public AppendCounters(final int zones) {
        highest = new long[zones];
    }

    /// An append succeeded.
    ///
    /// @param end    its end in the zone
    /// @param copied whether the data went through a copy
    public void appended(final int zone, final long end, final int length, final boolean copied) {
        add(appends, 1);
        add(copied ? this.copied : inPlace, length);
        if (end < highest[zone]) {
            add(reordered, 1);
        } else {
            highest[zone] = end;
        }
    }

    /// So many appends are in flight on one zone.
    public void inFlight(final int count) {
        if (count > maxInFlight.getPlain()) {
            maxInFlight.setRelease(count);
        }
    }

    /// A zone starts anew.
    public void reset(final int zone) {
        highest[zone] = 0;
    }

    /// What was counted so far.
    public DeviceCounters snapshot() {
        final long direct = inPlace.getAcquire();
        final long copies = copied.getAcquire();
        return new DeviceCounters(
                appends.getAcquire(),
                direct + copies,
                direct,
                copies,
                reordered.getAcquire(),
                maxInFlight.getAcquire());
    }

    private static void add(final AtomicLong counter, final long value) {
        counter.setRelease(counter.getPlain() + value);
    }
}
