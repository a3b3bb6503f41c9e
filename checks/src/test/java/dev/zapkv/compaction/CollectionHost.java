/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

import dev.zapkv.checks.fuzz.RawZones;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.spi.CollectorHost;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.zip.CRC32C;

/// The store's side of a collection, for which every record is live that the form says so of. Checks what the
/// collection hands it.
final class CollectionHost implements CollectorHost, AutoCloseable {
    static final int BLOCK_BYTES = 4 << 10;

    private static final int READ_BYTES = 8 << 10;
    private static final long LIVE_WAIT_NS = 20_000_000_000L;

    private final RawZones device;
    private final int form;
    private final ZoneTable zones = new ZoneTable(RawZones.GEOMETRY);
    private final Arena arena = Arena.ofConfined();
    private final Relocator relocator;
    private final ArrayDeque<Runnable> completions = new ArrayDeque<>();
    private final CRC32C crc = new CRC32C();
    private ZoneCollection collection;
    private final Set<Long> live = new HashSet<>();
    private long clock;
    private long readAt;
    private long landed;

    CollectionHost(final RawZones device, final int form) {
        this.device = device;
        this.form = form;
        relocator = new Relocator(this);
    }

    ZoneCollection collection(final int zone) {
        final ZoneInfo info = device.report(zone);
        zones.recover(zone, info.state(), Stream.HOST, info.writePointer());
        collection = new ZoneCollection(
                this, relocator, register(arena.allocate(READ_BYTES, RawZones.GEOMETRY.blockSize())), zone);
        return collection;
    }

    /// Ends one command, if there is any.
    void complete() {
        final Runnable next = completions.poll();
        if (next != null) {
            next.run();
        }
        relocator.doWork();
        clock += LIVE_WAIT_NS;
    }

    @Override
    public IoBuffer register(final MemorySegment memory) {
        return new PlainBuffer(memory);
    }

    private record PlainBuffer(MemorySegment memory) implements IoBuffer {
        @Override
        public boolean registered() {
            return false;
        }

        @Override
        public void close() {}
    }

    @Override
    public boolean read(final int zone, final long offset, final IoBuffer buffer, final int length, final long id) {
        readAt = RawZones.GEOMETRY.address(zone, offset);
        completions.add(() -> {
            if (device.report(zone).state() != ZoneState.OFFLINE) {
                device.readSync(RawZones.GEOMETRY.address(zone, offset), buffer.memory(), 0, length);
            }
            collection.onRead(device.report(zone).state() == ZoneState.OFFLINE ? -DeviceException.EIO : length);
        });
        return true;
    }

    @Override
    public boolean append(
            final IoBuffer buffer,
            final int payloadLength,
            final int records,
            final long minPosition,
            final long maxPosition,
            final long horizon,
            final long id) {
        if (payloadLength <= 0 || BlockFormat.HEADER_LENGTH + payloadLength > BLOCK_BYTES || records <= 0) {
            throw new AssertionError("a block of " + records + " records and " + payloadLength + " bytes");
        }
        final MemorySegment memory = buffer.memory();
        int at = BlockFormat.HEADER_LENGTH;
        for (int record = 0; record < records; record++) {
            final String reason = RecordFormat.invalidReason(
                    memory, memory.asByteBuffer(), at, (long) BlockFormat.HEADER_LENGTH + payloadLength, crc);
            if (reason != null) {
                throw new AssertionError("a relocated record is damaged: " + reason);
            }
            at += RecordFormat.align(RecordFormat.length(memory, at));
        }
        landed += BLOCK_BYTES;
        final long address = RawZones.GEOMETRY.address(3, landed % (8 << 10));
        completions.add(() -> relocator.onAppend(id, address));
        return true;
    }

    /// Any block may be the store's.
    @Override
    public boolean holdsRecords(final MemorySegment memory, final int block) {
        return true;
    }

    /// Every other key, as the form says, is looked up where the record lies: it is live.
    @Override
    public long entryOf(final MemorySegment memory, final long recordOffset) {
        final int flags = RecordFormat.flags(memory, recordOffset);
        final int first = memory.get(ValueLayout.JAVA_BYTE, recordOffset + RecordFormat.keyOffset(flags));
        if ((flags & RecordFormat.FLAG_TOMBSTONE) != 0 || ((first + form) & 1) != 0) {
            return 0;
        }
        final int units = RecordFormat.align(RecordFormat.length(memory, recordOffset)) / IndexEntry.UNIT_BYTES;
        final long address = readAt + recordOffset;
        final long entry = IndexEntry.device(address, units, false);
        if (live.add(address)) {
            zones.addLive(collection.zone(), IndexEntry.lengthBytes(entry));
        }
        return entry;
    }

    @Override
    public void landed(final long address, final IoBuffer buffer, final int payloadLength) {
        RecordFormat.length(buffer.memory(), BlockFormat.HEADER_LENGTH);
    }

    @Override
    public boolean moveEntry(
            final MemorySegment memory, final long recordOffset, final long expected, final long entry) {
        return true;
    }

    @Override
    public void retire(final int zone) {
        if (zones.liveBytes(zone) != zones.tombstoneBytes(zone)) {
            throw new AssertionError("zone " + zone + " is emptied with " + zones.liveBytes(zone) + " live bytes");
        }
    }

    @Override
    public void corrupt(final int zone, final long offset, final String reason) {
        if (offset < 0 || offset > zones.written(zone)) {
            throw new AssertionError("damage at " + offset + " of " + zones.written(zone) + ": " + reason);
        }
    }

    @Override
    public ZoneTable zones() {
        return zones;
    }

    @Override
    public ZoneGeometry geometry() {
        return RawZones.GEOMETRY;
    }

    @Override
    public int blockBytes() {
        return BLOCK_BYTES;
    }

    @Override
    public long frontierPosition() {
        return 1L << 40;
    }

    @Override
    public long nanoTime() {
        return clock;
    }

    @Override
    public long settle() {
        return 1;
    }

    @Override
    public boolean isSettled(final long ticket) {
        return true;
    }

    @Override
    public ZoneAllocator allocator() {
        throw new AssertionError("a collection does not ask for zones");
    }

    @Override
    public boolean isWorthless(final int zone) {
        return false;
    }

    @Override
    public boolean mayCollect(final int zone) {
        return true;
    }

    @Override
    public boolean isUnbounded() {
        return false;
    }

    @Override
    public boolean writersStarved() {
        return false;
    }

    @Override
    public void leaveOpenZones(final double minGarbageRatio) {
        throw new AssertionError("a collection leaves open zones alone");
    }

    @Override
    public void close() {
        relocator.close();
        arena.close();
    }
}
