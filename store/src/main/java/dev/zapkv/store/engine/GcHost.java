/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.store.log.DevicePort;
import dev.zapkv.store.log.HashDomain;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.store.spi.Collector;
import dev.zapkv.store.spi.CollectorHost;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.MemorySegment;
import java.util.function.IntConsumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.zip.CRC32C;
import org.agrona.collections.Long2LongHashMap;

/// The store's side of garbage collection. Belongs to the I/O agent.
final class GcHost implements CollectorHost {
    private static final int KIND_GC_READ = 3;
    private static final int KIND_GC_APPEND = 4;
    private static final long NO_ZONE = -1;

    private final DevicePort port;
    private final ZoneAllocator allocator;
    private final ZoneTable zones;
    private final AppendAgent append;
    private final PointIndex index;
    private final KeyHash hash;
    private final StoreId storeId;
    private final long epoch;
    private final boolean unbounded;
    private final LongConsumer liveChange;
    private final IntConsumer retire;
    private final LongSupplier nanoClock;
    private final CRC32C crc = new CRC32C();
    private final Long2LongHashMap zoneOfAppend = new Long2LongHashMap(NO_ZONE);
    private long nextBlock;
    private long corruptRecords;
    private String firstCorruption = "";

    GcHost(
            final DevicePort port,
            final ZoneAllocator allocator,
            final ZoneTable zones,
            final AppendAgent append,
            final PointIndex index,
            final KeyHash hash,
            final StoreId storeId,
            final long epoch,
            final boolean unbounded,
            final long nextBlock,
            final LongConsumer liveChange,
            final IntConsumer retire,
            final LongSupplier nanoClock) {
        this.port = port;
        this.allocator = allocator;
        this.zones = zones;
        this.append = append;
        this.index = index;
        this.hash = hash;
        this.storeId = storeId;
        this.epoch = epoch;
        this.unbounded = unbounded;
        this.nextBlock = nextBlock;
        this.liveChange = liveChange;
        this.retire = retire;
        this.nanoClock = nanoClock;
    }

    /// Hands completions to the collector.
    void connect(final Collector collector) {
        port.sink(KIND_GC_READ, collector::onRead);
        port.sink(KIND_GC_APPEND, (id, result) -> {
            final int zone = (int) zoneOfAppend.remove(id);
            allocator.completed(zone);
            if (result < 0) {
                allocator.abandon(zone);
            }
            collector.onAppend(id, result);
        });
    }

    long nextBlock() {
        return nextBlock;
    }

    long corruptRecords() {
        return corruptRecords;
    }

    String firstCorruption() {
        return firstCorruption;
    }

    @Override
    public ZoneTable zones() {
        return zones;
    }

    @Override
    public ZoneAllocator allocator() {
        return allocator;
    }

    @Override
    public boolean mayCollect(final int zone) {
        return allocator.collectable(zone) && !append.holdsUnapplied(zone);
    }

    @Override
    public ZoneGeometry geometry() {
        return port.device().geometry();
    }

    @Override
    public int blockBytes() {
        return append.staging().blockBytes();
    }

    @Override
    public boolean isUnbounded() {
        return unbounded;
    }

    @Override
    public boolean writersStarved() {
        return append.starved();
    }

    @Override
    public IoBuffer register(final MemorySegment memory) {
        return port.device().register(memory);
    }

    @Override
    public boolean read(final int zone, final long offset, final IoBuffer buffer, final int length, final long id) {
        return port.device()
                .read(
                        geometry().address(zone, offset),
                        buffer,
                        0,
                        length,
                        IoAttributes.BACKGROUND,
                        DevicePort.token(KIND_GC_READ, id));
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
        final int logicalBlock = geometry().blockSize();
        final int length = BlockFormat.appendLength(payloadLength, logicalBlock);
        final int zone = allocator.take(Stream.GC, length, ZoneAllocator.Reserve.ALL);
        if (zone < 0) {
            return false;
        }
        final BlockFormat.Header header = new BlockFormat.Header(
                Stream.GC.code(),
                storeId.high(),
                storeId.low(),
                epoch,
                nextBlock,
                zones.generation(zone),
                records,
                payloadLength,
                minPosition,
                maxPosition,
                horizon);
        BlockFormat.seal(buffer.memory(), header, logicalBlock, crc);
        zones.lowerHorizon(zone, horizon);
        final long token = DevicePort.token(KIND_GC_APPEND, id);
        while (!port.device().append(zone, buffer, 0, length, DevicePort.RELOCATED, token)) {
            port.poll();
        }
        nextBlock++;
        zoneOfAppend.put(id, zone);
        return true;
    }

    @Override
    public boolean holdsRecords(final MemorySegment memory, final int block) {
        final int stream = BlockFormat.streamCode(memory, block);
        return (stream == Stream.HOST.code() || stream == Stream.GC.code())
                && BlockFormat.storeIdHigh(memory, block) == storeId.high()
                && BlockFormat.storeIdLow(memory, block) == storeId.low();
    }

    @Override
    public long entryOf(final MemorySegment memory, final long record) {
        final int keyLength = RecordFormat.keyLength(memory, record);
        final long key = record + RecordFormat.keyOffset(RecordFormat.flags(memory, record));
        return index.get(fingerprint(memory, record, key, keyLength), hash.location(memory, key, keyLength));
    }

    @Override
    public void landed(final long address, final IoBuffer buffer, final int payloadLength) {
        // What was just written is worth more than what was only moved: that gets what would else be unused.
        if (append.young().hasSpareRoom()) {
            append.young()
                    .add(
                            address,
                            buffer.memory(),
                            0,
                            BlockFormat.appendLength(payloadLength, geometry().blockSize()));
        }
    }

    @Override
    public boolean moveEntry(final MemorySegment memory, final long record, final long expected, final long entry) {
        final int keyLength = RecordFormat.keyLength(memory, record);
        final long key = record + RecordFormat.keyOffset(RecordFormat.flags(memory, record));
        final boolean moved = index.replace(
                fingerprint(memory, record, key, keyLength), hash.location(memory, key, keyLength), expected, entry);
        if (moved) {
            // A record relocated for the first time grows by its origin.
            liveChange.accept((long) IndexEntry.lengthBytes(entry) - IndexEntry.lengthBytes(expected));
        } else {
            // What superseded it may still be in staging, and then the copy is what a power cut would leave.
            zones.superseded(
                    zones.zoneOf(IndexEntry.deviceAddress(entry)),
                    append.staging().lastClaimedBlock());
        }
        return moved;
    }

    @Override
    public long frontierPosition() {
        return append.staging().startOf(append.frontier() + 1);
    }

    @Override
    public void leaveOpenZones(final double minGarbageRatio) {
        // An empty one replaces it.
        if (allocator.emptyZones() <= allocator.reserve()) {
            return;
        }
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones.usedZones(); zone++) {
            final long live = zones.liveBytes(zone) - zones.tombstoneBytes(zone);
            final long garbage = zones.written(zone) - live;
            if (zones.state(zone) == ZoneState.OPEN
                    && garbage > 0
                    && (live == 0 || garbage >= zones.capacity() * minGarbageRatio)) {
                allocator.abandon(zone);
            }
        }
    }

    @Override
    public long nanoTime() {
        return nanoClock.getAsLong();
    }

    @Override
    public long settle() {
        // The open block may hold what superseded a record of the victim, so it has to go out as well.
        final long block = append.staging().lastClaimedBlock();
        append.settle(block);
        return block;
    }

    @Override
    public boolean isSettled(final long block) {
        return append.flushed() >= block && !append.flushRequired();
    }

    @Override
    public boolean isWorthless(final int zone) {
        return mayCollect(zone) && zones.isWorthless(zone, append.flushed());
    }

    @Override
    public void retire(final int zone) {
        retire.accept(zone);
    }

    @Override
    public void corrupt(final int zone, final long offset, final String reason) {
        if (allocator.examine(zone) && zones.state(zone) == ZoneState.OFFLINE) {
            // A loss, which is counted as such.
            return;
        }
        if (corruptRecords++ == 0) {
            firstCorruption = "zone " + zone + " offset " + offset + ": " + reason;
        }
    }

    private long fingerprint(final MemorySegment memory, final long record, final long key, final int keyLength) {
        final boolean chunk = (RecordFormat.flags(memory, record) & RecordFormat.FLAG_CHUNK) != 0;
        return HashDomain.of(hash.fingerprint(memory, key, keyLength), chunk);
    }
}
