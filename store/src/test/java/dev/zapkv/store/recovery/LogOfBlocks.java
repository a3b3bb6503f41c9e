/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.engine.RecordWriter;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.Stream;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;

/// Zones full of blocks as a store with a hard life would leave them: out of order, with gaps, twice, damaged,
/// relocated,
/// of other generations.
final class LogOfBlocks {
    static final StoreId STORE = new StoreId(1, 2);
    static final int BLOCK_BYTES = 16 << 10;
    static final int GENERATION = 7;
    static final long EPOCH = 3;
    static final int ZONES = 48;
    static final ZoneGeometry GEOMETRY = new ZoneGeometry(512, 64 << 10, 64 << 10, ZONES, 0, 0, BLOCK_BYTES);

    private static final int KEYS = 400;
    private static final int FIRST_ZONE = 2;

    private final Random random;
    private final byte[][] zones = new byte[ZONES][(int) GEOMETRY.zoneCapacity()];
    private final int[] written = new int[ZONES];
    private final List<Written> writtenRecords = new ArrayList<>();
    private final List<Placed> placed = new ArrayList<>();
    private final RecordWriter writer = new RecordWriter();
    private int fullZones = FIRST_ZONE;

    /// A record that was written at some time.
    record Written(int flags, byte[] key, byte[] value, long position) {}

    /// A record that lies somewhere.
    ///
    /// @param verifies whether its checksum holds
    record Lying(Written record, long address, int length, boolean relocated, boolean verifies) {}

    /// A block that was appended and can be read.
    record Placed(Stream stream, long number, long address, List<Lying> records, long horizon) {}

    LogOfBlocks(final long seed, final int hostBlocks, final int missing) {
        random = new Random(seed);
        long gcBlock = 1;
        for (int number = 1; number <= hostBlocks; number++) {
            final List<Written> fresh = records(number);
            writtenRecords.addAll(fresh);
            if (number != missing) {
                append(Stream.HOST, number, fresh, false);
            }
            if (random.nextInt(20) == 0) {
                append(Stream.HOST, number, fresh, false);
            }
            if (random.nextInt(4) == 0) {
                append(Stream.GC, gcBlock++, someOf(writtenRecords), true);
            }
        }
    }

    private List<Written> records(final long block) {
        final List<Written> records = new ArrayList<>();
        final int count = 1 + random.nextInt(25);
        long at = block * BLOCK_BYTES + BlockFormat.HEADER_LENGTH;
        long chunkSet = 0;
        for (int i = 0; i < count; i++) {
            final int kind = random.nextInt(20);
            final Written record;
            if (kind == 0) {
                chunkSet = random.nextLong();
                final byte[] key = new byte[ChunkKey.LENGTH];
                ChunkKey.set(key, chunkSet, 0);
                record = new Written(RecordFormat.FLAG_CHUNK, key, new byte[random.nextInt(200)], at);
            } else if (kind == 1) {
                final byte[] head = new LargeHead(chunkSet == 0 ? random.nextLong() : chunkSet, 50, 50).encode();
                record = new Written(RecordFormat.FLAG_LARGE, key(), head, at);
                chunkSet = 0; // each has one head
            } else if (kind < 5) {
                record = new Written(RecordFormat.FLAG_TOMBSTONE, key(), new byte[0], at);
            } else {
                record = new Written(0, key(), new byte[random.nextInt(200)], at);
            }
            records.add(record);
            at += RecordFormat.align(RecordFormat.length(record.key().length, record.value().length));
        }
        return records;
    }

    private byte[] key() {
        return ("key " + random.nextInt(KEYS)).getBytes(UTF_8);
    }

    private List<Written> someOf(final List<Written> records) {
        final List<Written> some = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            some.add(records.get(random.nextInt(records.size())));
        }
        return some;
    }

    private void append(final Stream stream, final long number, final List<Written> records, final boolean relocated) {
        final int zone = zoneWithRoom();
        final long address = GEOMETRY.address(zone, written[zone]);
        final boolean badPayload = random.nextInt(30) == 0;
        final boolean otherLife = random.nextInt(30) == 0;
        final int badRecord = random.nextInt(30) == 0 ? random.nextInt(records.size()) : -1;
        final byte[] block = new byte[BLOCK_BYTES];
        final MemorySegment memory = MemorySegment.ofArray(block);
        final List<Lying> lying = new ArrayList<>();
        int at = BlockFormat.HEADER_LENGTH;
        long newest = 0;
        for (int i = 0; i < records.size(); i++) {
            final Written record = records.get(i);
            final int flags = record.flags() | (relocated ? RecordFormat.FLAG_RELOCATED : 0);
            final byte[] key = relocated ? withOrigin(record.key()) : record.key();
            final int length = RecordFormat.length(key.length, record.value().length);
            writer.write(memory, at, record.position(), flags, key, record.value(), 0, record.value().length);
            memory.set(LittleEndian.INT, at + RecordFormat.LENGTH_OFFSET, length);
            if (relocated) {
                repair(memory, at, record.key().length, length);
            }
            if (i == badRecord) {
                block[at + RecordFormat.CRC_OFFSET]++;
            }
            lying.add(new Lying(record, address + at, RecordFormat.align(length), relocated, i != badRecord));
            newest = Math.max(newest, record.position());
            at += RecordFormat.align(length);
        }
        final long horizon = random.nextInt(1_000_000);
        final BlockFormat.Header header = new BlockFormat.Header(
                stream.code(),
                STORE.high(),
                STORE.low(),
                EPOCH,
                number,
                otherLife ? GENERATION - 1 : GENERATION,
                records.size(),
                at - BlockFormat.HEADER_LENGTH,
                0,
                newest,
                horizon);
        BlockFormat.seal(memory, header, GEOMETRY.blockSize(), new CRC32C());
        if (badPayload) {
            block[at - 1 - random.nextInt(at - BlockFormat.HEADER_LENGTH)] ^= 1;
        } else if (!otherLife) {
            placed.add(new Placed(stream, number, address, lying, horizon));
        }
        final int length = BlockFormat.appendLength(at - BlockFormat.HEADER_LENGTH, GEOMETRY.blockSize());
        System.arraycopy(block, 0, zones[zone], written[zone], length);
        written[zone] += length;
    }

    /// A relocated record has its origin where the writer put the key's first bytes; its key length does not count it.
    private static void repair(final MemorySegment memory, final int at, final int keyLength, final int length) {
        memory.set(LittleEndian.SHORT, at + RecordFormat.KEY_LENGTH_OFFSET, (short) (keyLength - 1));
        final CRC32C crc = new CRC32C();
        crc.update(memory.asSlice(at + RecordFormat.LENGTH_OFFSET, length - RecordFormat.LENGTH_OFFSET)
                .toArray(LittleEndian.BYTE));
        memory.set(LittleEndian.INT, at, (int) crc.getValue());
    }

    private static byte[] withOrigin(final byte[] key) {
        final byte[] both = new byte[RecordFormat.ORIGIN_LENGTH + key.length];
        System.arraycopy(key, 0, both, RecordFormat.ORIGIN_LENGTH, key.length);
        return both;
    }

    private int zoneWithRoom() {
        // Three are open at a time.
        while (written[fullZones] + BLOCK_BYTES > GEOMETRY.zoneCapacity()) {
            fullZones++;
        }
        final int zone = Math.min(ZONES - 1, fullZones + random.nextInt(3));
        return written[zone] + BLOCK_BYTES > GEOMETRY.zoneCapacity() ? fullZones : zone;
    }

    /// The readable blocks in address order.
    List<Placed> placed() {
        return placed.stream()
                .sorted((a, b) -> Long.compare(a.address(), b.address()))
                .toList();
    }

    /// A device that can only be read.
    ///
    /// @param offline a zone that cannot, or -1
    ZoneDevice device(final int offline) {
        return (ZoneDevice) Proxy.newProxyInstance(
                LogOfBlocks.class.getClassLoader(),
                new Class<?>[] {ZoneDevice.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "geometry" -> GEOMETRY;
                    case "report" -> report((int) arguments[0], offline);
                    case "readSync" -> read(arguments);
                    default -> throw new AssertionError("a replay only reads: " + method);
                });
    }

    private ZoneInfo report(final int zone, final int offline) {
        final ZoneState used = zone == offline ? ZoneState.OFFLINE : ZoneState.FULL;
        final ZoneState state = written[zone] == 0 ? ZoneState.EMPTY : used;
        return new ZoneInfo(zone, state, written[zone], GEOMETRY.zoneCapacity(), true);
    }

    private Object read(final Object[] arguments) {
        final long address = (long) arguments[0];
        MemorySegment.copy(
                MemorySegment.ofArray(zones[GEOMETRY.zoneOf(address)]),
                GEOMETRY.offsetOf(address),
                (MemorySegment) arguments[1],
                (long) arguments[2],
                (int) arguments[3]);
        return null;
    }
}
