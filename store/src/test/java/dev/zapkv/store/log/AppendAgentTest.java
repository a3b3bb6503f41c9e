/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.StoreFullException;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import dev.zapkv.store.engine.RecordWriter;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The agent on one thread, over a device that completes appends in any order.
class AppendAgentTest {
    private static final int LOGICAL_BLOCK = 4096;
    private static final int BLOCK = 64 << 10;
    private static final int BLOCKS_PER_ZONE = 3;
    private static final int ZONES = 16;
    private static final int RESERVE = 2;
    /// Blocks that the writers are promised room for on an empty device.
    private static final int ROOM = (ZONES - ZoneAllocator.FIRST_DATA_ZONE - RESERVE) * BLOCKS_PER_ZONE;

    private static final int SLOTS = AppendAgent.CHUNK_BYTES / BLOCK;
    private static final long FIRST = 7;
    private static final StoreId ID = new StoreId(0x1122, 0x3344);
    private static final int EPOCH = 5;
    private static final int MAX_CYCLES = 10_000;

    @TempDir
    private Path directory;

    private final Arena arena = Arena.ofConfined();
    private final KeyHash hash = new KeyHash(1, 2);
    private final PointIndex index = new PointIndex(16, 1 << 20);
    private final RecordWriter writer = new RecordWriter();
    private final Map<String, byte[]> values = new HashMap<>();
    private SimMedia media;
    private HoldingDevice device;
    private ZoneTable zones;
    private ZoneAllocator allocator;
    private StagingFile file;
    private AppendAgent agent;
    private boolean refusing;

    private void create(final SimOptions options, final long seed) {
        media = new SimMedia(
                new ZoneGeometry(LOGICAL_BLOCK, 256 << 10, (long) BLOCKS_PER_ZONE * BLOCK, ZONES, 0, 0, BLOCK));
        device = new HoldingDevice(new SimZoneDevice(media, options, new Random(seed)));
        zones = new ZoneTable(media.geometry());
        allocator = new ZoneAllocator(device, zones, ZONES, RESERVE, 0);
        file = StagingFile.create(List.of(directory), ID, EPOCH, BLOCK, SLOTS, SLOTS);
        agent = newAgent();
    }

    private AppendAgent newAgent() {
        return new AppendAgent(
                new DevicePort(device),
                allocator,
                zones,
                file,
                FIRST,
                index,
                hash,
                ID,
                EPOCH,
                32 << 20,
                new StagingLog.Backpressure() {
                    @Override
                    public void sealed(final long block, final int length) {
                        // Nobody to wake.
                    }

                    @Override
                    public void stalled(final int waits) {
                        if (refusing) {
                            throw new StoreFullException("no room");
                        }
                        agent.doWork(false);
                    }
                });
    }

    private void create() {
        create(SimOptions.DEFAULT.withDelayPollsMax(0), 1);
        agent.doWork(false);
    }

    @AfterEach
    void close() {
        if (device != null) {
            device.held = block -> false;
            device.close();
            agent.close();
            file.delete();
        }
        index.close();
        arena.close();
    }

    // ---- a writer

    private long claim(final String key, final int valueLength) {
        return agent.staging().claim(RecordFormat.align(RecordFormat.length(key.length(), valueLength)));
    }

    /// As the engine does it: index first, then the bytes, then the commit.
    private long write(final long position, final String key, final byte[] value, final int flags) {
        final byte[] bytes = key.getBytes(UTF_8);
        final int length = RecordFormat.length(bytes.length, value.length);
        final int aligned = RecordFormat.align(length);
        final boolean tombstone = (flags & RecordFormat.FLAG_TOMBSTONE) != 0;
        final long previous = index.publish(
                hash.fingerprint(bytes, 0, bytes.length),
                hash.location(bytes, 0, bytes.length),
                IndexEntry.memory(position, aligned / IndexEntry.UNIT_BYTES, tombstone),
                false);
        if (previous != 0 && !IndexEntry.isMemory(previous)) {
            zones.addLive(media.geometry().zoneOf(IndexEntry.deviceAddress(previous)), -(long)
                    IndexEntry.lengthBytes(previous));
        }
        final long offset = agent.staging().offsetOf(position);
        writer.write(agent.staging().memory(), offset, position, flags, bytes, value, 0, value.length);
        agent.staging().memory().set(LittleEndian.INT, offset + RecordFormat.LENGTH_OFFSET, length);
        agent.staging().commit(position, aligned);
        return agent.staging().blockOf(position);
    }

    private long put(final String key, final byte[] value) {
        final long position = claim(key, value.length);
        values.put(key, value);
        return write(position, key, value, 0);
    }

    private long delete(final String key) {
        final long position = claim(key, 0);
        values.remove(key);
        return write(position, key, new byte[0], RecordFormat.FLAG_TOMBSTONE);
    }

    private static byte[] value(final int seed, final int length) {
        final byte[] value = new byte[length];
        new Random(seed).nextBytes(value);
        return value;
    }

    /// A put that takes a block of its own.
    private long putBlock(final String key) {
        final int longest = agent.staging().maxClaim() - RecordFormat.HEADER_LENGTH - key.length();
        final long block = put(key, value(key.hashCode(), longest));
        agent.staging().trySeal();
        return block;
    }

    private long entry(final String key) {
        final byte[] bytes = key.getBytes(UTF_8);
        return index.get(hash.fingerprint(bytes, 0, bytes.length), hash.location(bytes, 0, bytes.length));
    }

    private int zoneOf(final String key) {
        assertFalse(IndexEntry.isMemory(entry(key)), key);
        return media.geometry().zoneOf(IndexEntry.deviceAddress(entry(key)));
    }

    private long liveBytes(final String key) {
        return RecordFormat.align(RecordFormat.length(key.length(), values.get(key).length));
    }

    // ---- driving

    private void cycle(final int times) {
        for (int i = 0; i < times; i++) {
            agent.doWork(false);
            assertTrue(agent.flushed() <= agent.frontier(), "flushed " + agent.flushed() + " > " + agent.frontier());
        }
    }

    private void finish() {
        for (int i = 0; i < MAX_CYCLES && !(agent.isIdle() && !agent.staging().openBlockHasRecords()); i++) {
            agent.doWork(true);
            assertTrue(agent.flushed() <= agent.frontier(), "flushed " + agent.flushed() + " > " + agent.frontier());
        }
        assertTrue(agent.isIdle(), "still at work after " + MAX_CYCLES + " cycles");
    }

    /// Every key is where its index entry says, as a valid record of a valid block, and every zone's live
    /// bytes are those of the entries that point into it.
    private void assertAllOnTheDevice(final String context) {
        final long[] live = new long[ZONES];
        values.forEach((key, value) -> {
            final long entry = entry(key);
            assertFalse(IndexEntry.isMemory(entry), () -> context + key + " is still in staging");
            assertArrayEquals(value, read(entry), () -> context + key);
            live[zoneOf(key)] += liveBytes(key);
        });
        assertEquals(values.size(), index.size(), context);
        for (int zone = 0; zone < ZONES; zone++) {
            final int z = zone;
            assertEquals(live[zone] + zones.tombstoneBytes(zone), zones.liveBytes(zone), () -> context + "zone " + z);
        }
    }

    private byte[] read(final long entry) {
        final MemorySegment record = arena.allocate(IndexEntry.lengthBytes(entry), 16);
        device.readSync(IndexEntry.deviceAddress(entry), record, 0, IndexEntry.lengthBytes(entry));
        assertNull(RecordFormat.invalidReason(record, record.asByteBuffer(), 0, record.byteSize(), new CRC32C()));
        final int from = RecordFormat.HEADER_LENGTH + RecordFormat.keyLength(record, 0);
        return record.asSlice(from, RecordFormat.length(record, 0) - from).toArray(LittleEndian.BYTE);
    }

    // ---- order

    @Test
    void shouldMoveTheFrontierInBlockOrderOnly() {
        create();
        device.held = block -> block == FIRST + 1;
        for (int i = 0; i < 4; i++) {
            assertEquals(FIRST + i, putBlock("k" + i));
        }
        cycle(10);
        assertEquals(4, device.completed.size());
        assertEquals(FIRST, agent.frontier());
        assertFalse(IndexEntry.isMemory(entry("k0")));
        for (int i = 1; i < 4; i++) {
            assertTrue(IndexEntry.isMemory(entry("k" + i)), "k" + i + " was applied before its turn");
        }
        device.held = block -> false;
        cycle(1);
        assertEquals(FIRST + 3, agent.frontier());
        assertAllOnTheDevice("");
    }

    @Test
    void shouldGoOnWithTheBlocksOfAKilledProcess() {
        create();
        device.held = block -> block == FIRST;
        for (int i = 0; i < 4; i++) {
            putBlock("k" + i);
        }
        cycle(10);
        assertEquals(FIRST - 1, agent.frontier(), "nothing is applied");
        agent.close();
        device.forgetHeld();
        device.appends.clear();
        restart();
        final long found = addressOf(FIRST + 1);
        final int zone = media.geometry().zoneOf(found);
        final List<StagedBlock> blocks = new ArrayList<>();
        for (long block = FIRST; block < FIRST + 4; block++) {
            final boolean onDevice = block == FIRST + 1;
            final int slot = slotOf(block);
            blocks.add(new StagedBlock(block, slot, BLOCK, onDevice ? zone : ZoneAllocator.NONE, onDevice ? found : 0));
        }

        agent.adopt(blocks);

        assertEquals(FIRST + 3, agent.staging().lastClaimedBlock());
        assertEquals(SLOTS - 4, agent.staging().freeSlots());
        assertFalse(agent.isQuiet(), "a checkpoint would take the block in the zone for one that is applied");
        assertTrue(agent.holdsUnapplied(zone));
        device.held = block -> block == FIRST;
        cycle(5);
        assertEquals(
                List.of(FIRST, FIRST + 2, FIRST + 3),
                device.appends.stream().map(HoldingDevice.Append::block).toList());
        assertTrue(IndexEntry.isMemory(entry("k1")), "applied before its turn");
        assertFalse(agent.isQuiet());
        assertTrue(agent.holdsUnapplied(zone));
        device.held = block -> false;
        cycle(5);
        assertEquals(FIRST + 3, agent.frontier());
        assertEquals(found, IndexEntry.deviceAddress(entry("k1")) & -BLOCK, "where it was found");
        assertFalse(agent.holdsUnapplied(zone));
        assertTrue(agent.isQuiet());
        assertAllOnTheDevice("");
        assertEquals(FIRST + 4, agent.staging().blockOf(claim("next", 100)));
    }

    /// As an opening finds the zones.
    private void restart() {
        zones = new ZoneTable(media.geometry());
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < ZONES; zone++) {
            final ZoneInfo info = device.report(zone);
            if (info.writePointer() > 0) {
                device.finish(zone);
                zones.recover(zone, ZoneState.FULL, Stream.HOST, info.writePointer());
            }
        }
        allocator = new ZoneAllocator(device, zones, ZONES, RESERVE, 0);
        agent = newAgent();
    }

    private long addressOf(final long block) {
        final MemorySegment header = arena.allocate(LOGICAL_BLOCK, 16);
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < ZONES; zone++) {
            for (long at = 0; at < device.report(zone).writePointer(); at += BLOCK) {
                final long address = media.geometry().address(zone, at);
                device.readSync(address, header, 0, LOGICAL_BLOCK);
                if (BlockFormat.blockNumber(header, 0) == block) {
                    return address;
                }
            }
        }
        throw new AssertionError("block " + block + " is not on the device");
    }

    private int slotOf(final long block) {
        for (int slot = 0; slot < SLOTS; slot++) {
            if (file.blockNumber(slot) == block) {
                return slot;
            }
        }
        throw new AssertionError("block " + block + " is not in staging");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldKeepTheOrderWhateverTheDeviceDoes(final long seed) {
        create(SimOptions.DEFAULT.withDelayPollsMax(6).withAppendFailures(seed % 2 == 0 ? 1 : 0, 12), seed);
        final Random random = new Random(seed);
        final String context = "seed " + seed + ": ";
        final Map<String, Long> blockOfKey = new HashMap<>();
        long frontier = FIRST - 1;
        for (int i = 0; i < 400 && agent.staging().openBlock() < FIRST + ROOM / 2; i++) {
            final String key = "k" + random.nextInt(60);
            blockOfKey.put(key, put(key, value(i, 1 + random.nextInt(6000))));
            if (random.nextInt(40) == 0) {
                agent.want(agent.staging().openBlock(), random.nextBoolean());
            }
            cycle(random.nextInt(15) == 0 ? 1 : 0);
            assertTrue(agent.frontier() >= frontier, context + "the frontier went back");
            frontier = agent.frontier();
            blockOfKey.forEach((k, block) -> assertEquals(
                    block > agent.frontier(), IndexEntry.isMemory(entry(k)), () -> context + k + " of block " + block));
        }
        finish();
        assertEquals(agent.staging().lastClaimedBlock(), agent.frontier(), context);
        assertAllOnTheDevice(context);
        final List<Long> sorted = new ArrayList<>(device.completed);
        sorted.sort(null);
        assertNotEquals(sorted, device.completed, context + "nothing was reordered");
    }

    @Test
    void shouldAppendABlockOnlyWhenAllOfItIsCommitted() {
        create();
        final byte[] value = value(1, 500);
        final long first = claim("a", value.length);
        put("b", value(2, 500));
        agent.want(FIRST, false);
        cycle(5);
        assertEquals(FIRST + 1, agent.staging().openBlock(), "sealed all the same");
        assertEquals(List.of(), device.appends);
        values.put("a", value);
        write(first, "a", value, 0);
        cycle(2);
        assertEquals(FIRST, agent.frontier());
        assertAllOnTheDevice("");
    }

    @Test
    void shouldLetTheOpenBlockFillWhileAnAppendIsInFlight() {
        create();
        put("a", value(1, 100));
        cycle(3);
        assertEquals(List.of(), device.appends, "nobody waits for it");
        device.held = block -> true;
        agent.doWork(true);
        assertEquals(1, device.appends.size());
        put("b", value(2, 100));
        agent.want(FIRST + 1, false);
        agent.doWork(true);
        cycle(3);
        assertEquals(1, device.appends.size());
        device.held = block -> false;
        cycle(4);
        assertEquals(2, device.appends.size());
        assertEquals(FIRST + 1, agent.frontier());
        assertTrue(agent.isIdle());
    }

    @Test
    void shouldHaveABoundedNumberOfAppendsInFlight() {
        create();
        device.held = block -> true;
        for (int i = 0; i < 20; i++) {
            putBlock("k" + i);
        }
        cycle(50);
        assertEquals(8, device.appends.size());
        device.held = block -> false;
        finish();
        assertEquals(8, device.mostInFlight);
        assertAllOnTheDevice("");
    }

    @Test
    void shouldNotUseABlocksMemoryAgainBeforeTheDeviceHasReleasedIt() {
        create();
        device.releasesHeld = true;
        device.failures.put(FIRST + 1, 1);
        putBlock("a");
        putBlock("b");
        cycle(20);
        assertEquals(2, device.completed.size(), "both results are there");
        assertEquals(2, device.appends.size(), "the one that failed is not sealed again meanwhile");
        assertEquals(FIRST - 1, agent.frontier());
        device.releasesHeld = false;
        finish();
        assertEquals(3, device.appends.size());
        assertAllOnTheDevice("");
    }

    @Test
    void shouldWriteBlocksThatCarryTheirStoreTheirNumberAndTheirPositions() {
        create();
        put("a", value(1, 500));
        put("bb", value(2, 700));
        finish();
        final int length = BlockFormat.appendLength(
                RecordFormat.align(RecordFormat.length(1, 500)) + RecordFormat.align(RecordFormat.length(2, 700)),
                LOGICAL_BLOCK);
        assertEquals(List.of(new HoldingDevice.Append(FIRST, zoneOf("a"), length, DevicePort.HOST)), device.appends);
        assertEquals(length, agent.hostBytes());
        final MemorySegment block = arena.allocate(length, 16);
        final long address = media.geometry().address(zoneOf("a"), 0);
        device.readSync(address, block, 0, length);
        final CRC32C crc = new CRC32C();
        assertTrue(BlockFormat.isHeaderValid(block, block.asByteBuffer(), 0, length, crc));
        assertTrue(BlockFormat.isPayloadValid(block, block.asByteBuffer(), 0, crc));
        assertEquals(Stream.HOST.code(), BlockFormat.streamCode(block, 0));
        assertEquals(ID, new StoreId(BlockFormat.storeIdHigh(block, 0), BlockFormat.storeIdLow(block, 0)));
        assertEquals(EPOCH, BlockFormat.epoch(block, 0));
        assertEquals(FIRST, BlockFormat.blockNumber(block, 0));
        assertEquals(2, BlockFormat.recordCount(block, 0));
        final long first = FIRST * BLOCK + BlockFormat.HEADER_LENGTH;
        assertEquals(first, BlockFormat.horizon(block, 0));
        assertEquals(first + RecordFormat.align(RecordFormat.length(1, 500)), BlockFormat.maxLogPosition(block, 0));
        assertEquals(first, zones.horizon(zoneOf("a")));
        assertEquals(FIRST, zones.newestHostBlock(zoneOf("a")));
        assertEquals(address + BlockFormat.HEADER_LENGTH, IndexEntry.deviceAddress(entry("a")));
    }

    // ---- flushed

    @Test
    void shouldCallNothingFlushedThatNobodyAskedToFlush() {
        create();
        putBlock("a");
        putBlock("b");
        finish();
        assertEquals(FIRST + 1, agent.frontier());
        assertEquals(FIRST - 1, agent.flushed());
        assertEquals(0, agent.flushes());
        assertEquals(2, media.volatileAppendCount());
    }

    @Test
    void shouldCallBlocksFlushedWhenTheFlushHasCompleted() {
        create();
        putBlock("a");
        putBlock("b");
        finish();
        device.flushesHeld = true;
        agent.want(FIRST, true);
        cycle(5);
        assertEquals(1, agent.flushes());
        assertEquals(1, agent.inFlight());
        assertEquals(FIRST - 1, agent.flushed());
        device.flushesHeld = false;
        cycle(1);
        assertEquals(FIRST + 1, agent.flushed(), "it covers all that was applied");
        assertEquals(0, media.volatileAppendCount());
        cycle(5);
        assertEquals(1, agent.flushes());
    }

    @Test
    void shouldNotCountBlocksThatWereAppliedAfterTheFlushBegan() {
        create();
        putBlock("a");
        finish();
        device.flushesHeld = true;
        agent.want(FIRST, true);
        cycle(3);
        putBlock("b");
        cycle(3);
        assertEquals(FIRST + 1, agent.frontier());
        device.flushesHeld = false;
        cycle(1);
        assertEquals(FIRST, agent.flushed());
    }

    @Test
    void shouldAppendDurablyWhatIsToBeFlushed() {
        create();
        put("a", value(1, 100));
        agent.want(FIRST, true);
        finish();
        assertEquals(
                DevicePort.HOST | IoAttributes.DURABLE,
                device.appends.getFirst().attributes());
        assertEquals(FIRST, agent.flushed());
        assertEquals(0, agent.flushes(), "the append was enough");
        assertEquals(0, media.volatileAppendCount());
        putBlock("b");
        finish();
        assertEquals(DevicePort.HOST, device.appends.getLast().attributes());
        assertEquals(FIRST, agent.flushed());
    }

    @Test
    void shouldFlushWhatLiesBeforeADurableBlock() {
        create();
        putBlock("a");
        finish();
        put("b", value(2, 100));
        agent.want(FIRST + 1, true);
        device.flushesHeld = true;
        cycle(5);
        assertEquals(FIRST + 1, agent.frontier());
        assertEquals(
                DevicePort.HOST | IoAttributes.DURABLE, device.appends.getLast().attributes());
        assertEquals(FIRST - 1, agent.flushed(), "block " + FIRST + " is not on stable media");
        device.flushesHeld = false;
        cycle(5);
        assertEquals(FIRST + 1, agent.flushed());
        assertEquals(1, agent.flushes());
    }

    @Test
    void shouldFlushAnewToSettleThoughEveryBlockIsFlushed() {
        create();
        put("a", value(1, 100));
        agent.want(FIRST, true);
        finish();
        assertEquals(0, agent.flushes());
        agent.settle(FIRST);
        assertTrue(agent.flushRequired());
        device.flushesHeld = true;
        cycle(3);
        assertTrue(agent.flushRequired(), "it is on its way");
        device.flushesHeld = false;
        cycle(2);
        assertFalse(agent.flushRequired());
        assertEquals(1, agent.flushes());
    }

    @Test
    void shouldSettleBlocksThatAreStillOpen() {
        create();
        put("a", value(1, 100));
        agent.settle(agent.staging().lastClaimedBlock());
        cycle(10);
        assertEquals(FIRST, agent.flushed());
        assertFalse(agent.flushRequired());
    }

    // ---- failures

    @Test
    void shouldRepeatAFailedAppendInAnotherZoneAndKeepTheOrder() {
        create();
        device.failures.put(FIRST + 1, 1);
        for (int i = 0; i < 4; i++) {
            putBlock("k" + i);
        }
        finish();
        assertEquals(FIRST + 3, agent.frontier());
        final List<Integer> zonesTried = device.appends.stream()
                .filter(append -> append.block() == FIRST + 1)
                .map(HoldingDevice.Append::zone)
                .toList();
        assertEquals(2, zonesTried.size());
        assertNotEquals(zonesTried.get(0), zonesTried.get(1));
        assertEquals(zonesTried.get(1), zoneOf("k1"));
        assertEquals(ZoneState.FULL, zones.state(zonesTried.get(0)), "no more goes there");
        assertAllOnTheDevice("");
    }

    @Test
    void shouldKeepLaterBlocksWaitingWhileAFailedOneIsRepeated() {
        create();
        device.failures.put(FIRST, 3);
        putBlock("a");
        putBlock("b");
        for (int i = 0; i < 20 && agent.frontier() < FIRST; i++) {
            assertTrue(IndexEntry.isMemory(entry("b")));
            cycle(1);
        }
        finish();
        assertEquals(
                4,
                device.appends.stream()
                        .filter(append -> append.block() == FIRST)
                        .map(HoldingDevice.Append::zone)
                        .distinct()
                        .count());
        assertAllOnTheDevice("");
    }

    @Test
    void shouldRepeatDurablyWhatWasToBeDurable() {
        create();
        device.failures.put(FIRST, 1);
        put("a", value(1, 100));
        agent.want(FIRST, true);
        finish();
        assertEquals(2, device.appends.size());
        assertEquals(
                DevicePort.HOST | IoAttributes.DURABLE, device.appends.getLast().attributes());
        assertEquals(FIRST, agent.flushed());
    }

    @Test
    void shouldGiveUpAfterFiveFailuresInARow() {
        create();
        device.failures.put(FIRST, 5);
        putBlock("a");
        final DeviceException e = assertThrows(DeviceException.class, this::finish);
        assertEquals(DeviceException.EIO, e.errno());
        assertTrue(e.getMessage().contains("5 zones in a row"), e.getMessage());
        assertEquals(
                5,
                device.appends.stream()
                        .map(HoldingDevice.Append::zone)
                        .distinct()
                        .count());
        assertEquals(FIRST - 1, agent.frontier());
        assertTrue(IndexEntry.isMemory(entry("a")), "it can still be read from staging");
    }

    @Test
    void shouldCountFailuresOfEachBlockApart() {
        create();
        for (long block = FIRST; block < FIRST + 3; block++) {
            device.failures.put(block, 2);
        }
        for (int i = 0; i < 3; i++) {
            putBlock("k" + i);
        }
        finish();
        assertEquals(FIRST + 2, agent.frontier());
        assertAllOnTheDevice("");
    }

    // ---- index entries

    @Test
    void shouldNotCountARecordThatWasSupersededBeforeItWasApplied() {
        create();
        device.held = block -> true;
        put("a", value(1, 100));
        putBlock("other");
        put("a", value(2, 200));
        agent.staging().trySeal();
        final long second = entry("a");
        device.held = block -> block == FIRST + 2;
        cycle(10);
        assertEquals(FIRST + 1, agent.frontier());
        assertEquals(second, entry("a"), "the newer record's entry stays");
        assertEquals(liveBytes("other"), zones.liveBytes(zoneOf("other")));
        device.held = block -> false;
        finish();
        assertAllOnTheDevice("");
    }

    @Test
    void shouldRemoveADeletedKeyWhenItsTombstoneIsApplied() {
        create();
        put("a", value(1, 100));
        put("b", value(2, 100));
        finish();
        final long length = RecordFormat.align(RecordFormat.length(1, 0));
        final long block = delete("a");
        assertTrue(IndexEntry.isTombstone(entry("a")));
        finish();
        assertEquals(0, entry("a"));
        assertEquals(0, index.tombstones());
        final int zone = device.appends.getLast().zone();
        assertEquals(length, zones.tombstoneBytes(zone));
        assertEquals(block * BLOCK + BlockFormat.HEADER_LENGTH, zones.newestTombstone(zone));
        assertAllOnTheDevice("");
    }

    @Test
    void shouldKeepAKeyThatWasWrittenAgainAfterItsDelete() {
        create();
        put("a", value(1, 100));
        delete("a");
        put("a", value(2, 100));
        finish();
        assertAllOnTheDevice("");
        assertEquals(1, index.size());
    }

    @Test
    void shouldPassOverPadding() {
        create();
        final long position = claim("a", 100);
        final byte[] value = value(1, 100);
        final long offset = agent.staging().offsetOf(position);
        writer.write(
                agent.staging().memory(),
                offset,
                position,
                RecordFormat.FLAG_PADDING,
                "a".getBytes(UTF_8),
                value,
                0,
                value.length);
        agent.staging()
                .memory()
                .set(LittleEndian.INT, offset + RecordFormat.LENGTH_OFFSET, RecordFormat.length(1, 100));
        agent.staging().commit(position, RecordFormat.align(RecordFormat.length(1, 100)));
        put("b", value(2, 100));
        finish();
        assertEquals(0, entry("a"));
        assertAllOnTheDevice("");
    }

    // ---- staging and cache

    @Test
    void shouldGiveASlotBackWhenItsBlockIsAppliedAndKeepTheBlockInTheYoungCache() {
        create();
        final int free = agent.staging().freeSlots();
        device.held = block -> block == FIRST;
        putBlock("a");
        putBlock("b");
        cycle(5);
        final int slot = agent.staging().slotOf(FIRST + 1);
        assertEquals(FIRST + 1, agent.staging().blockInSlot(slot), "completed, but not applied");
        device.held = block -> false;
        cycle(1);
        assertEquals(0, agent.staging().blockInSlot(slot));
        assertEquals(free - 1, agent.staging().freeSlots(), "the open block has one");
        for (final String key : List.of("a", "b")) {
            final long address = IndexEntry.deviceAddress(entry(key));
            final long place = agent.young().find(address);
            assertNotEquals(YoungCache.ABSENT, place);
            final MemorySegment young = agent.young().memory();
            final long record = agent.young().offsetOf(place, address);
            assertNull(RecordFormat.invalidReason(
                    young.asSlice(record, IndexEntry.lengthBytes(entry(key))),
                    young.asSlice(record, IndexEntry.lengthBytes(entry(key))).asByteBuffer(),
                    0,
                    IndexEntry.lengthBytes(entry(key)),
                    new CRC32C()));
        }
    }

    // ---- back-pressure

    @Test
    void shouldOpenNoBlockBeforeItKnowsOfRoom() {
        create(SimOptions.DEFAULT, 1);
        refusing = true;
        assertThrows(StoreFullException.class, () -> put("a", value(1, 100)));
        agent.doWork(false);
        assertFalse(agent.starved());
        put("a", value(1, 100));
        finish();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldOpenNoBlockBeyondTheRoomOnTheDevice(final boolean slow) {
        create();
        device.held = block -> slow;
        refusing = true;
        int blocks = 0;
        while (tryPutBlock(blocks)) {
            blocks++;
            cycle(1);
            assertTrue(blocks <= ROOM, "more blocks than there is room for");
        }
        assertEquals(ROOM, blocks);
        assertTrue(agent.starved());
        assertEquals(!slow, agent.isStuck(), "what is in flight may make room");
        agent.hold(true);
        assertFalse(agent.isStuck(), "what is held back may make room");
        agent.hold(false);
        device.held = block -> false;
        finish();
        assertFalse(agent.outOfRoom());
        assertEquals(ROOM, device.appends.size());
        assertEquals(FIRST + ROOM - 1, agent.frontier(), "every block that was opened found room");
        assertEquals(RESERVE, allocator.emptyZones());
        assertAllOnTheDevice("");

        // A zone is collected.
        final int zone = zoneOf("k0");
        assertTrue(allocator.collectable(zone));
        allocator.reset(zone);
        cycle(1);
        assertFalse(agent.starved());
        for (int i = 0; i < BLOCKS_PER_ZONE; i++) {
            assertTrue(tryPutBlock(blocks + i), "block " + i + " of the emptied zone");
        }
        cycle(1);
        assertFalse(tryPutBlock(blocks + BLOCKS_PER_ZONE));
        finish();
    }

    private boolean tryPutBlock(final int i) {
        try {
            putBlock("k" + i);
            return true;
        } catch (final StoreFullException e) {
            return false;
        }
    }
}
