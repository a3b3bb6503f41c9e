/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

import dev.zapkv.store.spi.CollectorHost;
import dev.zapkv.zone.ZoneTable;

/// When to collect, and how hard. In a bounded store: while fewer than a
/// sixteenth of its zones are empty. In one
/// that grows: while more than half of what is written is garbage, or when its file system is full. The fewer
/// zones are empty, the more steps a duty cycle takes, so that writers feel it before they have to wait.
final class GcPace {
    private static final int EMPTY_ZONES_DIVISOR = 16;
    private static final double TOLERATED_GARBAGE = 0.5;
    private static final int MIN_ZONES_WRITTEN = 4;
    private static final int STEPS_IN_NEED = 8;

    private final CollectorHost host;

    GcPace(final CollectorHost host) {
        this.host = host;
    }

    boolean wantsVictim() {
        if (host.writersStarved() || host.allocator().emptyZones() <= lowWater()) {
            return true;
        }
        if (!host.isUnbounded()) {
            return false;
        }
        final ZoneTable zones = host.zones();
        final long written = zones.totalWritten(null);
        return written > MIN_ZONES_WRITTEN * zones.capacity()
                && written - zones.totalLiveBytes() > written * TOLERATED_GARBAGE;
    }

    int stepsPerCycle() {
        return host.allocator().emptyZones() <= host.allocator().reserve() + 1 ? STEPS_IN_NEED : 1;
    }

    private int lowWater() {
        return host.allocator().reserve()
                + Math.max(1, host.isUnbounded() ? 1 : host.allocator().zoneLimit() / EMPTY_ZONES_DIVISOR);
    }
}
