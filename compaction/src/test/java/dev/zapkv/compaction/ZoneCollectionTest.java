/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.zone.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ZoneCollectionTest {
    private static final int ZONES = 16;
    private static final int MAX_CYCLES = 2_000;
    private static final long LIVE_WAIT_NS = 10_000_000_000L;
    private static final int RECORDS_PER_STEP = 64;

    private final FakeHost host = new FakeHost(ZONES);
    private final Arena arena = Arena.ofShared();
    private final Relocator relocator = new Relocator(host);
    private IoBuffer buffer = host.register(arena.allocate(FakeHost.CAPACITY, 4096));
    private ZoneCollection collection;

    @AfterEach
    void close() {
        while (host.inFlight() > 0) {
            host.poll();
        }
        relocator.close();
        buffer.close();
        host.close();
        arena.close();
    }

    private void begin(final int zone) {
        assertTrue(host.mayCollect(zone), "zone " + zone + " is " + host.zones.state(zone));
        collection = new ZoneCollection(host, relocator, buffer, zone);
        host.connect(collection::onRead, relocator::onAppend);
    }

    private int cycle() {
        final int work = relocator.doWork() + collection.doWork();
        host.poll();
        return work;
    }

    private void cycle(final int times) {
        for (int i = 0; i < times; i++) {
            cycle();
        }
    }

    private void run() {
        for (int i = 0; i < MAX_CYCLES && !(collection.isOver() && relocator.isDrained()); i++) {
            cycle();
        }
        assertTrue(collection.isOver(), "not over after " + MAX_CYCLES + " cycles");
        assertTrue(relocator.isDrained());
    }

    private void collect(final int zone) {
        begin(zone);
        run();
    }

    private void assertCollected(final int zone) {
        assertTrue(collection.isDone());
        assertEquals(List.of(zone), host.retired);
        assertEquals(List.of(), host.corruptions);
        host.assertConsistent();
    }

    private void assertKept(final int zone, final String reason) {
        assertTrue(collection.isOver());
        assertFalse(collection.isDone());
        assertEquals(List.of(), host.retired);
        assertEquals(1, host.corruptions.size());
        final String corruption = host.corruptions.getFirst();
        assertTrue(corruption.startsWith("zone " + zone + " ") && corruption.contains(reason), corruption);
    }

    // ---- what is moved

    @Test
    void shouldRelocateLiveRecordsWithTheirOriginAndNoOthers() {
        for (int i = 0; i < 100; i++) {
            host.put("k" + i, 100 + i);
        }
        final int zone = host.finishZone();
        for (int i = 0; i < 100; i += 2) {
            host.supersede("k" + i);
        }
        final Map<String, Long> before = new HashMap<>();
        final Map<String, byte[]> values = new HashMap<>();
        final Map<String, Long> positions = new HashMap<>();
        for (int i = 1; i < 100; i += 2) {
            before.put("k" + i, host.entry("k" + i));
            values.put("k" + i, host.value("k" + i));
            positions.put("k" + i, RecordFormat.logPosition(host.record("k" + i), 0));
        }
        collect(zone);
        assertCollected(zone);
        before.forEach((key, entry) -> {
            assertNotEquals(zone, host.zoneOf(key));
            final MemorySegment record = host.record(key);
            assertEquals(RecordFormat.FLAG_RELOCATED, RecordFormat.flags(record, 0), key);
            assertEquals(IndexEntry.deviceAddress(entry), RecordFormat.origin(record, 0), key);
            assertEquals(positions.get(key), RecordFormat.logPosition(record, 0), key);
            assertArrayEquals(values.get(key), host.value(key), key);
        });
        assertEquals(0, host.entry("k0"));
        final long moved = before.keySet().stream()
                .mapToLong(key -> IndexEntry.lengthBytes(host.entry(key)))
                .sum();
        assertEquals(moved, host.zones.liveBytes(host.zonesOfAppends.getFirst()), "nothing else lies there");
        assertEquals(1, host.zones.generation(zone));
    }

    @Test
    void shouldRelocateARecordAgain() {
        host.put("a", 1000);
        final int first = host.finishZone();
        final byte[] value = host.value("a");
        collect(first);
        final long second = host.entry("a");
        host.allocator.abandon(host.zoneOf("a"));
        collect(host.zoneOf("a"));
        assertEquals(2, host.retired.size());
        assertArrayEquals(value, host.value("a"));
        assertEquals(IndexEntry.deviceAddress(second), RecordFormat.origin(host.record("a"), 0));
        assertEquals(IndexEntry.lengthBytes(second), IndexEntry.lengthBytes(host.entry("a")));
        host.assertConsistent();
    }

    @Test
    void shouldAppendNothingForAZoneOfGarbage() {
        final int zone = host.zoneWith("k", 6, 0);
        collect(zone);
        assertCollected(zone);
        assertEquals(0, host.appends);
        assertEquals(0, relocator.appendedBytes());
    }

    @Test
    void shouldPassOverPadding() {
        host.put("a", 100);
        host.put("nothing", 50, RecordFormat.FLAG_PADDING);
        host.put("b", 100);
        final int zone = host.finishZone();
        collect(zone);
        assertCollected(zone);
        assertEquals(0, host.entry("nothing"));
        assertEquals(host.zoneOf("a"), host.zoneOf("b"));
    }

    @Test
    void shouldReadAZoneInSeveralPieces() {
        buffer.close();
        buffer = host.register(arena.allocate(2L * FakeHost.BLOCK, 4096));
        for (int i = 0; i < 120; i++) {
            host.put("k" + i, 300);
        }
        final int zone = host.finishZone();
        assertTrue(host.zones.written(zone) > 4L * FakeHost.BLOCK, "more than two pieces");
        collect(zone);
        assertCollected(zone);
        for (int i = 0; i < 120; i++) {
            host.record("k" + i);
        }
    }

    @Test
    void shouldTakeABoundedNumberOfRecordsAStep() {
        for (int i = 0; i < 200; i++) {
            host.put("k" + i, 16);
            host.supersede("k" + i);
        }
        final int zone = host.finishZone();
        begin(zone);
        int steps = 0;
        for (int i = 0; i < MAX_CYCLES && !collection.isOver(); i++) {
            final int work = collection.doWork();
            assertTrue(work <= RECORDS_PER_STEP, work + " records in a step");
            steps += work > 1 ? 1 : 0;
            host.poll();
        }
        assertTrue(steps >= 200 / RECORDS_PER_STEP, steps + " steps");
        run();
        assertTrue(collection.isDone());
    }

    @Test
    void shouldNotTakeBlocksOfAnEarlierLifeOfTheZone() {
        host.put("old", 100);
        final int zone = host.appendBlock();
        host.put("new", 100);
        assertEquals(zone, host.finishZone());
        host.zones.generation(zone, 7);
        begin(zone);
        run(LIVE_WAIT_NS);
        assertKept(zone, "live bytes were not found");
        assertEquals(0, host.appends);
    }

    private void run(final long elapse) {
        cycle(100);
        host.clock += elapse + 1;
        run();
    }

    // ---- tombstones

    @Test
    void shouldKeepATombstoneWhileAnotherZoneMayHoldWhatItHides() {
        host.put("a", 100);
        final int old = host.finishZone();
        host.delete("a");
        final int zone = host.finishZone();
        collect(zone);
        assertCollected(zone);
        final int now = host.zonesOfAppends.getFirst();
        assertEquals(48, host.zones.tombstoneBytes(now), "a tombstone with its origin");
        assertTrue(host.zones.newestTombstone(now) > host.zones.horizon(old));
    }

    @Test
    void shouldDropATombstoneThatNoZoneIsOldEnoughFor() {
        host.delete("a");
        host.put("b", 100);
        final int zone = host.finishZone();
        host.put("c", 100);
        host.finishZone();
        assertTrue(host.zones.newestTombstone(zone) < host.zones.lowestHorizonExcept(zone));
        collect(zone);
        assertCollected(zone);
        for (int z = 0; z < ZONES; z++) {
            assertEquals(0, host.zones.tombstoneBytes(z), "zone " + z);
        }
        assertNotEquals(zone, host.zoneOf("b"));
    }

    @Test
    void shouldDropATombstoneWhoseKeyWasWrittenAgain() {
        host.put("a", 100);
        host.finishZone();
        host.delete("a");
        final int zone = host.finishZone();
        host.put("a", 100);
        host.finishZone();
        collect(zone);
        assertCollected(zone);
        assertEquals(0, host.appends);
    }

    @ParameterizedTest
    @EnumSource(
            value = Stream.class,
            names = {"METADATA", "HOST"})
    void shouldTakeNothingFromBlocksThatAreNotTheStores(final Stream stream) {
        host.put("a", 100);
        host.finishZone();
        host.delete("b");
        final int zone = host.finishForeignZone(stream);
        collect(zone);
        assertCollected(zone);
        assertEquals(0, host.appends);
    }

    // ---- writers meanwhile

    @Test
    void shouldLeaveARecordThatWasSupersededWhileItsCopyWasAppended() {
        host.put("a", 100);
        host.put("b", 100);
        final int zone = host.finishZone();
        begin(zone);
        while (host.appends == 0) {
            cycle();
        }
        host.supersede("a");
        host.put("a", 200);
        final int newest = host.appendBlock();
        run();
        assertCollected(zone);
        assertEquals(newest, host.zoneOf("a"));
        assertEquals(0, RecordFormat.flags(host.record("a"), 0), "the writer's own");
        assertEquals(host.zonesOfAppends.getFirst(), host.zoneOf("b"));
    }

    @Test
    void shouldRetireAZoneOnlyWhenEverythingIsSettled() {
        final int zone = host.zoneWith("k", 3, 1);
        host.settling = false;
        begin(zone);
        cycle(200);
        assertEquals(0, host.zones.liveBytes(zone), "its records have moved");
        assertFalse(collection.isOver());
        assertEquals(List.of(), host.retired);
        host.settling = true;
        run();
        assertCollected(zone);
    }

    @Test
    void shouldWaitForAWriterByTheClockAndNotByCycles() {
        host.put("a", 100);
        final int zone = host.finishZone();
        // A writer moved its entry away, and was stopped before it said so.
        host.zones.addLive(zone, 160);
        begin(zone);
        cycle(1000);
        host.clock += LIVE_WAIT_NS;
        cycle(100_000);
        assertFalse(collection.isOver(), "given up too early");
        assertEquals(0, cycle(), "nothing to do but to wait");
        host.zones.addLive(zone, -160);
        run();
        assertCollected(zone);
    }

    @Test
    void shouldKeepAZoneWhoseLiveBytesAreNeverFound() {
        host.put("a", 100);
        final int zone = host.finishZone();
        host.zones.addLive(zone, 160);
        begin(zone);
        run(LIVE_WAIT_NS);
        assertKept(zone, "160 live bytes were not found");
        assertNotEquals(zone, host.zoneOf("a"), "what was found has moved all the same");
    }

    @Test
    void shouldKeepAZoneWhoseLiveBytesAreBelowZero() {
        host.put("a", 100);
        final int zone = host.finishZone();
        host.zones.addLive(zone, -16);
        begin(zone);
        run(LIVE_WAIT_NS);
        assertKept(zone, "live bytes");
    }

    // ---- damage

    @Test
    void shouldKeepAZoneWithADamagedBlockAndMoveNothingOfIt() {
        host.put("a", 1000);
        host.put("b", 1000);
        final int zone = host.appendBlock(bytes -> flip(bytes, BlockFormat.HEADER_LENGTH + 500));
        host.put("c", 1000);
        assertEquals(zone, host.finishZone());
        final long a = host.entry("a");
        final long b = host.entry("b");
        begin(zone);
        run(LIVE_WAIT_NS);
        assertKept(zone, "live bytes were not found");
        assertEquals(a, host.entry("a"));
        assertEquals(b, host.entry("b"), "a valid record, but of a block that is not");
        assertNotEquals(zone, host.zoneOf("c"));
        host.record("c");
        assertEquals(ZoneState.FULL, host.zones.state(zone));
        assertTrue(host.zones.liveBytes(zone) > 0);
    }

    @Test
    void shouldKeepAZoneWithADamagedBlockHeader() {
        host.put("a", 1000);
        final int zone = host.appendBlock(bytes -> flip(bytes, BlockFormat.PAYLOAD_LENGTH_OFFSET));
        host.allocator.abandon(zone);
        final long a = host.entry("a");
        begin(zone);
        run(LIVE_WAIT_NS);
        assertKept(zone, "live bytes were not found");
        assertEquals(a, host.entry("a"));
        assertEquals(0, host.appends);
    }

    @Test
    void shouldStopAtARecordThatIsDamagedInAValidBlock() {
        host.put("a", 100);
        host.put("b", 100);
        host.put("c", 100);
        final int second = BlockFormat.HEADER_LENGTH + RecordFormat.align(RecordFormat.length(1, 100));
        final int zone = host.appendBlock(bytes -> {
            flip(bytes, second + RecordFormat.HEADER_LENGTH + 20);
            sealAgain(bytes);
        });
        host.allocator.abandon(zone);
        final long b = host.entry("b");
        final long c = host.entry("c");
        collect(zone);
        assertKept(zone, "record checksum");
        assertTrue(host.corruptions.getFirst().contains("offset " + second), host.corruptions.getFirst());
        assertNotEquals(zone, host.zoneOf("a"), "verified before");
        assertEquals(b, host.entry("b"));
        assertEquals(c, host.entry("c"));
    }

    private static void flip(final MemorySegment bytes, final long offset) {
        bytes.set(LittleEndian.BYTE, offset, (byte) (bytes.get(LittleEndian.BYTE, offset) ^ 1));
    }

    /// Makes the checksums of a block right again.
    private static void sealAgain(final MemorySegment block) {
        final ByteBuffer view = block.asByteBuffer();
        final CRC32C crc = new CRC32C();
        crc.update(view.slice(BlockFormat.HEADER_LENGTH, BlockFormat.payloadLength(block, 0)));
        block.set(LittleEndian.INT, BlockFormat.PAYLOAD_CRC_OFFSET, (int) crc.getValue());
        crc.reset();
        crc.update(view.slice(0, BlockFormat.HEADER_CRC_OFFSET));
        block.set(LittleEndian.INT, BlockFormat.HEADER_CRC_OFFSET, (int) crc.getValue());
    }

    @Test
    void shouldReportAZoneThatCannotBeRead() {
        final int zone = host.zoneWith("k", 3, 1);
        begin(zone);
        host.media.fail(zone, ZoneState.OFFLINE);
        run();
        assertKept(zone, "reading");
        assertEquals(ZoneState.OFFLINE, host.zones.state(zone));
        assertEquals(zone, host.zoneOf("k0"));
        assertFalse(host.mayCollect(zone));
    }

    // ---- appends that fail

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void shouldRepeatAFailedAppendInAnotherZone(final int failures) {
        final int zone = host.zoneWith("k", 3, 1);
        host.failures = failures;
        collect(zone);
        assertCollected(zone);
        assertEquals(failures + 1, host.appends);
        assertEquals(failures + 1, host.zonesOfAppends.stream().distinct().count());
        assertEquals(host.zonesOfAppends.getLast(), host.zoneOf("k0"));
    }

    @Test
    void shouldGiveUpAfterFiveFailuresInARow() {
        final int zone = host.zoneWith("k", 3, 1);
        host.failures = 5;
        begin(zone);
        final DeviceException e = assertThrows(DeviceException.class, this::run);
        assertTrue(e.getMessage().contains("5 zones in a row"), e.getMessage());
        assertEquals(DeviceException.EIO, e.errno());
        assertEquals(zone, host.zoneOf("k0"));
        assertEquals(List.of(), host.retired);
    }

    @Test
    void shouldWaitForAZoneToAppendTo() {
        for (int i = 0; i < 120; i++) {
            host.put("k" + i, 300);
        }
        final int zone = host.finishZone();
        host.appendsRefused = true;
        begin(zone);
        cycle(500);
        assertEquals(0, host.appends);
        assertFalse(collection.isOver());
        assertEquals(zone, host.zoneOf("k0"));
        host.appendsRefused = false;
        run();
        assertCollected(zone);
    }

    @Test
    void shouldEmptyAReadOnlyZoneOfItsRecords() {
        final int zone = host.zoneWith("k", 4, 2);
        host.media.fail(zone, ZoneState.READ_ONLY);
        assertTrue(host.allocator.examine(zone));
        collect(zone);
        assertCollected(zone);
        assertEquals(ZoneState.READ_ONLY, host.zones.state(zone));
        assertFalse(host.mayCollect(zone), "nothing is left there");
    }
}
