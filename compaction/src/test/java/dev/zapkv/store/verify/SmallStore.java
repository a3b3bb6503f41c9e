/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import dev.zapkv.Context;
import dev.zapkv.TestData;
import dev.zapkv.WriteBatch;
import dev.zapkv.ZapKv;
import dev.zapkv.ZoneReport;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;

/// A store so small that every bit of its data zones can be flipped, with some of everything in it: records
/// that were
/// overwritten or deleted, tombstones, batches, relocated records, a value in chunks.
final class SmallStore {
    static final int ZONE = 64 << 10;
    static final int BLOCK = 16 << 10;

    private static final int KEYS = 90;
    private static final int LARGE_KEY = 7;
    private static final int LARGE = 34_000;

    final SimMedia media = new SimMedia(new ZoneGeometry(4096, ZONE, ZONE, 40, 0, 0, BLOCK));
    /// What the store holds.
    final Map<ByteBuffer, byte[]> model = new HashMap<>();
    /// Every value that a key ever had.
    final Map<ByteBuffer, List<byte[]>> history = new HashMap<>();
    /// Data zones that hold something.
    final List<ZoneReport> zones = new ArrayList<>();
    /// Live records.
    final List<Live> live = new ArrayList<>();

    private final Path staging;

    /// A record that the index points at.
    ///
    /// @param key    that is looked up to read it: of a chunk the key of its value
    /// @param zone   where it lies
    /// @param offset in the zone
    /// @param length without padding
    record Live(byte[] key, int zone, int offset, int length, boolean chunk, long position) {}

    private record Newest(long position, int flags, byte[] key, long chunkSet, int zone, int offset, int length) {}

    SmallStore(final Path staging, final long seed) {
        this.staging = staging;
        try (ZapKv store = open(media, false)) {
            fill(store, new SplittableRandom(seed));
            store.collect(0.3);
        }
        try (ZapKv store = open(media, true)) {
            store.zones().stream()
                    .filter(zone ->
                            zone.stream().equals("host") || zone.stream().equals("gc"))
                    .forEach(zones::add);
        }
        findLive();
    }

    ZapKv open(final SimMedia from, final boolean readOnly) {
        // So that what waits for a time to pass need not.
        final AtomicLong clock = new AtomicLong();
        return ZapKv.open(new Context()
                .device(device(from))
                .threaded(false)
                .memoryBytes(32 << 20)
                .blockBytes(BLOCK)
                .nanoClock(() -> clock.addAndGet(10_000_000))
                .readOnly(readOnly)
                .stagingDirectory(staging));
    }

    static ZoneDevice device(final SimMedia from) {
        return new SimZoneDevice(from, SimOptions.DEFAULT.withDelayPollsMax(0), new Random(1));
    }

    private void fill(final ZapKv store, final SplittableRandom random) {
        for (int step = 0; step < 260; step++) {
            final int key = random.nextInt(KEYS);
            if (step % 100 == 50) {
                put(store, LARGE_KEY, step, LARGE);
            } else if (key == LARGE_KEY) {
                store.flush();
            } else if (step % 9 == 0) {
                store.delete(TestData.key(key));
                model.remove(ByteBuffer.wrap(TestData.key(key)));
            } else if (step % 11 == 0) {
                batch(store, key, step);
            } else {
                put(store, key, step, 16 + random.nextInt(1500));
            }
            if (step % 40 == 0) {
                store.flush();
            }
        }
    }

    private void put(final ZapKv store, final int key, final int version, final int length) {
        final byte[] value = TestData.value(key, version, length);
        store.put(TestData.key(key), value);
        note(key, value);
    }

    private void batch(final ZapKv store, final int key, final int version) {
        final WriteBatch batch = new WriteBatch();
        for (final int other : new int[] {key, (key + 13) % KEYS}) {
            if (other != LARGE_KEY) {
                final byte[] value = TestData.value(other, version, 100);
                batch.put(TestData.key(other), value);
                note(other, value);
            }
        }
        store.write(batch);
    }

    private void note(final int key, final byte[] value) {
        final ByteBuffer name = ByteBuffer.wrap(TestData.key(key));
        model.put(name, value);
        history.computeIfAbsent(name, any -> new ArrayList<>()).add(value);
    }

    static byte[] bytes(final ByteBuffer buffer) {
        final byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    /// Bytes of a zone up to its write pointer.
    static byte[] bytes(final SimMedia from, final int zone) {
        try (ZoneDevice device = device(from);
                Arena arena = Arena.ofConfined()) {
            final int length = (int) device.report(zone).writePointer();
            final MemorySegment memory = arena.allocate(Math.max(1, length), 16);
            device.readSync(device.geometry().address(zone, 0), memory, 0, length);
            return memory.asSlice(0, length).toArray(LittleEndian.BYTE);
        }
    }

    /// Hears of each valid record of a zone.
    interface RecordVisitor {
        void record(MemorySegment memory, int at);
    }

    static void visit(final byte[] zone, final RecordVisitor visitor) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment memory = arena.allocate(Math.max(1, zone.length), 16);
            MemorySegment.copy(zone, 0, memory, LittleEndian.BYTE, 0, zone.length);
            final ByteBuffer view = memory.asByteBuffer();
            final CRC32C crc = new CRC32C();
            int block = 0;
            while (block < zone.length) {
                if (!BlockFormat.isHeaderValid(memory, view, block, zone.length - block, crc)) {
                    block += 4096;
                    continue;
                }
                int at = block + BlockFormat.HEADER_LENGTH;
                final int end = at + BlockFormat.payloadLength(memory, block);
                while (at < end && RecordFormat.invalidReason(memory, view, at, end, crc) == null) {
                    visitor.record(memory, at);
                    at += RecordFormat.align(RecordFormat.length(memory, at));
                }
                block += BlockFormat.appendLength(BlockFormat.payloadLength(memory, block), 4096);
            }
        }
    }

    private void findLive() {
        final Map<ByteBuffer, Newest> newest = new HashMap<>();
        for (final ZoneReport zone : zones) {
            visit(bytes(media, zone.zone()), (memory, at) -> enter(newest, zone.zone(), memory, at));
        }
        final Map<Long, byte[]> keyOfSet = new HashMap<>();
        for (final Newest record : newest.values()) {
            if ((record.flags() & RecordFormat.FLAG_LARGE) != 0) {
                keyOfSet.put(record.chunkSet(), record.key());
            }
        }
        final Set<Long> positions = new HashSet<>();
        for (final Newest record : newest.values()) {
            final boolean chunk = (record.flags() & RecordFormat.FLAG_CHUNK) != 0;
            final byte[] key = chunk ? keyOfSet.get(record.chunkSet()) : record.key();
            if (key != null && (record.flags() & RecordFormat.FLAG_TOMBSTONE) == 0) {
                positions.add(record.position());
                live.add(new Live(key, record.zone(), record.offset(), record.length(), chunk, record.position()));
            }
        }
        if (positions.size() != live.size()) {
            throw new AssertionError("a record lies in two places");
        }
    }

    private static void enter(
            final Map<ByteBuffer, Newest> newest, final int zone, final MemorySegment memory, final int at) {
        final int flags = RecordFormat.flags(memory, at);
        if ((flags & RecordFormat.FLAG_PADDING) != 0) {
            return;
        }
        final int keyAt = at + RecordFormat.keyOffset(flags);
        final int keyLength = RecordFormat.keyLength(memory, at);
        final byte[] key = memory.asSlice(keyAt, keyLength).toArray(LittleEndian.BYTE);
        long chunkSet = 0;
        if ((flags & RecordFormat.FLAG_LARGE) != 0) {
            chunkSet = memory.get(LittleEndian.LONG, keyAt + (long) keyLength + LargeHead.CHUNK_SET_OFFSET);
        } else if ((flags & RecordFormat.FLAG_CHUNK) != 0) {
            chunkSet = ChunkKey.chunkSet(key);
        }
        final byte[] name = new byte[keyLength + 1];
        name[0] = (byte) (flags & RecordFormat.FLAG_CHUNK);
        System.arraycopy(key, 0, name, 1, keyLength);
        final Newest record = new Newest(
                RecordFormat.logPosition(memory, at), flags, key, chunkSet, zone, at, RecordFormat.length(memory, at));
        newest.merge(ByteBuffer.wrap(name), record, (a, b) -> a.position() > b.position() ? a : b);
    }
}
