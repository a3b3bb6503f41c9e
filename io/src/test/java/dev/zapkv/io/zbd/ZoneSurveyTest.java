/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.linux.HostileReports;
import dev.zapkv.io.linux.ZoneReport;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What is made of a drive's report, honest or not.
final class ZoneSurveyTest {
    private static final long SEED = 77;
    private static final int BLOCK = 4096;
    private static final long SECTORS = 8192;
    private static final long CAPACITY = 6144;
    private static final long ZONE_SIZE = SECTORS * 512;
    private static final int ZONES = 8;

    private final Arena arena = Arena.ofConfined();
    private final ZoneReport report = HostileReports.report(arena, ZONES);

    ZoneSurveyTest() {
        for (int zone = 0; zone < ZONES; zone++) {
            sequential(zone, ZoneReport.CONDITION_EMPTY, 0);
        }
    }

    @AfterEach
    void close() {
        arena.close();
    }

    private void sequential(final int zone, final int condition, final long written) {
        HostileReports.zone(
                report,
                zone,
                zone * SECTORS,
                SECTORS,
                zone * SECTORS + written,
                ZoneReport.TYPE_SEQUENTIAL,
                condition,
                CAPACITY);
    }

    private void conventional(final int zone) {
        HostileReports.zone(
                report,
                zone,
                zone * SECTORS,
                SECTORS,
                0,
                ZoneReport.TYPE_CONVENTIONAL,
                ZoneReport.CONDITION_NONE,
                SECTORS);
    }

    private ZoneSurvey survey(final ZoneRange range) {
        final ZoneSurvey.Builder builder = new ZoneSurvey.Builder("drive", ZONE_SIZE, ZONES, range, BLOCK);
        builder.add(0, report);
        return builder.build();
    }

    private void assertRefused(final String part) {
        final String message = assertThrows(DeviceException.class, () -> survey(new ZoneRange(0, ZONES)))
                .getMessage();
        assertTrue(message.contains(part) && message.contains("drive"), message);
    }

    @Test
    void shouldReadEveryState() {
        sequential(1, ZoneReport.CONDITION_IMPLICITLY_OPEN, 8);
        sequential(2, ZoneReport.CONDITION_EXPLICITLY_OPEN, 0);
        sequential(3, ZoneReport.CONDITION_CLOSED, 16);
        sequential(4, ZoneReport.CONDITION_FULL, SECTORS);
        sequential(5, ZoneReport.CONDITION_READ_ONLY, -1);
        sequential(6, ZoneReport.CONDITION_OFFLINE, Long.MIN_VALUE);
        final ZoneSurvey survey = survey(new ZoneRange(1, 7));
        final long capacity = CAPACITY * 512;
        assertEquals(
                new ZoneInfo(0, ZoneState.OPEN, 4096, capacity, true),
                survey.zones().get(0));
        assertEquals(
                new ZoneInfo(1, ZoneState.OPEN, 0, capacity, true),
                survey.zones().get(1));
        assertEquals(
                new ZoneInfo(2, ZoneState.CLOSED, 8192, capacity, true),
                survey.zones().get(2));
        assertEquals(
                new ZoneInfo(3, ZoneState.FULL, capacity, capacity, true),
                survey.zones().get(3));
        assertEquals(
                new ZoneInfo(4, ZoneState.READ_ONLY, capacity, capacity, false),
                survey.zones().get(4));
        assertEquals(
                new ZoneInfo(5, ZoneState.OFFLINE, capacity, capacity, false),
                survey.zones().get(5));
        assertEquals(
                new ZoneInfo(6, ZoneState.EMPTY, 0, capacity, true),
                survey.zones().get(6));
        assertEquals(capacity, survey.capacity());
        assertEquals(new ZoneRange(1, 7), survey.range());
    }

    @Test
    void shouldLeaveConventionalZonesOut() {
        conventional(0);
        conventional(1);
        final ZoneSurvey survey = survey(new ZoneRange(0, ZONES));
        assertEquals(new ZoneRange(2, 6), survey.range());
        assertEquals(List.of(0, 1), survey.conventional());
        conventional(4);
        assertRefused("conventional zones between zones 3 and 5");
        for (int zone = 0; zone < ZONES; zone++) {
            conventional(zone);
        }
        assertRefused("no sequential zone");
    }

    @Test
    void shouldLeaveAShorterLastZoneOut() {
        HostileReports.zone(
                report, 7, 7 * SECTORS, 100, 7 * SECTORS, ZoneReport.TYPE_SEQUENTIAL, ZoneReport.CONDITION_EMPTY, 100);
        assertEquals(new ZoneRange(0, 7), survey(new ZoneRange(0, ZONES)).range());
    }

    @Test
    void shouldRefuseZonesOfDifferentCapacity() {
        HostileReports.zone(
                report,
                3,
                3 * SECTORS,
                SECTORS,
                0,
                ZoneReport.TYPE_SEQUENTIAL,
                ZoneReport.CONDITION_EMPTY,
                CAPACITY - 8);
        assertRefused("different capacity");
    }

    @Test
    void shouldTakeTheLengthWhereTheCapacityIsNotTold() {
        HostileReports.untoldCapacity(report);
        assertEquals(ZONE_SIZE, survey(new ZoneRange(0, ZONES)).capacity());
    }

    @Test
    void shouldSubtractWhatOtherZonesUse() {
        sequential(0, ZoneReport.CONDITION_IMPLICITLY_OPEN, 8);
        sequential(1, ZoneReport.CONDITION_CLOSED, 8);
        final ZoneSurvey survey = survey(new ZoneRange(2, 4));
        assertEquals(1, survey.openOutside());
        assertEquals(2, survey.activeOutside());
        assertEquals(2, survey.geometry("drive", BLOCK, 3, 4, BLOCK).maxOpen());
        assertEquals(2, survey.geometry("drive", BLOCK, 3, 4, BLOCK).maxActive());
        assertEquals(0, survey.geometry("drive", BLOCK, 0, 0, BLOCK).maxActive());
        final String message = assertThrows(DeviceException.class, () -> survey.geometry("drive", BLOCK, 3, 2, BLOCK))
                .getMessage();
        assertTrue(message.contains("max_active_zones=2") && message.contains("use 2"), message);
    }

    @Test
    void shouldRefuseNonsense() {
        sequential(2, 7, 0);
        assertRefused("condition 7");
        sequential(2, ZoneReport.CONDITION_CLOSED, -8);
        assertRefused("write pointer");
        sequential(2, ZoneReport.CONDITION_CLOSED, CAPACITY + 8);
        assertRefused("write pointer");
        sequential(2, ZoneReport.CONDITION_CLOSED, 3);
        assertRefused("write pointer");
        sequential(2, ZoneReport.CONDITION_CLOSED, Long.MAX_VALUE - 2 * SECTORS);
        assertRefused("write pointer");
        HostileReports.zone(report, 2, 5, SECTORS, 5, ZoneReport.TYPE_SEQUENTIAL, ZoneReport.CONDITION_EMPTY, CAPACITY);
        assertRefused("starts at sector 5");
        HostileReports.zone(report, 2, 2 * SECTORS, SECTORS, 0, 3, ZoneReport.CONDITION_EMPTY, CAPACITY);
        assertRefused("type 3");
        for (final long length : new long[] {0, -1, SECTORS + 1, Long.MAX_VALUE}) {
            HostileReports.zone(
                    report,
                    2,
                    2 * SECTORS,
                    length,
                    0,
                    ZoneReport.TYPE_SEQUENTIAL,
                    ZoneReport.CONDITION_EMPTY,
                    CAPACITY);
            assertRefused("sectors long");
        }
        for (final long capacity : new long[] {0, -1, SECTORS + 1, Long.MIN_VALUE}) {
            HostileReports.zone(
                    report,
                    2,
                    2 * SECTORS,
                    SECTORS,
                    0,
                    ZoneReport.TYPE_SEQUENTIAL,
                    ZoneReport.CONDITION_EMPTY,
                    capacity);
            assertRefused("capacity");
        }
    }

    @Test
    void shouldNeverReadBeyondItsMemoryWhateverTheCount() {
        for (final int count : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, ZONES + 1}) {
            HostileReports.count(report, count);
            assertEquals(ZONES, report.count());
            assertEquals(ZONES, survey(new ZoneRange(0, ZONES)).zones().size());
        }
    }

    @Test
    void shouldRefuseOrAcceptAnyBytesWithinBounds() {
        final RandomGenerator random =
                RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
        final MemorySegment bytes = HostileReports.bytes(report);
        int refused = 0;
        for (int round = 0; round < 20_000; round++) {
            for (int zone = 0; zone < ZONES; zone++) {
                sequential(zone, 1 + random.nextInt(4), 8L * random.nextInt(700));
            }
            for (int damage = random.nextInt(4); damage >= 0; damage--) {
                final long at = 16 + random.nextLong(bytes.byteSize() - 16);
                bytes.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
            }
            try {
                for (final ZoneInfo zone : survey(new ZoneRange(0, ZONES)).zones()) {
                    assertTrue(
                            zone.writePointer() >= 0
                                    && zone.writePointer() <= zone.capacity()
                                    && zone.writePointer() % BLOCK == 0,
                            "seed=" + SEED + " round=" + round + ": " + zone);
                }
            } catch (final DeviceException e) {
                refused++;
            }
        }
        assertTrue(refused > 1000, "seed=" + SEED + " refused=" + refused);
    }
}
