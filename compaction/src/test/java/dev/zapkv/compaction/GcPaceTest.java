/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator.Reserve;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GcPaceTest {
    /// A sixteenth of them is three.
    private static final int ZONES = 50;

    private static final int CALM = 1;
    private static final int HURRY = 8;

    private final FakeHost host = new FakeHost(ZONES);
    private final GcPace pace = new GcPace(host);

    @AfterEach
    void close() {
        host.close();
    }

    private void fillUntilEmpty(final int emptyZones) {
        while (host.allocator.emptyZones() > emptyZones) {
            fillZone(0);
        }
    }

    /// Fills a zone, of which so many bytes are live.
    private void fillZone(final long liveBytes) {
        int zone = -1;
        for (int block = 0; block < FakeHost.BLOCKS_PER_ZONE; block++) {
            zone = host.allocator.take(Stream.HOST, FakeHost.BLOCK, Reserve.NONE);
            assertTrue(zone >= FakeHost.FIRST, "zone " + zone);
            host.allocator.completed(zone);
        }
        host.allocator.abandon(zone);
        host.zones.addLive(zone, liveBytes);
    }

    @Test
    void shouldCollectInABoundedStoreWhenFewZonesAreEmpty() {
        final int lowWater = FakeHost.RESERVE + ZONES / 16;
        assertFalse(pace.wantsVictim());
        fillUntilEmpty(lowWater + 1);
        assertFalse(pace.wantsVictim());
        fillUntilEmpty(lowWater);
        assertTrue(pace.wantsVictim());
    }

    @Test
    void shouldCollectInAnUnboundedStoreOnlyWhenAlmostNoneIsEmpty() {
        host.unbounded = true;
        fillWithLiveRecordsUntilEmpty(FakeHost.RESERVE + 2);
        assertFalse(pace.wantsVictim());
        fillWithLiveRecordsUntilEmpty(FakeHost.RESERVE + 1);
        assertTrue(pace.wantsVictim());
    }

    private void fillWithLiveRecordsUntilEmpty(final int emptyZones) {
        while (host.allocator.emptyZones() > emptyZones) {
            fillZone(FakeHost.CAPACITY);
        }
    }

    @Test
    void shouldCollectInAnUnboundedStoreWhenMoreThanHalfIsGarbage() {
        host.unbounded = true;
        for (int zone = 0; zone < 5; zone++) {
            fillZone(FakeHost.CAPACITY / 2);
        }
        assertFalse(pace.wantsVictim(), "half is tolerated");
        host.zones.addLive(FakeHost.FIRST, -16);
        assertTrue(pace.wantsVictim());
        host.unbounded = false;
        assertFalse(pace.wantsVictim(), "a bounded store has room for its garbage");
    }

    @Test
    void shouldTolerateAnyGarbageInAStoreOfFourZones() {
        host.unbounded = true;
        for (int zone = 0; zone < 4; zone++) {
            fillZone(0);
        }
        assertFalse(pace.wantsVictim());
        fillZone(0);
        assertTrue(pace.wantsVictim());
    }

    @Test
    void shouldCollectWheneverWritersWait() {
        host.starved = true;
        assertTrue(pace.wantsVictim());
        host.unbounded = true;
        assertTrue(pace.wantsVictim());
    }

    @Test
    void shouldHurryWhenTheHostHasOneEmptyZoneLeft() {
        assertEquals(CALM, pace.stepsPerCycle());
        fillUntilEmpty(FakeHost.RESERVE + 2);
        assertEquals(CALM, pace.stepsPerCycle());
        fillUntilEmpty(FakeHost.RESERVE + 1);
        assertEquals(HURRY, pace.stepsPerCycle());
        fillUntilEmpty(FakeHost.RESERVE);
        assertEquals(HURRY, pace.stepsPerCycle());
    }
}
