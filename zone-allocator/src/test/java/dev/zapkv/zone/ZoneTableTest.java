/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.zone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ZoneTableTest {
    private static final int CAPACITY = 6 << 12;
    private static final int ZONES = 10;

    private final ZoneTable table = new ZoneTable(new ZoneGeometry(1 << 12, 8 << 12, CAPACITY, ZONES, 0, 0, 4 << 12));

    private void assertHoldsNothing(final int zone, final int generation) {
        assertEquals(ZoneState.EMPTY, table.state(zone));
        assertNull(table.stream(zone));
        assertEquals(0, table.written(zone));
        assertEquals(0, table.liveBytes(zone));
        assertEquals(0, table.tombstoneBytes(zone));
        assertEquals(0, table.newestTombstone(zone));
        assertEquals(0, table.newestHostBlock(zone));
        assertEquals(ZoneTable.NO_HORIZON, table.horizon(zone));
        assertEquals(generation, table.generation(zone));
    }

    @Test
    void shouldBeginWithEmptyZones() {
        assertEquals(ZONES, table.zoneCount());
        assertEquals(CAPACITY, table.capacity());
        assertEquals(0, table.usedZones());
        assertFalse(table.hasFailedZones());
        for (int zone = 0; zone < ZONES; zone++) {
            assertHoldsNothing(zone, 0);
        }
    }

    @Test
    void shouldForgetAllButTheGenerationWhenAZoneIsReset() {
        table.open(3, Stream.HOST);
        table.addWritten(3, 8192);
        table.addLive(3, 480);
        table.addTombstone(3, 48, 1000);
        table.addHostBlock(3, 17);
        table.lowerHorizon(3, 900);
        table.finish(3);
        table.generation(3, 41);
        table.reset(3);
        assertHoldsNothing(3, 42);
        assertEquals(4, table.usedZones(), "it was in use since opening");
    }

    @Test
    void shouldCountTombstonesAsLiveAndKnowTheNewest() {
        table.addLive(2, 160);
        table.addTombstone(2, 48, 700);
        table.addTombstone(2, 64, 500);
        assertEquals(160 + 48 + 64, table.liveBytes(2));
        assertEquals(48 + 64, table.tombstoneBytes(2));
        assertEquals(700, table.newestTombstone(2));
        assertEquals(0, table.tombstoneBytes(3));
    }

    @Test
    void shouldBeWorthlessWithoutLiveBytesOnceWhatSupersededThemIsFlushed() {
        assertTrue(table.isWorthless(2, 0), "nothing was ever in it");
        table.addLive(2, 160);
        table.addTombstone(2, 48, 700);
        assertFalse(table.isWorthless(2, 100));
        table.superseded(2, 9);
        table.superseded(2, 8);
        table.addLive(2, -160);
        assertFalse(table.isWorthless(2, 100), "a tombstone may be needed");
        table.addLive(2, -48);
        assertFalse(table.isWorthless(2, 8));
        assertTrue(table.isWorthless(2, 9));
        table.addHostBlock(2, 11);
        assertTrue(table.isWorthless(2, 9), "it may not have landed");
        table.landed(2, 11);
        assertFalse(table.isWorthless(2, 10), "with its number what follows would be cut off");
        assertTrue(table.isWorthless(2, 11));
        table.reset(2);
        assertTrue(table.isWorthless(2, 0));
    }

    @Test
    void shouldBeginAnotherLifeInZonesThatAreFoundEmpty() {
        table.recover(0, ZoneState.OPEN, Stream.METADATA, 4096);
        table.recover(2, ZoneState.FULL, Stream.HOST, 4096);
        table.recover(4, ZoneState.CLOSED, Stream.HOST, 4096);
        for (int zone = 2; zone < ZONES; zone++) {
            table.generation(zone, 7);
        }
        table.replayed();
        assertEquals(7, table.generation(2));
        assertEquals(8, table.generation(3));
        assertEquals(7, table.generation(4));
        assertEquals(8, table.generation(5), "the only full one may have been emptied");
        assertEquals(7, table.generation(6));
        assertEquals(0, table.generation(1), "metadata");
    }

    @Test
    void shouldLetLiveBytesBeNegativeForAMoment() {
        table.addLive(2, -160);
        assertEquals(-160, table.liveBytes(2));
        table.addLive(2, 160);
        assertEquals(0, table.liveBytes(2));
    }

    @Test
    void shouldOnlyLowerAHorizonAndOnlyRaiseTheNewestBlock() {
        table.lowerHorizon(2, 900);
        table.lowerHorizon(2, 950);
        assertEquals(900, table.horizon(2));
        table.addHostBlock(2, 8);
        table.addHostBlock(2, 7);
        assertEquals(8, table.newestHostBlock(2));
    }

    @Test
    void shouldFindTheLowestHorizonOfAllZonesButOne() {
        assertEquals(ZoneTable.NO_HORIZON, table.lowestHorizonExcept(2));
        for (int zone = 2; zone < 5; zone++) {
            table.open(zone, Stream.HOST);
            table.lowerHorizon(zone, zone * 100L);
        }
        assertEquals(300, table.lowestHorizonExcept(2));
        assertEquals(200, table.lowestHorizonExcept(3));
        assertEquals(200, table.lowestHorizonExcept(9));
        table.reset(3);
        assertEquals(400, table.lowestHorizonExcept(2));
    }

    @Test
    void shouldSumWhatIsWrittenByStream() {
        table.open(0, Stream.METADATA);
        table.addWritten(0, 1);
        table.open(2, Stream.HOST);
        table.addWritten(2, 10);
        table.open(3, Stream.GC);
        table.addWritten(3, 100);
        table.open(4, Stream.HOST);
        table.addWritten(4, 1000);
        assertEquals(1, table.totalWritten(Stream.METADATA));
        assertEquals(1010, table.totalWritten(Stream.HOST));
        assertEquals(100, table.totalWritten(Stream.GC));
        assertEquals(1110, table.totalWritten(null), "all but metadata");
        table.reset(4);
        assertEquals(110, table.totalWritten(null));
    }

    @Test
    void shouldSumLiveBytesOfUsedZones() {
        table.open(2, Stream.HOST);
        table.open(5, Stream.GC);
        table.addLive(2, 48);
        table.addLive(5, 64);
        assertEquals(112, table.totalLiveBytes());
    }

    @Test
    void shouldTakeOverWhatTheDeviceSays() {
        table.recover(2, ZoneState.EMPTY, null, 0);
        assertEquals(0, table.usedZones());
        table.recover(6, ZoneState.CLOSED, Stream.GC, 8192);
        assertEquals(ZoneState.CLOSED, table.state(6));
        assertEquals(Stream.GC, table.stream(6));
        assertEquals(8192, table.written(6));
        assertEquals(7, table.usedZones());
        assertFalse(table.hasFailedZones());
    }

    @ParameterizedTest
    @EnumSource(names = {"READ_ONLY", "OFFLINE"})
    void shouldRememberThatAZoneFailed(final ZoneState state) {
        table.open(2, Stream.HOST);
        table.addWritten(2, 8192);
        table.addLive(2, 480);
        table.fail(2, state);
        assertEquals(state, table.state(2));
        assertTrue(table.hasFailedZones());
        assertEquals(480, table.liveBytes(2), "what lies there still has to be moved, or is lost");
        assertEquals(8192, table.written(2));
    }

    @ParameterizedTest
    @EnumSource(names = {"READ_ONLY", "OFFLINE"})
    void shouldSeeZonesThatHadFailedBeforeOpening(final ZoneState state) {
        table.recover(4, state, Stream.HOST, 8192);
        assertTrue(table.hasFailedZones());
        assertEquals(5, table.usedZones());
    }

    @Test
    void shouldCountAFailedEmptyZoneAsUsed() {
        table.fail(7, ZoneState.OFFLINE);
        assertEquals(8, table.usedZones());
    }

    @Test
    void shouldAddUpLiveBytesOfManyThreads() throws Exception {
        final int threads = 4;
        final int rounds = 20_000;
        final List<Future<?>> running = new ArrayList<>();
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            for (int i = 0; i < threads; i++) {
                running.add(pool.submit(() -> {
                    for (int round = 0; round < rounds; round++) {
                        table.addLive(2 + round % 3, 48);
                        table.addLive(2 + (round + 1) % 3, -16);
                    }
                }));
            }
            for (final Future<?> one : running) {
                one.get();
            }
        }
        assertEquals((long) threads * rounds * 32, table.liveBytes(2) + table.liveBytes(3) + table.liveBytes(4));
    }
}
