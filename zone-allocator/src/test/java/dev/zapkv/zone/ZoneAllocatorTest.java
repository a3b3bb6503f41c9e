/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.zone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import dev.zapkv.zone.ZoneAllocator.Reserve;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// One allocator, step by step. Room is taken and given back without appending: the allocator cannot tell.
class ZoneAllocatorTest {
    private static final int BLOCK = 4096;
    private static final int CAPACITY = 6 * BLOCK;
    private static final int ZONES = 12;
    private static final int RESERVE = 2;
    private static final int FIRST = ZoneAllocator.FIRST_DATA_ZONE;
    /// Calls of prepare until one of them asks a full file system again, and one.
    private static final int PATIENCE = 1025;

    private SimMedia media;
    private ScarceDevice device;
    private ZoneTable table;
    private ZoneAllocator allocator;

    private void create(final int maxOpen, final int maxActive) {
        media = new SimMedia(new ZoneGeometry(BLOCK, 8 * BLOCK, CAPACITY, ZONES, maxOpen, maxActive, 4 * BLOCK));
        device = new ScarceDevice(new SimZoneDevice(media, SimOptions.DEFAULT.withDelayPollsMax(0), new Random(1)));
        table = new ZoneTable(media.geometry());
        allocator = new ZoneAllocator(device, table, ZONES, RESERVE, 0);
    }

    private void create() {
        create(0, 0);
    }

    @AfterEach
    void close() {
        if (device != null) {
            device.close();
        }
    }

    private int host(final int blocks) {
        return allocator.take(Stream.HOST, blocks * BLOCK, Reserve.NONE);
    }

    private int gc(final int blocks) {
        return allocator.take(Stream.GC, blocks * BLOCK, Reserve.ALL);
    }

    /// Takes room and gives it back, as an append that has ended.
    private int appended(final int zone) {
        assertTrue(zone >= FIRST, "zone " + zone);
        allocator.completed(zone);
        return zone;
    }

    /// A zone of the host's that is full and may be collected.
    private int filledZone() {
        final int zone = appended(host(4));
        assertEquals(zone, appended(host(2)));
        assertNotEquals(zone, appended(host(1)), "the next append leaves the full zone");
        assertEquals(ZoneState.FULL, table.state(zone));
        return zone;
    }

    // ---- capacity

    @Test
    void shouldFillAZoneToItsLastBlockAndThenGoOnInAnother() {
        create();
        allocator.prepare(2 * CAPACITY);
        final int zone = host(4);
        assertEquals(zone, host(2));
        assertEquals(CAPACITY, table.written(zone));
        final int next = host(1);
        assertNotEquals(zone, next);
        assertEquals(BLOCK, table.written(next));
        assertEquals(CAPACITY, table.written(zone));
    }

    @Test
    void shouldLeaveAZoneWhoseRestIsTooShort() {
        create();
        allocator.prepare(2 * CAPACITY);
        final int zone = host(3);
        assertNotEquals(zone, host(4));
        assertEquals(3 * BLOCK, table.written(zone));
    }

    @Test
    void shouldKeepStreamsInZonesOfTheirOwn() {
        create();
        allocator.prepare(CAPACITY);
        final int host = host(1);
        final int gc = gc(1);
        assertNotEquals(host, gc);
        assertEquals(Stream.HOST, table.stream(host));
        assertEquals(Stream.GC, table.stream(gc));
        assertEquals(host, host(1));
        assertEquals(gc, gc(1));
        assertEquals(2, allocator.zonesOpened());
    }

    // ---- reserve and preparation

    @Test
    void shouldHandOutNothingUnprepared() {
        create();
        assertEquals(ZoneAllocator.NONE, host(1));
        assertEquals(ZoneAllocator.NONE, gc(1));
        assertEquals(0, allocator.hostRoom(BLOCK));
        assertEquals(ZONES - FIRST, allocator.emptyZones());
    }

    @Test
    void shouldPrepareTheReserveFirst() {
        create();
        device.spareZones = RESERVE;
        allocator.prepare(CAPACITY);
        assertEquals(List.of(FIRST, FIRST + 1), device.opened);
        assertEquals(0, allocator.hostRoom(BLOCK));
        assertEquals(ZoneAllocator.NONE, host(1));
        assertEquals(FIRST, gc(4));
        assertEquals(FIRST + 1, gc(4));
        assertEquals(ZoneAllocator.NONE, gc(4));
    }

    @Test
    void shouldPrepareNoMoreThanIsWantedAndAtLeastOneZone() {
        create();
        allocator.prepare(0);
        assertEquals(RESERVE + 1, device.opened.size());
        allocator.prepare(CAPACITY);
        assertEquals(RESERVE + 1, device.openCalls, "there is enough");
        allocator.prepare(3 * CAPACITY);
        assertEquals(RESERVE + 3, device.opened.size());
        assertEquals(3 * 6, allocator.hostRoom(BLOCK));
    }

    @Test
    void shouldKeepTheReserveForGarbageCollection() {
        create();
        allocator.prepare((long) ZONES * CAPACITY);
        for (int i = 0; i < ZONES - FIRST - RESERVE; i++) {
            assertTrue(host(4) >= FIRST, "append " + i);
        }
        assertEquals(ZoneAllocator.NONE, host(4));
        assertEquals(RESERVE, allocator.emptyZones());
        for (int i = 0; i < RESERVE; i++) {
            assertTrue(gc(4) >= FIRST, "append " + i);
        }
        assertEquals(ZoneAllocator.NONE, gc(4));
        assertEquals(0, allocator.emptyZones());
    }

    @Test
    void shouldLetHostAppendsThatFailedUseTheReserve() {
        create();
        device.spareZones = RESERVE;
        allocator.prepare(CAPACITY);
        assertEquals(ZoneAllocator.NONE, host(1));
        assertEquals(FIRST, allocator.take(Stream.HOST, BLOCK, Reserve.ALL));
        assertEquals(FIRST, host(1), "the zone is the host's now");
    }

    @Test
    void shouldKeepTheLastZoneOfTheReserveForCollections() {
        create();
        device.spareZones = RESERVE;
        allocator.prepare(CAPACITY);
        final int zone = allocator.take(Stream.HOST, BLOCK, Reserve.BUT_THE_LAST);
        assertEquals(FIRST, zone);
        allocator.completed(zone);
        allocator.abandon(zone);
        assertEquals(ZoneAllocator.NONE, allocator.take(Stream.HOST, BLOCK, Reserve.BUT_THE_LAST));
        assertEquals(FIRST + 1, gc(1));
    }

    @Test
    void shouldLetAnotherStreamIntoAnOpenZoneAsFarAsThereIsRoom() {
        create();
        assertEquals(ZoneAllocator.NONE, allocator.takeIn(Stream.GC, BLOCK));
        allocator.prepare(CAPACITY);
        final int zone = gc(4);
        assertEquals(zone, allocator.takeIn(Stream.GC, 2 * BLOCK));
        assertEquals(ZoneAllocator.NONE, allocator.takeIn(Stream.GC, BLOCK));
        assertEquals(6L * BLOCK, table.written(zone));
        allocator.abandon(zone);
        allocator.completed(zone);
        assertEquals(ZoneState.OPEN, table.state(zone), "an append of the other stream is in flight");
        allocator.completed(zone);
        assertEquals(ZoneState.FULL, table.state(zone));
    }

    @Test
    void shouldKeepAnotherZoneForMetadataThatHasMoved() {
        create();
        allocator.prepare(CAPACITY);
        assertEquals(RESERVE, allocator.reserve());
        assertEquals(ZONES - 1, allocator.takeForMetadata());
        assertEquals(RESERVE + 1, allocator.reserve());
        allocator.prepare((long) ZONES * CAPACITY);
        for (int zones = 0; zones < ZONES - FIRST - 2; zones++) {
            assertTrue(gc(6) >= FIRST, "zone " + zones);
        }
        assertEquals(ZoneAllocator.NONE, gc(6), "the last one is for metadata");
        assertTrue(allocator.takeForMetadata() >= FIRST);
    }

    @Test
    void shouldGiveTheFirstImageAFullZoneThatIsWorthlessIfNoneIsEmpty() {
        create();
        for (int zone = FIRST; zone < ZONES; zone++) {
            table.recover(zone, ZoneState.FULL, Stream.HOST, CAPACITY);
            table.addLive(zone, zone == 7 ? 0 : 480);
        }
        allocator = new ZoneAllocator(device, table, ZONES, RESERVE, 0);
        assertEquals(ZoneAllocator.NONE, allocator.takeForMetadata());
        assertEquals(7, allocator.takeForFirstMetadata());
    }

    @Test
    void shouldLetCollectionTakeTheHostsZonesOnceItsOwnAreUsedUp() {
        create();
        device.spareZones = RESERVE + 1;
        allocator.prepare(CAPACITY);
        assertEquals(6, allocator.hostRoom(BLOCK));
        for (int i = 0; i <= RESERVE; i++) {
            assertEquals(FIRST + i, gc(4));
        }
        assertEquals(0, allocator.hostRoom(BLOCK));
    }

    @Test
    void shouldRefillTheReserveBeforeTheHostsShare() {
        create();
        allocator.prepare((long) ZONES * CAPACITY);
        final int victim = filledZone();
        appended(gc(4));
        appended(gc(4));
        final long room = allocator.hostRoom(BLOCK);
        allocator.reset(victim);
        allocator.prepare((long) ZONES * CAPACITY);
        assertEquals(room, allocator.hostRoom(BLOCK));
        assertEquals(victim, gc(4));
    }

    // ---- room promised to the host

    @Test
    void shouldPromiseTheHostWhatFitsItsOpenZoneAndThosePrepared() {
        create();
        allocator.prepare(2 * CAPACITY);
        assertEquals(2, allocator.hostRoom(4 * BLOCK), "one append of four blocks for each zone of six");
        assertEquals(12, allocator.hostRoom(BLOCK));
        host(1);
        assertEquals(2, allocator.hostRoom(4 * BLOCK));
        assertEquals(11, allocator.hostRoom(BLOCK));
        host(2);
        assertEquals(1, allocator.hostRoom(4 * BLOCK), "three blocks are left in the open zone");
        assertEquals(9, allocator.hostRoom(BLOCK));
    }

    // ---- leaving zones

    @Test
    void shouldFinishALeftZoneOnlyWhenNothingIsInFlightThere() {
        create();
        allocator.prepare(2 * CAPACITY);
        final int zone = host(2);
        assertEquals(zone, host(2));
        assertNotEquals(zone, host(4));
        assertEquals(ZoneState.OPEN, table.state(zone));
        allocator.completed(zone);
        assertEquals(ZoneState.OPEN, table.state(zone));
        assertFalse(allocator.collectable(zone));
        allocator.completed(zone);
        assertEquals(ZoneState.FULL, table.state(zone));
        assertEquals(ZoneState.FULL, device.report(zone).state());
        assertTrue(allocator.collectable(zone));
    }

    @Test
    void shouldNotFinishAZoneThatIsStillInUse() {
        create();
        allocator.prepare(CAPACITY);
        final int zone = appended(host(1));
        assertEquals(ZoneState.OPEN, table.state(zone));
        assertFalse(allocator.collectable(zone));
        assertEquals(zone, host(1));
    }

    @Test
    void shouldFinishAZoneThatIsLeftWithNothingInFlightAtOnce() {
        create();
        allocator.prepare(2 * CAPACITY);
        final int zone = appended(host(4));
        host(4);
        assertEquals(ZoneState.FULL, table.state(zone));
    }

    @Test
    void shouldAppendNoMoreToAnAbandonedZone() {
        create();
        allocator.prepare(2 * CAPACITY);
        final int zone = host(1);
        assertEquals(zone, host(1));
        allocator.completed(zone);
        allocator.abandon(zone);
        assertEquals(ZoneState.OPEN, table.state(zone), "one append is still in flight");
        final int next = host(1);
        assertNotEquals(zone, next);
        allocator.completed(zone);
        assertEquals(ZoneState.FULL, table.state(zone));
        allocator.abandon(zone);
        assertEquals(ZoneState.FULL, table.state(zone), "abandoned again, for its second append");
        assertEquals(next, host(1));
    }

    @Test
    void shouldFinishAnAbandonedZoneAtOnceIfNothingIsInFlight() {
        create();
        allocator.prepare(2 * CAPACITY);
        final int zone = appended(gc(1));
        allocator.abandon(zone);
        assertEquals(ZoneState.FULL, table.state(zone));
        assertTrue(allocator.collectable(zone), "a failed append may have left something");
    }

    @Test
    void shouldLetAFullZoneBeCollectedThatHoldsNothing() {
        create();
        // Every append to it had failed when the store was closed.
        table.recover(FIRST, ZoneState.FULL, Stream.HOST, 0);
        assertTrue(allocator.collectable(FIRST));
        table.fail(FIRST, ZoneState.READ_ONLY);
        assertFalse(allocator.collectable(FIRST), "never of use again");
    }

    @Test
    void shouldHandAZoneOutAgainAfterItsReset() {
        create();
        allocator.prepare((long) ZONES * CAPACITY);
        final int zone = filledZone();
        final int before = allocator.emptyZones();
        allocator.reset(zone);
        assertEquals(before + 1, allocator.emptyZones());
        assertEquals(ZoneState.EMPTY, table.state(zone));
        assertEquals(ZoneState.EMPTY, device.report(zone).state());
        assertEquals(1, table.generation(zone));
        assertFalse(allocator.collectable(zone));
        final int opened = device.opened.size();
        allocator.prepare((long) ZONES * CAPACITY);
        assertEquals(zone, device.opened.get(opened));
    }

    @Test
    void shouldNeverCollectMetadataZones() {
        create();
        for (int zone = 0; zone < FIRST; zone++) {
            table.recover(zone, ZoneState.FULL, Stream.METADATA, CAPACITY);
            assertFalse(allocator.collectable(zone));
        }
    }

    // ---- what was there before

    @Test
    void shouldContinueAdoptedZones() {
        create();
        table.recover(5, ZoneState.CLOSED, Stream.HOST, 2L * BLOCK);
        allocator = new ZoneAllocator(device, table, ZONES, RESERVE, 0);
        assertEquals(ZONES - FIRST - 1, allocator.emptyZones());
        allocator.adopt(Stream.HOST, 5);
        assertEquals(4, allocator.hostRoom(BLOCK));
        assertEquals(5, host(4), "unprepared, since the zone is there");
        assertEquals(CAPACITY, table.written(5));
        assertEquals(ZoneAllocator.NONE, host(1));
        allocator.completed(5);
        assertEquals(ZoneState.FULL, table.state(5));
    }

    @Test
    void shouldPassOverZonesInUse() {
        create();
        table.recover(FIRST, ZoneState.FULL, Stream.HOST, CAPACITY);
        table.recover(FIRST + 2, ZoneState.FULL, Stream.GC, CAPACITY);
        allocator = new ZoneAllocator(device, table, ZONES, RESERVE, 0);
        allocator.prepare(CAPACITY);
        assertEquals(List.of(FIRST + 1, FIRST + 3, FIRST + 4), device.opened);
    }

    @Test
    void shouldUseNoZoneAboveItsLimit() {
        create();
        final int limit = FIRST + RESERVE + 2;
        allocator = new ZoneAllocator(device, table, limit, RESERVE, 0);
        assertEquals(limit, allocator.zoneLimit());
        assertEquals(RESERVE, allocator.reserve());
        assertEquals(RESERVE + 2, allocator.emptyZones());
        allocator.prepare((long) ZONES * CAPACITY);
        assertTrue(host(4) < limit);
        assertTrue(host(4) < limit);
        assertEquals(ZoneAllocator.NONE, host(4));
        assertTrue(gc(4) < limit);
        assertTrue(gc(4) < limit);
        assertEquals(ZoneAllocator.NONE, gc(4));
        assertTrue(device.opened.stream().allMatch(zone -> zone < limit), () -> "opened " + device.opened);
    }

    @Test
    void shouldRefuseLimitsThatMakeNoStore() {
        create();
        assertThrows(IllegalArgumentException.class, () -> new ZoneAllocator(device, table, ZONES + 1, RESERVE, 0));
        assertThrows(
                IllegalArgumentException.class, () -> new ZoneAllocator(device, table, FIRST + RESERVE, RESERVE, 0));
    }

    // ---- limits of open zones

    @ParameterizedTest
    @CsvSource({"0, 0, 2147483647", "3, 0, 3", "0, 4, 4", "14, 16, 14", "5, 3, 3"})
    void shouldKeepWithinTheStricterOfBothLimits(final int maxOpen, final int maxActive, final int limit) {
        assertEquals(
                limit,
                ZoneAllocator.openLimit(
                        new ZoneGeometry(BLOCK, 8 * BLOCK, CAPACITY, ZONES, maxOpen, maxActive, 4 * BLOCK)));
    }

    @Test
    void shouldBeBusyUntilTheAppendsToALeftZoneHaveEnded() {
        create(3, 3);
        allocator.prepare((long) ZONES * CAPACITY);
        appended(gc(1));
        final int full = host(4);
        assertEquals(full, host(2));
        assertEquals(ZoneAllocator.BUSY, host(1));
        assertEquals(ZoneAllocator.BUSY, host(1));
        allocator.completed(full);
        assertEquals(ZoneAllocator.BUSY, host(1), "one append is left");
        allocator.completed(full);
        final int next = host(1);
        assertTrue(next >= FIRST && next != full, "zone " + next);
        assertEquals(ZoneState.FULL, table.state(full));
    }

    @Test
    void shouldLetTheOtherStreamGoOnWhileOneIsBusy() {
        create(3, 0);
        allocator.prepare((long) ZONES * CAPACITY);
        final int gc = gc(1);
        host(4);
        assertEquals(ZoneAllocator.BUSY, host(4));
        assertEquals(gc, gc(4));
        assertEquals(ZoneAllocator.BUSY, gc(4), "it has filled its zone as well");
    }

    @Test
    void shouldNotWaitForAppendsWhereMoreZonesMayBeOpen() {
        create(4, 4);
        allocator.prepare((long) ZONES * CAPACITY);
        gc(1);
        final int full = host(4);
        final int next = host(4);
        assertTrue(next >= FIRST && next != full, "zone " + next);
        assertEquals(ZoneAllocator.BUSY, host(4));
    }

    @Test
    void shouldCountAdoptedZonesAsOpen() {
        create(3, 3);
        table.recover(5, ZoneState.CLOSED, Stream.HOST, 5L * BLOCK);
        table.recover(6, ZoneState.CLOSED, Stream.GC, 5L * BLOCK);
        allocator = new ZoneAllocator(device, table, ZONES, RESERVE, 0);
        allocator.adopt(Stream.HOST, 5);
        allocator.adopt(Stream.GC, 6);
        allocator.prepare((long) ZONES * CAPACITY);
        assertEquals(5, host(1));
        assertEquals(ZoneAllocator.BUSY, host(1));
        assertEquals(6, appended(gc(1)));
        assertEquals(FIRST, gc(1), "its zone is finished when it is left");
    }

    @Test
    void shouldOpenNoZoneAheadOnADeviceThatLimitsThem() {
        create(3, 3);
        allocator.prepare((long) ZONES * CAPACITY);
        assertEquals(0, device.openCalls);
        assertEquals((ZONES - FIRST - RESERVE) * 6L, allocator.hostRoom(BLOCK));
    }

    @ParameterizedTest
    @EnumSource(names = {"READ_ONLY", "OFFLINE"})
    void shouldCountAZoneThatTheDeviceTookAsOpenNoMore(final ZoneState state) {
        create(3, 3);
        allocator.prepare((long) ZONES * CAPACITY);
        gc(1);
        final int zone = host(1);
        media.fail(zone, state);
        allocator.completed(zone);
        allocator.abandon(zone);
        assertEquals(state, table.state(zone));
        final int next = host(1);
        assertTrue(next >= FIRST && next != zone, "zone " + next);
        assertFalse(allocator.examine(next));
        assertTrue(allocator.examine(zone), "asked again");
        assertEquals(next, host(4));
        assertEquals(ZoneAllocator.BUSY, host(4), "counted once");
    }

    // ---- read-only and offline zones

    @ParameterizedTest
    @EnumSource(names = {"READ_ONLY", "OFFLINE"})
    void shouldLearnThatAZoneDiedWhenItCannotBeFinished(final ZoneState state) {
        create();
        allocator.prepare(2 * CAPACITY);
        final int zone = host(4);
        media.fail(zone, state);
        host(4);
        assertEquals(ZoneState.OPEN, table.state(zone));
        allocator.completed(zone);
        assertEquals(state, table.state(zone));
        assertTrue(table.hasFailedZones());
        assertEquals(state == ZoneState.READ_ONLY, allocator.collectable(zone));
    }

    @Test
    void shouldCollectAReadOnlyZoneOnlyWhenNothingIsInFlight() {
        create();
        allocator.prepare(2 * CAPACITY);
        final int zone = host(1);
        assertEquals(zone, host(1));
        media.fail(zone, ZoneState.READ_ONLY);
        allocator.completed(zone);
        allocator.abandon(zone);
        assertTrue(allocator.examine(zone));
        assertEquals(ZoneState.READ_ONLY, table.state(zone));
        assertFalse(allocator.collectable(zone), "one append is still in flight");
        allocator.completed(zone);
        assertTrue(allocator.collectable(zone));
    }

    @ParameterizedTest
    @EnumSource(names = {"READ_ONLY", "OFFLINE"})
    void shouldKeepADeadZoneOutOfUseWhenItsResetIsRefused(final ZoneState state) {
        create();
        allocator.prepare((long) ZONES * CAPACITY);
        final int zone = filledZone();
        final int before = allocator.emptyZones();
        media.fail(zone, state);
        allocator.reset(zone);
        assertDeadAndEmpty(zone, state);
        assertEquals(before, allocator.emptyZones());
        final int opened = device.openCalls;
        allocator.prepare((long) ZONES * CAPACITY);
        assertEquals(opened, device.openCalls, "it is not prepared again");
    }

    @Test
    void shouldNotAskTheDeviceToResetAZoneKnownToBeReadOnly() {
        create();
        allocator.prepare((long) ZONES * CAPACITY);
        final int zone = filledZone();
        media.fail(zone, ZoneState.READ_ONLY);
        assertTrue(allocator.examine(zone));
        assertTrue(allocator.collectable(zone));
        allocator.reset(zone);
        assertDeadAndEmpty(zone, ZoneState.READ_ONLY);
        allocator.reset(zone);
        assertDeadAndEmpty(zone, ZoneState.READ_ONLY);
    }

    private void assertDeadAndEmpty(final int zone, final ZoneState state) {
        assertEquals(state, table.state(zone));
        assertEquals(0, table.written(zone));
        assertEquals(0, table.liveBytes(zone));
        assertNull(table.stream(zone));
        assertFalse(allocator.collectable(zone), "nothing is left to be moved");
    }

    @Test
    void shouldThrowWhatIsNotTheZonesEnd() {
        create();
        allocator.prepare((long) ZONES * CAPACITY);
        final int zone = filledZone();
        assertFalse(allocator.examine(zone));
        assertEquals(ZoneState.FULL, table.state(zone));
        device.close();
        assertThrows(DeviceException.class, () -> allocator.reset(zone));
        assertEquals(ZoneState.FULL, table.state(zone));
    }

    @Test
    void shouldPassOverEmptyZonesThatDied() {
        create();
        media.fail(FIRST, ZoneState.OFFLINE);
        media.fail(FIRST + 3, ZoneState.READ_ONLY);
        allocator.prepare(2 * CAPACITY);
        assertEquals(List.of(FIRST + 1, FIRST + 2, FIRST + 4, FIRST + 5), device.opened);
        assertEquals(ZONES - FIRST - 2, allocator.emptyZones());
        assertEquals(ZoneState.OFFLINE, table.state(FIRST));
        assertEquals(ZoneState.READ_ONLY, table.state(FIRST + 3));
        assertFalse(allocator.fileSystemFull());
    }

    @Test
    void shouldNotHandOutZonesThatWereDeadBefore() {
        create();
        table.recover(FIRST, ZoneState.OFFLINE, null, 0);
        allocator = new ZoneAllocator(device, table, ZONES, RESERVE, 0);
        assertEquals(ZONES - FIRST - 1, allocator.emptyZones());
        allocator.prepare(CAPACITY);
        assertFalse(device.opened.contains(FIRST));
    }

    // ---- a full file system

    @Test
    void shouldCountOnlyPreparedZonesAsEmptyWhenTheFileSystemIsFull() {
        create();
        device.spareZones = RESERVE + 1;
        allocator.prepare(2 * CAPACITY);
        assertTrue(allocator.fileSystemFull());
        assertEquals(RESERVE + 1, allocator.emptyZones());
        assertEquals(6, allocator.hostRoom(BLOCK));
        host(4);
        assertEquals(RESERVE, allocator.emptyZones());
        assertEquals(ZoneAllocator.NONE, host(4));
    }

    @Test
    void shouldAskAFullFileSystemOnlyNowAndThen() {
        create();
        device.spareZones = RESERVE;
        allocator.prepare(CAPACITY);
        final int asked = device.openCalls;
        for (int i = 0; i < PATIENCE; i++) {
            allocator.prepare(CAPACITY);
        }
        assertEquals(asked + 1, device.openCalls);
        assertTrue(allocator.fileSystemFull());
    }

    @Test
    void shouldGoOnWhenTheFileSystemHasRoomAgain() {
        create();
        device.spareZones = RESERVE;
        allocator.prepare(CAPACITY);
        assertEquals(ZoneAllocator.NONE, host(1));
        device.spareZones = 100;
        for (int i = 0; i < PATIENCE; i++) {
            allocator.prepare(CAPACITY);
        }
        assertFalse(allocator.fileSystemFull());
        assertEquals(ZONES - FIRST, allocator.emptyZones());
        assertEquals(FIRST + RESERVE, host(1));
    }

    @Test
    void shouldAskAFullFileSystemAtOnceWhenToldTo() {
        create();
        device.spareZones = RESERVE;
        allocator.prepare(CAPACITY);
        device.spareZones = 100;
        allocator.prepare(CAPACITY);
        assertTrue(allocator.fileSystemFull());
        allocator.askAgain();
        allocator.prepare(CAPACITY);
        assertFalse(allocator.fileSystemFull());
    }

    @Test
    void shouldLendTheReserveButForOneZoneOnAFullFileSystem() {
        create();
        assertEquals(0, allocator.lentRoom(BLOCK));
        device.spareZones = RESERVE;
        allocator.prepare(CAPACITY);
        assertEquals((RESERVE - 1) * CAPACITY / BLOCK, allocator.lentRoom(BLOCK));
        assertFalse(allocator.isShort());
        final int lent = allocator.take(Stream.HOST, BLOCK, Reserve.BUT_THE_LAST);
        assertTrue(lent >= FIRST);
        assertEquals(0, allocator.lentRoom(BLOCK));
        assertTrue(allocator.isShort(), "what is emptied goes to the reserve first");
    }

    @Test
    void shouldUseACollectedZoneOfAFullFileSystemAtOnce() {
        create();
        device.spareZones = RESERVE + 2;
        allocator.prepare(2 * CAPACITY);
        final int zone = filledZone();
        allocator.prepare(2 * CAPACITY);
        assertTrue(allocator.fileSystemFull());
        assertEquals(RESERVE, allocator.emptyZones());
        allocator.reset(zone);
        allocator.prepare(CAPACITY);
        assertEquals(zone, device.opened.getLast(), "its space is still there");
        assertTrue(allocator.hostRoom(BLOCK) >= 6);
    }
}
