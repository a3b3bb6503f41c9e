/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GcAgentTest {
    private static final int ZONES = 20;
    private static final int BLOCKS = FakeHost.BLOCKS_PER_ZONE;
    private static final int MAX_CYCLES = 50_000;
    private static final int CALM_CYCLES = 200;
    private static final long LIVE_WAIT_NS = 10_000_000_000L;

    private final FakeHost host = new FakeHost(ZONES);
    private final GreedyPolicy policy = new GreedyPolicy(host.zones(), host::mayCollect);
    private final GcAgent agent = new GcAgent(host, policy);

    GcAgentTest() {
        host.connect(result -> agent.onRead(0, result), agent::onAppend);
    }

    @AfterEach
    void close() {
        while (host.inFlight() > 0) {
            host.poll();
        }
        agent.close();
        host.close();
    }

    private void cycle() {
        agent.doWork();
        host.poll();
    }

    private void cycle(final int times) {
        for (int i = 0; i < times; i++) {
            cycle();
        }
    }

    private void runUntilRetired(final int zones) {
        for (int i = 0; i < MAX_CYCLES && host.retired.size() < zones; i++) {
            cycle();
        }
        assertTrue(host.retired.size() >= zones, () -> "retired only " + host.retired);
    }

    @Test
    void shouldLeaveAllAsItIsWhileThereIsRoom() {
        host.zoneWith("a", BLOCKS, 1);
        cycle(CALM_CYCLES);
        assertEquals(List.of(), host.retired);
        assertFalse(agent.isExhausted());
        assertFalse(agent.isRequested());
    }

    @Test
    void shouldCollectTheZoneWithTheFewestLiveBytesFirst() {
        final int most = host.zoneWith("a", BLOCKS, 4);
        final int fewest = host.zoneWith("b", BLOCKS, 1);
        final int middle = host.zoneWith("c", BLOCKS, 2);
        host.starved = true;
        runUntilRetired(3);
        assertEquals(List.of(fewest, middle, most), host.retired.subList(0, 3));
        host.starved = false;
        cycle(CALM_CYCLES);
        host.assertConsistent();
        assertEquals(host.retired.size(), agent.zonesCollected());
        assertTrue(agent.appendedBytes() >= 7L * FakeHost.BLOCK * 9 / 10, agent.appendedBytes() + " bytes");
    }

    @Test
    void shouldEmptyWorthlessZonesThoughACollectionWaitsForTheLog() {
        while (host.allocator.emptyZones() > FakeHost.RESERVE) {
            host.zoneWith("a" + host.allocator.emptyZones(), BLOCKS, 1);
        }
        host.settling = false;
        host.starved = true;
        cycle(CALM_CYCLES);
        assertEquals(List.of(), host.retired, "the log cannot go on");
        assertTrue(host.allocator.emptyZones() < FakeHost.RESERVE);
        // All appends to it fail, and nothing of it was ever counted.
        final int zone = host.allocator.take(Stream.GC, FakeHost.CAPACITY, ZoneAllocator.Reserve.ALL);
        host.allocator.completed(zone);
        cycle(1);
        assertEquals(List.of(), host.retired, "it is open");
        host.allocator.abandon(zone);
        cycle(1);
        assertEquals(List.of(zone), host.retired);
        assertEquals(ZoneState.EMPTY, host.zones.state(zone));
    }

    @Test
    void shouldStopWhenWritersGoOn() {
        host.zoneWith("a", BLOCKS, 0);
        host.zoneWith("b", BLOCKS, 0);
        host.starved = true;
        runUntilRetired(1);
        host.starved = false;
        cycle(CALM_CYCLES);
        assertEquals(1, host.retired.size());
        assertFalse(agent.isExhausted());
    }

    @Test
    void shouldEvacuateAReadOnlyZoneFirstThoughThereIsRoom() {
        final int garbage = host.zoneWith("a", BLOCKS, 0);
        final int zone = host.zoneWith("b", BLOCKS, BLOCKS);
        host.media.fail(zone, ZoneState.READ_ONLY);
        assertTrue(host.allocator.examine(zone));
        cycle(CALM_CYCLES);
        assertEquals(List.of(zone), host.retired);
        for (int i = 0; i < BLOCKS; i++) {
            assertNotEquals(zone, host.zoneOf("b" + i));
        }
        host.assertConsistent();
        host.starved = true;
        runUntilRetired(2);
        assertEquals(List.of(zone, garbage), host.retired.subList(0, 2));
    }

    @Test
    void shouldNotChooseAZoneAgainThatCouldNotBeCollected() {
        host.put("a", 100);
        host.put("b", 100);
        final int damaged = host.appendBlock(bytes ->
                bytes.set(LittleEndian.BYTE, BlockFormat.HEADER_LENGTH + RecordFormat.HEADER_LENGTH + 3, (byte) 0x55));
        host.allocator.abandon(damaged);
        final int other = host.zoneWith("c", BLOCKS, 2);
        host.starved = true;
        for (int i = 0; i < MAX_CYCLES && host.corruptions.isEmpty(); i++) {
            cycle();
            host.clock += LIVE_WAIT_NS / 50;
        }
        assertEquals(1, host.corruptions.size());
        runUntilRetired(1);
        assertEquals(other, host.retired.getFirst());
        host.clock += 2 * LIVE_WAIT_NS;
        cycle(CALM_CYCLES);
        host.clock += 2 * LIVE_WAIT_NS;
        cycle(CALM_CYCLES);
        assertEquals(1, host.corruptions.size(), host.corruptions::toString);
        assertFalse(host.retired.contains(damaged));
        assertEquals(damaged, host.zoneOf("a"));
        agent.request(0);
        cycle(CALM_CYCLES);
        assertFalse(host.retired.contains(damaged));
    }

    @Test
    void shouldCollectOtherZonesWhileLiveBytesAreMissingInOne() {
        final int missing = host.zoneWith("a", BLOCKS, 0);
        final int first = host.zoneWith("b", BLOCKS, 1);
        final int second = host.zoneWith("c", BLOCKS, 2);
        host.zones().addLive(missing, 16);
        host.starved = true;
        runUntilRetired(2);
        assertEquals(List.of(first, second), host.retired.subList(0, 2), "the clock stands still");
        assertFalse(agent.isExhausted(), "a zone may still come free");
        host.starved = false;
        cycle(CALM_CYCLES);
        assertFalse(host.retired.contains(missing));
        host.zones().addLive(missing, -16);
        cycle(CALM_CYCLES);
        assertTrue(host.retired.contains(missing), "a writer was late to count");
        assertEquals(List.of(), host.corruptions);
        assertEquals(host.retired.size(), agent.zonesCollected());
        assertFalse(policy.isExcluded(missing));
        host.assertConsistent();
    }

    @Test
    void shouldGiveUpSeveralDamagedZonesAtTheSameTime() {
        final List<Integer> damaged =
                List.of(host.zoneWith("a", BLOCKS, 0), host.zoneWith("b", BLOCKS, 0), host.zoneWith("c", BLOCKS, 0));
        damaged.forEach(zone -> host.zones().addLive(zone, 16));
        agent.request(0);
        cycle(CALM_CYCLES);
        assertTrue(agent.isRequested());
        host.clock += LIVE_WAIT_NS + 1;
        cycle();
        assertEquals(3, host.corruptions.size(), host.corruptions::toString);
        cycle(CALM_CYCLES);
        assertFalse(agent.isRequested());
        assertEquals(List.of(), host.retired);
        damaged.forEach(zone -> assertTrue(policy.isExcluded(zone)));
    }

    @Test
    void shouldCollectOnRequestWhatHoldsEnoughGarbage() {
        final int all = host.zoneWith("a", BLOCKS, 0);
        final int half = host.zoneWith("b", BLOCKS, BLOCKS / 2);
        host.zoneWith("c", BLOCKS, BLOCKS - 1);
        agent.request(0.4);
        assertTrue(agent.isRequested());
        for (int i = 0; i < MAX_CYCLES && agent.isRequested(); i++) {
            cycle();
        }
        assertEquals(List.of(all, half), host.retired);
        assertFalse(agent.isRequested());
        host.assertConsistent();
    }

    @Test
    void shouldPassOverRequestedZonesThatMayNotBeCollectedAnyMore() {
        final int first = host.zoneWith("a", BLOCKS, 0);
        final int second = host.zoneWith("b", BLOCKS, 0);
        agent.request(0.5);
        host.mayNotBeCollected.add(first);
        cycle(CALM_CYCLES);
        assertEquals(List.of(second), host.retired);
        assertFalse(agent.isRequested());
    }

    @Test
    void shouldBeExhaustedWhenWritersWaitAndNothingIsToBeGained() {
        host.zoneWith("a", BLOCKS, BLOCKS);
        host.starved = true;
        cycle(CALM_CYCLES);
        assertTrue(agent.isExhausted());
        assertEquals(List.of(), host.retired);
        host.supersede("a0");
        cycle();
        assertFalse(agent.isExhausted(), "there is a victim");
        runUntilRetired(1);
        host.starved = false;
        cycle(CALM_CYCLES);
        assertFalse(agent.isExhausted());
    }

    @Test
    void shouldWaitWithoutWorkForAZoneToRelocateTo() {
        final int zone = host.zoneWith("a", BLOCKS, 2);
        host.starved = true;
        host.appendsRefused = true;
        cycle(CALM_CYCLES);
        assertEquals(0, agent.doWork());
        assertEquals(zone, host.zoneOf("a0"));
        host.appendsRefused = false;
        runUntilRetired(1);
        assertEquals(zone, host.retired.getFirst());
    }

    // ---- turning in a circle

    /// Zones of live records two of which fit a block: a quarter of each zone is never filled, and collecting a zone
    /// gains nothing.
    private void fillWithRecordsThatLeaveGaps() {
        for (int i = 0; host.allocator.emptyZones() > FakeHost.RESERVE + 2; i++) {
            host.put("k" + i, 3000);
        }
        host.finishZone();
    }

    private int runUntilExhausted() {
        for (int i = 0; i < MAX_CYCLES && !agent.isExhausted(); i++) {
            cycle();
        }
        assertTrue(agent.isExhausted(), () -> "still collecting after " + host.retired.size() + " zones");
        return host.retired.size();
    }

    @Test
    void shouldStopTurningInACircleAndGoOnAfterADelete() {
        fillWithRecordsThatLeaveGaps();
        host.starved = true;
        final int turns = runUntilExhausted();
        assertNotEquals(VictimPolicy.NONE, policy.choose(), "every zone looks as if there was something to gain");
        assertTrue(turns > host.zones().usedZones(), turns + " zones: each has had its turn");
        assertTrue(turns <= 3 * ZONES, turns + " zones");
        cycle(CALM_CYCLES);
        assertEquals(turns, host.retired.size(), "it rests");
        host.assertConsistent();

        for (final String key : Set.of("k0", "k1", "k2", "k3")) {
            host.supersede(key);
        }
        cycle();
        assertFalse(agent.isExhausted());
        runUntilRetired(turns + 1);
        assertTrue(runUntilExhausted() > turns + host.zones().usedZones(), "each had another turn");
        host.assertConsistent();
    }

    @Test
    void shouldGoOnWhenWritersMakeProgress() {
        fillWithRecordsThatLeaveGaps();
        host.starved = true;
        final int turns = runUntilExhausted();
        host.put("another", 100);
        host.appendBlock();
        cycle();
        assertFalse(agent.isExhausted());
        runUntilRetired(turns + 1);
    }

    @Test
    void shouldGoOnWhenWritersDoNotWaitAnyMore() {
        fillWithRecordsThatLeaveGaps();
        host.starved = true;
        runUntilExhausted();
        host.starved = false;
        cycle();
        assertFalse(agent.isExhausted());
    }
}
