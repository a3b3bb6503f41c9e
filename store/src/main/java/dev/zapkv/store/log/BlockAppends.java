/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneAllocator.Reserve;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/// Hands sealed blocks to the device in block order, several at a time, and those whose appends failed again, to
/// another
/// zone. Belongs to the I/O agent.
final class BlockAppends {
    static final int MAX_IN_FLIGHT = 8;
    private static final int MAX_ATTEMPTS = 5;

    private final DevicePort port;
    private final ZoneAllocator allocator;
    private final ZoneTable zones;
    private final StagingLog staging;
    private final StagingBuffers buffers;
    private final PendingBlocks pending;
    private final LogFlushes flushes;
    private final StoreId storeId;
    private final long epoch;
    private final int logicalBlock;
    private final CRC32C crc = new CRC32C();

    private long next;
    private long settleUpTo;
    private long adoptedUpTo;
    private long foundUpTo;
    private int inFlight;
    private int toRepeat;
    private boolean onHold;
    private boolean outOfRoom;
    private long bytes;
    private long bouncedBytes;

    /// @param firstBlock number of the first block of this life of the store
    BlockAppends(
            final DevicePort port,
            final ZoneAllocator allocator,
            final ZoneTable zones,
            final StagingLog staging,
            final StagingBuffers buffers,
            final PendingBlocks pending,
            final LogFlushes flushes,
            final long firstBlock,
            final StoreId storeId,
            final long epoch) {
        this.port = port;
        this.allocator = allocator;
        this.zones = zones;
        this.staging = staging;
        this.buffers = buffers;
        this.pending = pending;
        this.flushes = flushes;
        this.storeId = storeId;
        this.epoch = epoch;
        logicalBlock = port.device().geometry().blockSize();
        next = firstBlock;
        port.sink(AppendAgent.KIND_HOST, new DevicePort.Sink() {
            @Override
            public void completed(final long block, final long result) {
                onAppended(block, result);
            }

            @Override
            public void released(final long block, final boolean bounceCopy) {
                onReleased(block, bounceCopy);
            }
        });
    }

    /// Blocks up to one are of an earlier life.
    ///
    /// @param found the last of them that lies on the device already; 0 if none does
    void adopted(final long block, final long found) {
        adoptedUpTo = block;
        foundUpTo = found;
        stepOverFound();
    }

    /// The last block that lies on the device, or may.
    long last() {
        return Math.max(next - 1, foundUpTo);
    }

    private void stepOverFound() {
        while (pending.isCompleted(next)) {
            next++;
        }
    }

    /// The first block that was not handed to the device yet.
    long next() {
        return next;
    }

    /// Appends in flight.
    int inFlight() {
        return inFlight;
    }

    /// Whether a failed append waits to be repeated.
    boolean isRepeating() {
        return toRepeat > 0;
    }

    /// Whether a block that has landed in a zone is not applied yet.
    ///
    /// @param frontier highest block up to which all are applied
    boolean holdsUnapplied(final int zone, final long frontier) {
        for (long block = frontier + 1; block <= last(); block++) {
            if (pending.isCompleted(block) && pending.zone(block) == zone) {
                return true;
            }
        }
        return false;
    }

    /// Whether a block that was written to waits for a zone.
    boolean isOutOfRoom() {
        return outOfRoom;
    }

    /// Whether the next block is sealed.
    boolean isNextSealed() {
        return pending.isSealed(next);
    }

    /// Whether nothing is in flight, to be repeated, or sealed with records in it.
    boolean isIdle() {
        return inFlight == 0
                && toRepeat == 0
                && (!pending.isSealed(next) || pending.length(next) == BlockFormat.HEADER_LENGTH);
    }

    /// Bytes appended.
    long bytes() {
        return bytes;
    }

    /// Bytes of leased blocks that the device copied on their way.
    long bouncedBytes() {
        return bouncedBytes;
    }

    /// Begins no append while held.
    void hold(final boolean hold) {
        onHold = hold;
    }

    boolean isOnHold() {
        return onHold;
    }

    /// Blocks up to this one may use the room that is kept for collections: a collection waits for them.
    void settle(final long block) {
        settleUpTo = block;
    }

    /// Begins what can be begun.
    ///
    /// @param frontier highest block up to which all are applied
    /// @return amount of work done
    int submit(final long frontier) {
        int work = 0;
        outOfRoom = false;
        if (onHold) {
            return 0;
        }
        if (toRepeat > 0) {
            for (long block = frontier + 1; block < next && toRepeat > 0; block++) {
                if (pending.isSealed(block) && !pending.isHeld(block)) {
                    if (!append(block)) {
                        return work;
                    }
                    toRepeat--;
                    work++;
                }
            }
        }
        while (inFlight < MAX_IN_FLIGHT && pending.isSealed(next)) {
            if (!staging.isCommitted(next, pending.length(next))) {
                break;
            }
            if (pending.length(next) == BlockFormat.HEADER_LENGTH) {
                // Only the block that was open when the log was closed can be empty.
                break;
            }
            if (!append(next)) {
                break;
            }
            next++;
            stepOverFound();
            work++;
        }
        return work;
    }

    private boolean append(final long block) {
        final int payload = pending.length(block) - BlockFormat.HEADER_LENGTH;
        final int appendLength = BlockFormat.appendLength(payload, logicalBlock);
        if (pending.zone(block) == ZoneAllocator.NONE) {
            final int zone = takeZone(block, appendLength);
            if (zone < 0) {
                outOfRoom = zone == ZoneAllocator.NONE;
                return false;
            }
            pending.zone(block, zone);
            seal(block, payload, zone);
        }
        final int slot = staging.slotOf(block);
        final boolean durable = flushes.isFlushWanted(block);
        final boolean accepted = port.device()
                .append(
                        pending.zone(block),
                        buffers.of(slot),
                        buffers.offsetOf(slot),
                        appendLength,
                        durable ? DevicePort.HOST | IoAttributes.DURABLE : DevicePort.HOST,
                        DevicePort.token(AppendAgent.KIND_HOST, block));
        if (accepted) {
            pending.appending(block, durable);
            inFlight++;
            bytes += appendLength;
        }
        return accepted;
    }

    private int takeZone(final long block, final int length) {
        final boolean repeated = pending.attempts(block) > 0;
        int zone = allocator.take(Stream.HOST, length, repeated ? Reserve.BUT_THE_LAST : Reserve.NONE);
        if (zone == ZoneAllocator.NONE && (block <= adoptedUpTo || allocator.lentRoom(length) > 0)) {
            // It was promised room in an earlier life, whose open zone may be lost; or the file system is full.
            zone = allocator.take(Stream.HOST, length, Reserve.BUT_THE_LAST);
        }
        if (zone == ZoneAllocator.NONE && block <= settleUpTo) {
            // The first block of a life was promised no room, and failed appends may have used up that of others.
            // The collection that could make room waits for it, and needs nothing more for itself.
            zone = allocator.take(Stream.HOST, length, Reserve.ALL);
            if (zone == ZoneAllocator.NONE) {
                zone = allocator.takeIn(Stream.GC, length);
            }
        }
        return zone;
    }

    private void seal(final long block, final int payload, final int zone) {
        final MemorySegment memory = staging.block(block);
        int records = 0;
        int last = BlockFormat.HEADER_LENGTH;
        for (int at = last; at < BlockFormat.HEADER_LENGTH + payload; records++) {
            last = at;
            at += RecordFormat.align(RecordFormat.length(memory, at));
        }
        final long first = staging.startOf(block) + BlockFormat.HEADER_LENGTH;
        final BlockFormat.Header header = new BlockFormat.Header(
                Stream.HOST.code(),
                storeId.high(),
                storeId.low(),
                epoch,
                block,
                zones.generation(zone),
                records,
                payload,
                first,
                staging.startOf(block) + last,
                first);
        BlockFormat.seal(memory, header, logicalBlock, crc);
        zones.lowerHorizon(zone, first);
        zones.addHostBlock(zone, block);
    }

    private void onAppended(final long block, final long result) {
        final int zone = pending.zone(block);
        inFlight--;
        allocator.completed(zone);
        if (result >= 0) {
            pending.completed(block, result);
            zones.landed(zone, block);
            return;
        }
        final int attempts = pending.failed(block);
        if (attempts >= MAX_ATTEMPTS) {
            throw new DeviceException(
                    "append failed in " + attempts + " zones in a row, last in zone " + zone + ", errno " + -result,
                    (int) -result);
        }
        allocator.abandon(zone);
        repeat(block);
    }

    /// Has a block appended once more, to another zone.
    void repeat(final long block) {
        pending.repeat(block);
        toRepeat++;
    }

    /// The second stage of an append: only now may the block's memory change or be used for another block.
    private void onReleased(final long block, final boolean bounceCopy) {
        pending.released(block);
        final StagingLease lease = staging.leaseOf(block);
        if (lease == null || !pending.isCompleted(block)) {
            return;
        }
        final int appended = BlockFormat.appendLength(pending.length(block) - BlockFormat.HEADER_LENGTH, logicalBlock);
        final boolean registered = buffers.of(staging.slotOf(block)).registered();
        lease.appended(appended, bounceCopy, registered);
        if (bounceCopy) {
            bouncedBytes += appended;
        }
    }
}
