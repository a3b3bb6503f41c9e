/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneTable;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GreedyPolicyTest {
    private static final int CAPACITY = 64_000 / 512 * 512;
    private static final int PERIOD = 8;

    private final ZoneTable zones = new ZoneTable(new ZoneGeometry(512, 1 << 16, CAPACITY, 16, 0, 0, 8192));
    private final Set<Integer> busy = new HashSet<>();
    private final GreedyPolicy policy = new GreedyPolicy(zones, zone -> !busy.contains(zone));

    /// A full zone.
    private void zone(final int zone, final long liveBytes, final long horizon) {
        zones.recover(zone, ZoneState.FULL, Stream.HOST, CAPACITY);
        zones.addLive(zone, liveBytes);
        zones.lowerHorizon(zone, horizon);
    }

    @Test
    void shouldChooseTheZoneWithTheFewestLiveBytes() {
        zone(2, 30_000, 10);
        zone(3, 10_000, 20);
        zone(4, 20_000, 5);
        assertEquals(3, policy.choose());
        assertEquals(3, policy.choose(), "choosing changes nothing");
    }

    @Test
    void shouldChooseNoneWhereNothingIsToBeGained() {
        assertEquals(VictimPolicy.NONE, policy.choose());
        zone(2, CAPACITY, 10);
        zone(3, CAPACITY - CAPACITY / 32, 10);
        assertEquals(VictimPolicy.NONE, policy.choose(), "copying eats a gain of a thirty-second");
        zones.addLive(3, -16);
        assertEquals(3, policy.choose());
    }

    @Test
    void shouldPassOverZonesThatMayNotBeCollected() {
        zone(2, 30_000, 10);
        zone(3, 10_000, 20);
        busy.add(3);
        assertEquals(2, policy.choose());
        busy.add(2);
        assertEquals(VictimPolicy.NONE, policy.choose());
    }

    @Test
    void shouldNeverChooseAnExcludedZoneAgain() {
        zone(2, 30_000, 10);
        zone(3, 10_000, 20);
        policy.exclude(3);
        assertEquals(2, policy.choose());
        policy.exclude(2);
        assertEquals(VictimPolicy.NONE, policy.choose());
    }

    @Test
    void shouldNeverChooseMetadataZones() {
        zone(0, 0, 10);
        zone(1, 0, 10);
        assertEquals(VictimPolicy.NONE, policy.choose());
        assertEquals(VictimPolicy.NONE, policy.evacuee());
    }

    @Test
    void shouldCountTombstonesThatNothingNeedsAsGarbage() {
        zone(2, 20_000, 100);
        zones.addTombstone(2, 15_000, 150);
        zone(3, 25_000, 200);
        assertEquals(CAPACITY - 20_000, policy.gain(2), "no zone holds anything as old as its tombstones");
        assertEquals(2, policy.choose());
    }

    @Test
    void shouldCountTombstonesAsLiveWhileAnyOtherZoneMayHoldWhatTheyHide() {
        zone(2, 20_000, 100);
        zones.addTombstone(2, 15_000, 150);
        zone(3, 25_000, 150);
        assertEquals(CAPACITY - 35_000, policy.gain(2), "the newest tombstone is not before the other's horizon");
        assertEquals(3, policy.choose());
        zones.lowerHorizon(2, 1);
        assertEquals(CAPACITY - 35_000, policy.gain(2));
        zones.reset(3);
        assertEquals(CAPACITY - 20_000, policy.gain(2), "its own horizon is none of its concern");
    }

    @Test
    void shouldGainNoMoreThanAZone() {
        zone(2, -500, 10);
        assertEquals(CAPACITY, policy.gain(2));
    }

    @Test
    void shouldNowAndThenChooseTheOldestHorizonWhileTombstonesPileUp() {
        zone(2, 60_000, 10);
        zone(3, 10_000, 500);
        zone(4, 20_000, 300);
        zones.addTombstone(4, 3 * CAPACITY / 50 + 1, 400);
        for (int choice = 1; choice <= 3 * PERIOD; choice++) {
            assertEquals(choice % PERIOD == 0 ? 2 : 3, policy.choose(), "choice " + choice);
        }
    }

    @Test
    void shouldNotCareForHorizonsWhileTombstonesAreFew() {
        zone(2, 60_000, 10);
        zone(3, 10_000, 500);
        zone(4, 20_000, 300);
        zones.addTombstone(4, 3 * CAPACITY / 50, 400);
        for (int choice = 1; choice <= 3 * PERIOD; choice++) {
            assertEquals(3, policy.choose(), "choice " + choice);
        }
    }

    @Test
    void shouldPassOverExcludedAndBusyZonesOnTheWayToTheOldestHorizon() {
        zone(2, 60_000, 10);
        zone(3, 60_000, 20);
        zone(4, 60_000, 30);
        zone(5, 10_000, 400);
        zones.addTombstone(5, 20_000, 400);
        policy.exclude(2);
        busy.add(3);
        int horizonVictims = 0;
        for (int choice = 1; choice <= 2 * PERIOD; choice++) {
            final int victim = policy.choose();
            assertNotEquals(2, victim);
            assertNotEquals(3, victim);
            horizonVictims += victim == 4 ? 1 : 0;
        }
        assertEquals(2, horizonVictims);
    }

    @Test
    void shouldEvacuateReadOnlyZonesWhateverTheyHold() {
        zone(2, 0, 10);
        zone(5, CAPACITY, 10);
        assertEquals(VictimPolicy.NONE, policy.evacuee());
        zones.fail(5, ZoneState.READ_ONLY);
        assertEquals(5, policy.evacuee());
        busy.add(5);
        assertEquals(VictimPolicy.NONE, policy.evacuee());
        busy.clear();
        policy.exclude(5);
        assertEquals(VictimPolicy.NONE, policy.evacuee());
    }

    @Test
    void shouldNotTryToEvacuateWhatIsOffline() {
        zone(2, 500, 10);
        zones.fail(2, ZoneState.OFFLINE);
        assertEquals(VictimPolicy.NONE, policy.evacuee());
    }
}
