/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

import dev.zapkv.io.ZoneState;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.util.BitSet;
import java.util.function.IntPredicate;

/// Greedy: the full zone with the fewest live bytes. Tombstones that nothing needs any more count as garbage.
///
/// One exception keeps tombstones from piling up. A tombstone may go once no zone is left whose horizon lies before
/// it; so while tombstones take more than a fiftieth of what is written, every eighth victim is the zone with the
/// lowest horizon, whatever it holds: its live records move to a zone with a recent horizon.
final class GreedyPolicy implements VictimPolicy {
    // Below this share of a zone the copying eats the gain: relocated records and block headers take a little more
    // room.
    private static final int MIN_GAIN_DIVISOR = 32;
    private static final int TOMBSTONE_DIVISOR = 50;
    private static final int HORIZON_VICTIM_PERIOD = 8;

    private final ZoneTable zones;
    private final IntPredicate mayCollect;
    private final BitSet excluded = new BitSet();
    private int choices;

    GreedyPolicy(final ZoneTable zones, final IntPredicate mayCollect) {
        this.zones = zones;
        this.mayCollect = mayCollect;
    }

    @Override
    public int choose() {
        choices++;
        int best = NONE;
        long bestGain = zones.capacity() / MIN_GAIN_DIVISOR;
        int oldest = NONE;
        long written = 0;
        long tombstones = 0;
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones.usedZones(); zone++) {
            written += zones.written(zone);
            tombstones += zones.tombstoneBytes(zone);
            if (!mayCollect.test(zone) || excluded.get(zone)) {
                continue;
            }
            final long gain = gain(zone);
            if (gain > bestGain) {
                best = zone;
                bestGain = gain;
            }
            if (oldest == NONE || zones.horizon(zone) < zones.horizon(oldest)) {
                oldest = zone;
            }
        }
        final boolean ageing = tombstones > written / TOMBSTONE_DIVISOR && choices % HORIZON_VICTIM_PERIOD == 0;
        return ageing && oldest != NONE ? oldest : best;
    }

    @Override
    public int evacuee() {
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zones.hasFailedZones() && zone < zones.usedZones(); zone++) {
            if (zones.state(zone) == ZoneState.READ_ONLY && mayCollect.test(zone) && !excluded.get(zone)) {
                return zone;
            }
        }
        return NONE;
    }

    @Override
    public long gain(final int zone) {
        final long droppable =
                zones.newestTombstone(zone) < zones.lowestHorizonExcept(zone) ? zones.tombstoneBytes(zone) : 0;
        return zones.capacity() - Math.max(0, zones.liveBytes(zone) - droppable);
    }

    @Override
    public boolean isExcluded(final int zone) {
        return excluded.get(zone);
    }

    @Override
    public void exclude(final int zone) {
        excluded.set(zone);
    }

    @Override
    public void include(final int zone) {
        excluded.clear(zone);
    }
}
