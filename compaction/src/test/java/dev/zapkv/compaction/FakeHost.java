/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import dev.zapkv.store.engine.RecordWriter;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.spi.CollectorHost;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneAllocator.Reserve;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;

/// A store of one map and one block being filled, over real zones on a simulated device. It checks that
/// nobody breaks the contract of {@link #retire}.
final class FakeHost implements CollectorHost, AutoCloseable {
    static final int LOGICAL_BLOCK = 512;
    static final int BLOCK = 8 << 10;
    static final int BLOCKS_PER_ZONE = 6;
    static final int CAPACITY = BLOCKS_PER_ZONE * BLOCK;
    static final int RESERVE = 2;
    static final int FIRST = ZoneAllocator.FIRST_DATA_ZONE;

    private static final long STORE_ID_LOW = 2;
    private static final int READ = 1;
    private static final int APPEND = 2;
    private static final int FLUSH = 3;
    private static final int HOST = 4;
    private static final int KIND_SHIFT = 56;
    private static final int MAX_POLLS = 1000;

    final SimMedia media;
    final ZoneTable zones;
    final ZoneAllocator allocator;
    final List<Integer> retired = new ArrayList<>();
    private Stream stream = Stream.HOST;
    private long storeIdLow = STORE_ID_LOW;
    final List<String> corruptions = new ArrayList<>();
    final List<Integer> zonesOfAppends = new ArrayList<>();
    final Set<Integer> mayNotBeCollected = new HashSet<>();
    boolean starved;
    long worthlessUpTo;
    boolean unbounded;
    boolean settling = true;
    boolean appendsRefused;
    int failures;
    int appends;
    long clock;

    private final SimZoneDevice device;
    private final Arena arena = Arena.ofConfined();
    private final IoBuffer hostBuffer;
    private final Map<String, Long> index = new HashMap<>();
    private final Map<Integer, Integer> zoneOfAppend = new HashMap<>();
    private final RecordWriter writer = new RecordWriter();
    private final CRC32C crc = new CRC32C();
    private final List<Runnable> applications = new ArrayList<>();
    private LongConsumer onRead = result -> {};
    private Completion onAppend = (id, result) -> {};
    private int filled = BlockFormat.HEADER_LENGTH;
    private int records;
    private long firstPosition;
    private long position = 1L << 20;
    private long blocks = 1;
    private long hostAddress;
    private long tickets;
    private long settled;
    private long flushing;

    /// Hears of a relocating append.
    interface Completion {
        void completed(long id, long result);
    }

    FakeHost(final int zoneCount) {
        media = new SimMedia(new ZoneGeometry(LOGICAL_BLOCK, 64 << 10, CAPACITY, zoneCount, 0, 0, BLOCK));
        device = new SimZoneDevice(media, SimOptions.DEFAULT, new Random(1));
        zones = new ZoneTable(media.geometry());
        allocator = new ZoneAllocator(device, zones, zoneCount, RESERVE, 0);
        hostBuffer = device.register(arena.allocate(BLOCK, 4096));
        allocator.prepare((long) zoneCount * CAPACITY);
    }

    void connect(final LongConsumer reads, final Completion completions) {
        onRead = reads;
        onAppend = completions;
    }

    // ---- the store's side, for tests

    /// Puts a record into the block being filled; applied by {@link #appendBlock}.
    void put(final String key, final int valueLength, final int flags) {
        final byte[] keyBytes = key.getBytes(UTF_8);
        final byte[] value = new byte[valueLength];
        new Random(position).nextBytes(value);
        final int length = RecordFormat.length(keyBytes.length, valueLength);
        final int aligned = RecordFormat.align(length);
        if (filled + aligned > BLOCK) {
            appendBlock();
        }
        if (records++ == 0) {
            firstPosition = position;
        }
        final int at = filled;
        final long here = position;
        writer.write(hostBuffer.memory(), at, here, flags, keyBytes, value, 0, valueLength);
        hostBuffer.memory().set(LittleEndian.INT, at + RecordFormat.LENGTH_OFFSET, length);
        filled += aligned;
        position += aligned;
        applications.add(() -> apply(key, flags, at, aligned, here));
    }

    void put(final String key, final int valueLength) {
        put(key, valueLength, 0);
    }

    void delete(final String key) {
        put(key, 0, RecordFormat.FLAG_TOMBSTONE);
    }

    private void apply(final String key, final int flags, final int at, final int length, final long here) {
        if ((flags & RecordFormat.FLAG_PADDING) != 0) {
            return;
        }
        supersede(key);
        final int zone = geometry().zoneOf(hostAddress);
        if ((flags & RecordFormat.FLAG_TOMBSTONE) != 0) {
            zones.addTombstone(zone, length, here);
        } else {
            index.put(key, IndexEntry.device(hostAddress + at, length / IndexEntry.UNIT_BYTES, false));
            zones.addLive(zone, length);
        }
    }

    /// Makes the record of a key garbage.
    void supersede(final String key) {
        final Long entry = index.remove(key);
        if (entry != null) {
            zones.superseded(geometry().zoneOf(IndexEntry.deviceAddress(entry)), 1);
            zones.addLive(geometry().zoneOf(IndexEntry.deviceAddress(entry)), -IndexEntry.lengthBytes(entry));
        }
    }

    /// Appends the block being filled, if it holds anything, durably.
    ///
    /// @return the zone
    int appendBlock() {
        return appendBlock(bytes -> {});
    }

    /// As {@link #appendBlock()}, with bytes other than written.
    int appendBlock(final Consumer<MemorySegment> damage) {
        final int payload = filled - BlockFormat.HEADER_LENGTH;
        final int length = BlockFormat.appendLength(payload, LOGICAL_BLOCK);
        final int zone = allocator.take(Stream.HOST, length, Reserve.NONE);
        assertTrue(zone >= FIRST, "no zone for the host: " + zone);
        final BlockFormat.Header header = new BlockFormat.Header(
                stream.code(),
                1,
                storeIdLow,
                1,
                blocks++,
                zones.generation(zone),
                records,
                payload,
                firstPosition,
                position,
                firstPosition);
        BlockFormat.seal(hostBuffer.memory(), header, LOGICAL_BLOCK, crc);
        damage.accept(hostBuffer.memory());
        hostAddress = -1;
        assertTrue(device.append(zone, hostBuffer, 0, length, IoAttributes.DURABLE, token(HOST, zone)));
        for (int i = 0; i < MAX_POLLS && hostAddress < 0; i++) {
            poll();
        }
        zones.lowerHorizon(zone, firstPosition);
        applications.forEach(Runnable::run);
        applications.clear();
        filled = BlockFormat.HEADER_LENGTH;
        records = 0;
        return zone;
    }

    /// A zone that holds blocks which are not the store's: of another store, or metadata that was tried there.
    int finishForeignZone(final Stream ofStream) {
        stream = ofStream;
        storeIdLow = ofStream == Stream.METADATA ? STORE_ID_LOW : STORE_ID_LOW + 1;
        final int zone = finishZone();
        stream = Stream.HOST;
        storeIdLow = STORE_ID_LOW;
        return zone;
    }

    /// Leaves the host's zone, so that it may be collected.
    int finishZone() {
        final int zone = appendBlock();
        allocator.abandon(zone);
        return zone;
    }

    /// A zone with some records, each of a block's length, of which some are live.
    int zoneWith(final String prefix, final int count, final int live) {
        for (int i = 0; i < count; i++) {
            put(prefix + i, BLOCK - BlockFormat.HEADER_LENGTH - RecordFormat.HEADER_LENGTH - 32);
        }
        final int zone = finishZone();
        for (int i = live; i < count; i++) {
            supersede(prefix + i);
        }
        return zone;
    }

    long entry(final String key) {
        return index.getOrDefault(key, 0L);
    }

    int zoneOf(final String key) {
        return geometry().zoneOf(IndexEntry.deviceAddress(entry(key)));
    }

    /// The record of a key as it lies on the device, verified.
    MemorySegment record(final String key) {
        final long entry = entry(key);
        assertFalse(entry == 0, () -> key + " is gone");
        final int length = IndexEntry.lengthBytes(entry);
        final MemorySegment record = arena.allocate(length, 16);
        device.readSync(IndexEntry.deviceAddress(entry), record, 0, length);
        assertNull(RecordFormat.invalidReason(record, record.asByteBuffer(), 0, length, crc), key);
        final int keyOffset = RecordFormat.keyOffset(RecordFormat.flags(record, 0));
        assertEquals(key, key(record, keyOffset, RecordFormat.keyLength(record, 0)));
        return record;
    }

    /// Bytes of a value, verified.
    byte[] value(final String key) {
        final MemorySegment record = record(key);
        final int from = RecordFormat.keyOffset(RecordFormat.flags(record, 0)) + RecordFormat.keyLength(record, 0);
        return record.asSlice(from, RecordFormat.length(record, 0) - from).toArray(LittleEndian.BYTE);
    }

    /// Every index entry leads to its record, and live bytes are what the entries and the tombstones say.
    void assertConsistent() {
        final long[] live = new long[zones.zoneCount()];
        index.forEach((key, entry) -> {
            record(key);
            live[zoneOf(key)] += IndexEntry.lengthBytes(entry);
        });
        for (int zone = 0; zone < live.length; zone++) {
            final int z = zone;
            assertEquals(live[zone] + zones.tombstoneBytes(zone), zones.liveBytes(zone), () -> "zone " + z);
        }
    }

    // ---- completions

    private static long token(final int kind, final long id) {
        return (long) kind << KIND_SHIFT | id;
    }

    void poll() {
        device.poll((token, result, honoured) -> {
            final int id = (int) token;
            switch ((int) (token >>> KIND_SHIFT)) {
                case READ -> onRead.accept(result);
                case APPEND -> appended(id, result);
                case FLUSH -> {
                    settled = flushing;
                    flushing = 0;
                }
                default -> {
                    assertTrue(result >= 0, () -> "errno " + -result);
                    hostAddress = result;
                    allocator.completed(id);
                }
            }
        });
        if (flushing == 0 && settling && settled < tickets && device.flush(token(FLUSH, 0))) {
            flushing = tickets;
        }
    }

    private void appended(final int id, final long result) {
        final int zone = zoneOfAppend.remove(id);
        allocator.completed(zone);
        final boolean fails = failures > 0;
        if (fails) {
            failures--;
            allocator.abandon(zone);
        }
        onAppend.completed(id, fails ? -DeviceException.EIO : result);
    }

    int inFlight() {
        return device.inFlight();
    }

    // ---- the contract

    @Override
    public ZoneTable zones() {
        return zones;
    }

    @Override
    public ZoneAllocator allocator() {
        return allocator;
    }

    @Override
    public boolean isWorthless(final int zone) {
        return mayCollect(zone) && zones.isWorthless(zone, worthlessUpTo);
    }

    @Override
    public boolean mayCollect(final int zone) {
        return allocator.collectable(zone) && !mayNotBeCollected.contains(zone);
    }

    @Override
    public ZoneGeometry geometry() {
        return media.geometry();
    }

    @Override
    public int blockBytes() {
        return BLOCK;
    }

    @Override
    public boolean isUnbounded() {
        return unbounded;
    }

    @Override
    public boolean writersStarved() {
        return starved;
    }

    @Override
    public IoBuffer register(final MemorySegment memory) {
        return device.register(memory);
    }

    @Override
    public boolean read(final int zone, final long offset, final IoBuffer buffer, final int length, final long id) {
        final long address = geometry().address(zone, offset);
        return device.read(address, buffer, 0, length, IoAttributes.BACKGROUND, token(READ, id));
    }

    @Override
    public boolean append(
            final IoBuffer buffer,
            final int payloadLength,
            final int count,
            final long minPosition,
            final long maxPosition,
            final long horizon,
            final long id) {
        final int length = BlockFormat.appendLength(payloadLength, LOGICAL_BLOCK);
        final int zone = appendsRefused ? ZoneAllocator.NONE : allocator.take(Stream.GC, length, Reserve.ALL);
        if (zone < 0) {
            return false;
        }
        final BlockFormat.Header header = new BlockFormat.Header(
                Stream.GC.code(),
                1,
                STORE_ID_LOW,
                1,
                blocks++,
                zones.generation(zone),
                count,
                payloadLength,
                minPosition,
                maxPosition,
                horizon);
        BlockFormat.seal(buffer.memory(), header, LOGICAL_BLOCK, crc);
        zones.lowerHorizon(zone, horizon);
        assertTrue(device.append(zone, buffer, 0, length, IoAttributes.BACKGROUND, token(APPEND, id)));
        zoneOfAppend.put((int) id, zone);
        zonesOfAppends.add(zone);
        appends++;
        return true;
    }

    private static String key(final MemorySegment memory, final long offset, final int length) {
        return new String(memory.asSlice(offset, length).toArray(LittleEndian.BYTE), UTF_8);
    }

    private static String keyOf(final MemorySegment memory, final long record) {
        final int keyOffset = RecordFormat.keyOffset(RecordFormat.flags(memory, record));
        return key(memory, record + keyOffset, RecordFormat.keyLength(memory, record));
    }

    @Override
    public boolean holdsRecords(final MemorySegment memory, final int block) {
        return BlockFormat.streamCode(memory, block) != Stream.METADATA.code()
                && BlockFormat.storeIdLow(memory, block) == STORE_ID_LOW;
    }

    @Override
    public long entryOf(final MemorySegment memory, final long recordOffset) {
        return entry(keyOf(memory, recordOffset));
    }

    @Override
    public void landed(final long address, final IoBuffer buffer, final int payloadLength) {
        // There is no cache.
    }

    @Override
    public boolean moveEntry(
            final MemorySegment memory, final long recordOffset, final long expected, final long entry) {
        return index.replace(keyOf(memory, recordOffset), expected, entry);
    }

    @Override
    public long frontierPosition() {
        return position;
    }

    @Override
    public void leaveOpenZones(final double minGarbageRatio) {
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones().usedZones(); zone++) {
            allocator().abandon(zone);
        }
    }

    @Override
    public long nanoTime() {
        return clock;
    }

    @Override
    public long settle() {
        return ++tickets;
    }

    @Override
    public boolean isSettled(final long ticket) {
        return settled >= ticket;
    }

    @Override
    public void retire(final int zone) {
        index.forEach((key, entry) -> assertFalse(
                geometry().zoneOf(IndexEntry.deviceAddress(entry)) == zone,
                () -> key + " still lives in zone " + zone));
        if (!zones.isWorthless(zone, worthlessUpTo)) {
            assertEquals(0, media.volatileAppendCount(), "relocated records are not durable");
            assertEquals(tickets, settled);
        }
        retired.add(zone);
        allocator.reset(zone);
        allocator.prepare((long) zones.zoneCount() * CAPACITY);
    }

    @Override
    public void corrupt(final int zone, final long offset, final String reason) {
        allocator.examine(zone);
        corruptions.add("zone " + zone + " offset " + offset + ": " + reason);
    }

    @Override
    public void close() {
        device.close();
        hostBuffer.close();
        arena.close();
    }
}
