/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.util.List;
import org.agrona.CloseHelper;

/// Turns sealed blocks into zone appends, and completed appends into index entries.
///
/// Appends complete in any order; they are *applied* in block order: {@code flushed <= frontier < next appended
/// <= open block}. See {@link BlockApplier} for what that is. A failed append is repeated in another zone. {@link
/// PendingBlocks} has the state of each block, {@link LogFlushes} what is wanted and what is on stable media.
///
/// One thread at a time drives it ({@link #doWork}); {@link #want} and the getters are for any
/// thread.
public final class AppendAgent implements AutoCloseable {
    /// Kind of the tokens of host appends.
    public static final int KIND_HOST = 1;
    /// Kind of the tokens of flushes.
    public static final int KIND_FLUSH = 2;
    /// Staging grows in steps of this size at most, each registered with the device as one buffer.
    public static final int CHUNK_BYTES = 4 << 20;
    /// Fewest steps.
    public static final int MIN_CHUNKS = 2;
    /// Least memory that staging takes, but for a small device.
    public static final long MIN_STAGING_BYTES = (long) MIN_CHUNKS * CHUNK_BYTES;
    /// Most steps: bounds what a slow device can hold up, what a power failure can take at the process level,
    /// and the memory that is locked for the device.
    public static final int MAX_CHUNKS = 16;

    private static final int SMALL_DEVICE_SHARE = 8;
    // Zones are reserved this far ahead of the writers.
    private static final long PREPARED_BYTES = 16L << 20;
    private static final long NO_BLOCK = 0;

    private final DevicePort port;
    private final ZoneAllocator allocator;
    private final ZoneTable zones;
    private final StagingLog staging;
    private final StagingLeases leases;
    private final StagingBuffers buffers;
    private final YoungCache young;
    private final PendingBlocks pending;
    private final SealedBlocks sealed;
    private final BlockApplier applier;
    private final LogFlushes flushes;
    private final BlockAppends appends;

    private boolean starved;

    // Written by the agent, read by waiting writers.
    private volatile long frontier;

    /// An agent for one life of a store.
    ///
    /// @param firstBlock number of the first block of this life of the store
    public AppendAgent(
            final DevicePort port,
            final ZoneAllocator allocator,
            final ZoneTable zones,
            final StagingFile file,
            final long firstBlock,
            final PointIndex index,
            final KeyHash hash,
            final StoreId storeId,
            final long epoch,
            final long memoryBytes,
            final StagingLog.Backpressure writers) {
        this.port = port;
        this.allocator = allocator;
        this.zones = zones;
        final int ring = Integer.highestOneBit(2 * file.slotCount()) << 1;
        pending = new PendingBlocks(ring);
        sealed = new SealedBlocks(ring, pending);
        frontier = firstBlock - 1;
        flushes = new LogFlushes(port, firstBlock - 1);
        staging = new StagingLog(file, firstBlock, new StagingLog.Backpressure() {
            @Override
            public void sealed(final long block, final int sealedLength) {
                sealed.send(block, sealedLength);
                writers.sealed(block, sealedLength);
            }

            @Override
            public void stalled(final int waits) {
                writers.stalled(waits);
            }
        });
        final int slotsPerChunk = slotsPerChunk(file.blockBytes(), port.device().geometry());
        final int growth = (file.slotCount() - file.allocatedSlots()) / slotsPerChunk * slotsPerChunk;
        leases = new StagingLeases(staging, file.allocatedSlots() + growth);
        buffers = new StagingBuffers(port.device(), staging, leases);
        // Last, as it takes memory that nobody gives back if the device fails before.
        young = new YoungCache(
                port.device().geometry(),
                memoryBytes,
                () -> memoryBytes - index.memoryBytes() - (long) file.allocatedSlots() * file.blockBytes());
        applier = new BlockApplier(staging, young, index, hash, zones);
        appends = new BlockAppends(
                port, allocator, zones, staging, buffers, pending, flushes, firstBlock, storeId, epoch);
    }

    /// Slots that staging grows by at a time: {@link #CHUNK_BYTES}, or less for a device that holds little itself.
    public static int slotsPerChunk(final int blockBytes, final ZoneGeometry geometry) {
        final long share = Long.highestOneBit(geometry.zoneCount() * geometry.zoneCapacity() / SMALL_DEVICE_SHARE);
        return (int) Math.min(CHUNK_BYTES, Math.max(share, (long) BlockAppends.MAX_IN_FLIGHT * blockBytes))
                / blockBytes;
    }

    /// Slots that staging has from the beginning: two steps, or one on a small device.
    public static int firstSlots(final int blockBytes, final ZoneGeometry geometry) {
        final int slots = slotsPerChunk(blockBytes, geometry);
        return (long) slots * blockBytes < CHUNK_BYTES ? slots : MIN_CHUNKS * slots;
    }

    /// Goes on with the blocks that a killed process left in staging, as if they had just been sealed: those that
    /// are on the device already are applied when it is their turn, the others appended. Before anything else.
    ///
    /// @param blocks the first ones of this life, without a gap in their numbers
    public void adopt(final List<StagedBlock> blocks) {
        staging.adopt(blocks);
        long found = NO_BLOCK;
        for (final StagedBlock block : blocks) {
            pending.sealed(block.number(), block.length());
            if (block.isOnDevice()) {
                pending.found(block.number(), block.zone(), block.address());
                zones.addHostBlock(block.zone(), block.number());
                zones.landed(block.zone(), block.number());
                found = block.number();
            }
        }
        appends.adopted(blocks.getLast().number(), found);
    }

    /// Where writers put their records.
    public StagingLog staging() {
        return staging;
    }

    /// Lends staging out to be filled in place.
    public StagingLeases leases() {
        return leases;
    }

    /// Bytes of leased blocks that the device copied on their way.
    public long bouncedBytes() {
        return appends.bouncedBytes();
    }

    /// Appended blocks that are still in memory.
    public YoungCache young() {
        return young;
    }

    /// Highest block up to which all are applied.
    public long frontier() {
        return frontier;
    }

    /// Highest block up to which all are applied and on stable media.
    public long flushed() {
        return flushes.flushed();
    }

    /// Asks for a block to be appended, and flushed if {@code andFlush}, soon. Any thread.
    public void want(final long block, final boolean andFlush) {
        flushes.want(block, andFlush);
    }

    /// Asks for all blocks up to one to be appended and flushed, and for a device flush that begins after
    /// this call. A collection waits for it, so these blocks may use the room that is kept for collections.
    /// Agent.
    public void settle(final long block) {
        // Whatever is flushed already: relocated blocks are not host blocks.
        flushBehind(block);
        appends.settle(block);
    }

    /// Asks for all blocks up to one to be appended and flushed, and for a device flush that begins after
    /// this call. Agent.
    public void flushBehind(final long block) {
        flushes.flushBehind(block);
    }

    /// Begins no append while held. Agent.
    public void hold(final boolean hold) {
        appends.hold(hold);
    }

    /// Whether no block has been handed to the device and not been applied: all zones are written up to their
    /// write pointers, and the index knows everything that lies there. Agent.
    public boolean isQuiet() {
        return appends.inFlight() == 0 && !appends.isRepeating() && frontier == appends.last();
    }

    /// Whether a failed append waits to be repeated. Agent.
    public boolean isRepeating() {
        return appends.isRepeating();
    }

    /// Whether a zone in which no append is in flight holds a block that is not applied yet. Agent.
    public boolean holdsUnapplied(final int zone) {
        return zones.newestHostBlock(zone) > frontier && appends.holdsUnapplied(zone, frontier);
    }

    /// Whether a flush that was asked for by {@link #settle} or {@link #flushBehind} is still to be
    /// completed. Agent.
    public boolean flushRequired() {
        return flushes.isRequired();
    }

    /// Has a full file system asked again, in the next duty cycle, whether there is space. Agent.
    public void askAgain() {
        allocator.askAgain();
    }

    /// What the file system answers if there is no further block to be opened because it is full; else an empty
    /// string. Agent.
    public String fileSystemRefusal() {
        return allocator.fileSystemFull() ? allocator.refusal() : "";
    }

    /// Whether no further block can be opened for puts before a zone is emptied.
    public boolean starved() {
        return starved;
    }

    /// Whether no further block can be opened before a zone is emptied, and nothing under way will change
    /// that: no append is in flight or held back, and no sealed block can be appended.
    public boolean isStuck() {
        return starved
                && !appends.isOnHold()
                && appends.inFlight() == 0
                && (appends.isOutOfRoom() || !appends.isNextSealed());
    }

    /// Whether a block that was written to waits for a zone. Each was promised room when it was opened;
    /// failed appends may have used it up.
    public boolean outOfRoom() {
        return appends.isOutOfRoom();
    }

    /// Bytes appended for writers.
    public long hostBytes() {
        return appends.bytes();
    }

    /// Device flushes.
    public long flushes() {
        return flushes.count();
    }

    /// Whether nothing is left to do but what {@link #want} may ask for.
    public boolean isIdle() {
        return appends.isIdle() && !flushes.isFlushing() && sealed.isEmpty() && appends.next() == frontier + 1;
    }

    /// Commands of this agent in the device.
    public int inFlight() {
        return appends.inFlight() + (flushes.isFlushing() ? 1 : 0);
    }

    /// One duty cycle.
    ///
    /// @param seal seal the open block even if nobody waits for it
    /// @return amount of work done
    public int doWork(final boolean seal) {
        int work = sealed.receive();
        work += sealIfWanted(seal);
        work += appends.submit(frontier);
        work += port.poll();
        grantRoom();
        work += apply();
        work += flushes.flushIfWanted(frontier, appends.inFlight() > 0);
        work += buffers.growIfShort();
        return work;
    }

    /// Unregisters the staging memory and gives the cache's back; the device must be idle.
    @Override
    public void close() {
        CloseHelper.closeAll(buffers, young);
    }

    /// Lets the staging log open as many blocks as are sure to find room on the device. So a claimed block
    /// can always be appended, which garbage collection relies on when it waits for the log to settle.
    private void grantRoom() {
        allocator.prepare(PREPARED_BYTES);
        final long room = allocator.hostRoom(staging.blockBytes());
        final long forPuts = allocator.isShort() ? NO_BLOCK : appends.next() - 1 + room;
        final long last = appends.next() - 1 + room + allocator.lentRoom(staging.blockBytes());
        staging.openUpTo(last, forPuts);
        starved = staging.openBlock() >= forPuts;
    }

    private int sealIfWanted(final boolean seal) {
        // While an append is in flight the open block fills: natural batching.
        if ((seal || flushes.isAppendWanted(staging.openBlock())) && appends.inFlight() == 0 && staging.trySeal()) {
            return 1 + sealed.receive();
        }
        return 0;
    }

    private int apply() {
        int work = 0;
        long block = frontier + 1;
        long durableUpTo = flushes.flushed();
        while (block < appends.next() && pending.isCompleted(block) && !pending.isHeld(block)) {
            final int zone = pending.zone(block);
            if (zones.state(zone) == ZoneState.OFFLINE) {
                // It landed and went with its zone; staging still holds it.
                appends.repeat(block);
                work++;
                break;
            }
            applier.apply(block, pending.length(block), pending.address(block), zone);
            pending.applied(block);
            if (pending.isDurable(block) && durableUpTo == block - 1) {
                durableUpTo = block;
            }
            // Publishes the index entries to writers waiting for the block.
            frontier = block;
            staging.release(block);
            block++;
            work++;
        }
        flushes.durableUpTo(durableUpTo);
        return work;
    }
}
