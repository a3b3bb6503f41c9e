/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// Which zones have completed writes that are not durable, and the flushes that wait for them. Flushes are
/// served in rounds: a round takes all flushes that wait and all zones that are dirty when it starts, syncs
/// each of these once, and completes its flushes together; flushes that come meanwhile wait for the next
/// round. So any number of flushes share one sync per file.
///
/// A sync that failed is final: the kernel may have dropped the data and would report success the next time.
/// Every later flush fails with the same error until the zone is reset.
public final class FlushRounds {
    private final boolean[] dirty;
    private final IntQueue waiting;
    private final IntQueue serving;
    private final Map<Integer, Integer> failedZones = new HashMap<>(); // only after a failed sync
    private int[] dirtyZones = new int[16];
    private int dirtyCount;
    private int[] roundZones = new int[16];
    private int roundNext;
    private int roundCount;
    private int syncsInFlight;
    private int roundResult;

    /// Nothing is dirty.
    ///
    /// @param units zones, or whatever else is synced at once
    /// @param slots flushes that may wait
    public FlushRounds(final int units, final int slots) {
        dirty = new boolean[units];
        waiting = new IntQueue(slots);
        serving = new IntQueue(slots);
    }

    /// A write that is not durable by itself completed.
    public void written(final int zone) {
        if (!dirty[zone]) {
            dirty[zone] = true;
            if (dirtyCount == dirtyZones.length) {
                dirtyZones = Arrays.copyOf(dirtyZones, 2 * dirtyCount);
            }
            dirtyZones[dirtyCount++] = zone;
        }
    }

    /// Whether a zone has completed writes that are not durable.
    public boolean isDirty(final int zone) {
        return dirty[zone];
    }

    /// A flush waits.
    public void add(final int slot) {
        waiting.add(slot);
    }

    /// Starts a round if flushes wait and none is under way.
    public void begin() {
        if (waiting.isEmpty() || !serving.isEmpty()) {
            return;
        }
        while (!waiting.isEmpty()) {
            serving.add(waiting.remove());
        }
        final int[] zones = roundZones;
        roundZones = dirtyZones;
        roundCount = dirtyCount;
        roundNext = 0;
        dirtyZones = zones;
        dirtyCount = 0;
        for (int i = 0; i < roundCount; i++) {
            dirty[roundZones[i]] = false;
        }
        roundResult =
                failedZones.isEmpty() ? 0 : failedZones.values().iterator().next();
    }

    /// The next zone of the round to sync, or -1.
    public int nextZone() {
        return roundNext < roundCount ? roundZones[roundNext++] : -1;
    }

    /// A sync was started.
    public void syncStarted() {
        syncsInFlight++;
    }

    /// A sync ended.
    ///
    /// @param result 0 or {@code -errno}
    public void syncEnded(final int zone, final int result) {
        syncsInFlight--;
        if (result < 0) {
            fail(zone, result);
        }
    }

    /// Data of a zone may be lost: every flush fails until the zone is reset.
    public void fail(final int zone, final int result) {
        failedZones.put(zone, result);
        roundResult = result;
    }

    /// The zone's data is of no interest any more.
    public void reset(final int zone) {
        if (!failedZones.isEmpty()) {
            failedZones.remove(zone);
        }
    }

    /// A flush whose round has ended, or -1.
    public int takeServed() {
        return serving.isEmpty() || roundNext < roundCount || syncsInFlight > 0 ? -1 : serving.remove();
    }

    /// Result of the round that ended last: 0 or {@code -errno}.
    public int roundResult() {
        return roundResult;
    }

    /// Error of any zone whose data may be lost, or 0.
    public int failure() {
        return failedZones.isEmpty() ? 0 : failedZones.values().iterator().next();
    }
}
