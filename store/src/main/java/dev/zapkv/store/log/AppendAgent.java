/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/// Turns sealed blocks into zone appends, and completed appends into index entries.
///
/// Appends complete in any order; they are *applied* in block order: {@code flushed <= frontier < nextAppend
/// <= open block}. Applying a block compares-and-sets the index entry of each of its records from log
/// position to device address; where that fails the record was overwritten meanwhile and is garbage in its
/// zone. A failed append is repeated in another zone.
///
/// One thread at a time drives it ({@link #doWork}); {@link #want} and the getters are for any
/// thread.
public final class AppendAgent implements AutoCloseable {
    /// Kind of the tokens of host appends.
    public static final int KIND_HOST = 1;
    /// Kind of the tokens of flushes.
    public static final int KIND_FLUSH = 2;
    /// Staging grows in steps of this size, each registered with the device as one buffer.
    public static final int CHUNK_BYTES = 4 << 20;
    /// Fewest steps.
    public static final int MIN_CHUNKS = 2;
    /// Least memory that staging takes.
    public static final long MIN_STAGING_BYTES = (long) MIN_CHUNKS * CHUNK_BYTES;
    /// Most steps: bounds what a slow device can hold up, what a power failure can take at the process level,
    /// and the memory that is locked for the device.
    public static final int MAX_CHUNKS = 16;

    private static final int SEALED_MESSAGE = 1;
    private static final int MESSAGE_LENGTH = 16;
    // With the ring buffer's own header, rounded up.
    private static final int MESSAGE_ROOM = 32;
    private static final int MAX_IN_FLIGHT = 8;
    // Zones are reserved this far ahead of the writers.
    private static final long PREPARED_BYTES = 16L << 20;
    private static final int MAX_ATTEMPTS = 5;
    private static final byte IDLE = 0;
    private static final byte SEALED = 1;
    private static final byte APPENDING = 2;
    private static final byte COMPLETED = 3;

    private final DevicePort port;
    private final ZoneAllocator allocator;
    private final ZoneTable zones;
    private final StagingLog staging;
    private final StagingLeases leases;
    private final YoungCache young;
    private final PointIndex index;
    private final KeyHash hash;
    private final StoreId storeId;
    private final long epoch;
    private final int logicalBlock;
    private final int slotsPerChunk;
    private final ManyToOneRingBuffer commands;
    private final MessageHandler onCommand = this::onCommand;
    private final List<IoBuffer> buffers = new ArrayList<>();
    private final CRC32C crc = new CRC32C();

    // Per block number modulo the ring's size; all of the agent alone.
    private final int mask;
    private final int[] length;
    private final byte[] state;
    private final byte[] attempts;
    private final int[] zoneOf;
    private final long[] address;
    private final boolean[] durable;
    // Whether the device has the block's memory.
    private final boolean[] held;

    private long nextAppend;
    private long settleUpTo;
    private int inFlight;
    private int toRepeat;
    private long flushCovers;
    private boolean flushing;
    private boolean flushRequired;
    private boolean flushAnswersRequest;
    private boolean growthRefused;
    private boolean onHold;
    private boolean starved;
    private boolean outOfRoom;
    private long hostBytes;
    private long flushes;

    // Written by the agent, read by waiting writers.
    private volatile long frontier;
    private volatile long flushed;
    private long bouncedBytes;
    // Raised by writers, read by the agent.
    private volatile long appendWanted;
    private volatile long flushWanted;

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
        this.index = index;
        this.hash = hash;
        this.storeId = storeId;
        this.epoch = epoch;
        logicalBlock = port.device().geometry().blockSize();
        slotsPerChunk = slotsPerChunk(file.blockBytes());
        young = new YoungCache(
                port.device().geometry(),
                memoryBytes,
                () -> memoryBytes - index.memoryBytes() - (long) file.allocatedSlots() * file.blockBytes());
        final int ring = Integer.highestOneBit(2 * file.slotCount()) << 1;
        mask = ring - 1;
        length = new int[ring];
        state = new byte[ring];
        attempts = new byte[ring];
        zoneOf = new int[ring];
        address = new long[ring];
        durable = new boolean[ring];
        held = new boolean[ring];
        // A message for each slot fits, so that sealing never waits.
        commands = new ManyToOneRingBuffer(new UnsafeBuffer(BufferUtil.allocateDirectAligned(
                ring * MESSAGE_ROOM + RingBufferDescriptor.TRAILER_LENGTH, BitUtil.CACHE_LINE_LENGTH)));
        nextAppend = firstBlock;
        frontier = firstBlock - 1;
        flushed = firstBlock - 1;
        staging = new StagingLog(file, firstBlock, new StagingLog.Backpressure() {
            @Override
            public void sealed(final long block, final int sealedLength) {
                sendSealed(block, sealedLength);
                writers.sealed(block, sealedLength);
            }

            @Override
            public void stalled(final int waits) {
                writers.stalled(waits);
            }
        });
        final int growth = (file.slotCount() - file.allocatedSlots()) / slotsPerChunk * slotsPerChunk;
        leases = new StagingLeases(staging, file.allocatedSlots() + growth);
        port.sink(KIND_HOST, new DevicePort.Sink() {
            @Override
            public void completed(final long block, final long result) {
                onAppended(block, result);
            }

            @Override
            public void released(final long block, final boolean bounceCopy) {
                onReleased(block, bounceCopy);
            }
        });
        port.sink(KIND_FLUSH, this::onFlushed);
        registerBuffers();
    }

    /// Slots that staging grows by at a time.
    public static int slotsPerChunk(final int blockBytes) {
        return CHUNK_BYTES / blockBytes;
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
        return bouncedBytes;
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
        return flushed;
    }

    /// Asks for a block to be appended, and flushed if {@code andFlush}, soon. Any thread.
    public synchronized void want(final long block, final boolean andFlush) {
        if (block > appendWanted) {
            appendWanted = block;
        }
        if (andFlush && block > flushWanted) {
            flushWanted = block;
        }
    }

    /// Asks for all blocks up to one to be appended and flushed, and for a device flush that begins after
    /// this call. A collection waits for it, so these blocks may use the room that is kept for collections.
    /// Agent.
    public void settle(final long block) {
        // Whatever is flushed already: relocated blocks are not host blocks.
        flushBehind(block);
        settleUpTo = block;
    }

    /// Asks for all blocks up to one to be appended and flushed, and for a device flush that begins after
    /// this call. Agent.
    public void flushBehind(final long block) {
        want(block, true);
        flushRequired = true;
    }

    /// Begins no append while held. Agent.
    public void hold(final boolean hold) {
        onHold = hold;
    }

    /// Whether no block has been handed to the device and not been applied: all zones are written up to their
    /// write pointers, and the index knows everything that lies there. Agent.
    public boolean isQuiet() {
        return inFlight == 0 && toRepeat == 0 && frontier == nextAppend - 1;
    }

    /// Whether a failed append waits to be repeated. Agent.
    public boolean isRepeating() {
        return toRepeat > 0;
    }

    /// Whether a flush that was asked for by {@link #settle} or {@link #flushBehind} is still to be
    /// completed. Agent.
    public boolean flushRequired() {
        return flushRequired || (flushing && flushAnswersRequest);
    }

    /// Whether no further block can be opened before a zone is emptied.
    public boolean starved() {
        return starved;
    }

    /// Whether no further block can be opened before a zone is emptied, and nothing under way will change
    /// that: no append is in flight or held back, and no sealed block can be appended.
    public boolean isStuck() {
        return starved && !onHold && inFlight == 0 && (outOfRoom || state[(int) nextAppend & mask] != SEALED);
    }

    /// Whether a block that was written to waits for a zone. Each was promised room when it was opened;
    /// failed appends may have used it up.
    public boolean outOfRoom() {
        return outOfRoom;
    }

    /// Bytes appended for writers.
    public long hostBytes() {
        return hostBytes;
    }

    /// Device flushes.
    public long flushes() {
        return flushes;
    }

    /// Whether nothing is left to do but what {@link #want} may ask for.
    public boolean isIdle() {
        final int next = (int) nextAppend & mask;
        return inFlight == 0
                && !flushing
                && toRepeat == 0
                && commands.size() == 0
                && nextAppend == frontier + 1
                && (state[next] != SEALED || length[next] == BlockFormat.HEADER_LENGTH);
    }

    /// Commands of this agent in the device.
    public int inFlight() {
        return inFlight + (flushing ? 1 : 0);
    }

    /// One duty cycle.
    ///
    /// @param seal seal the open block even if nobody waits for it
    /// @return amount of work done
    public int doWork(final boolean seal) {
        int work = commands.read(onCommand);
        work += sealIfWanted(seal);
        work += submit();
        work += port.poll();
        grantRoom();
        work += apply();
        work += flushIfWanted();
        work += growIfShort();
        return work;
    }

    /// Unregisters the staging memory and gives the cache's back; the device must be idle.
    @Override
    public void close() {
        for (final IoBuffer buffer : buffers) {
            buffer.close();
        }
        buffers.clear();
        young.close();
    }

    /// Lets the staging log open as many blocks as are sure to find room on the device. So a claimed block
    /// can always be appended, which garbage collection relies on when it waits for the log to settle.
    private void grantRoom() {
        allocator.prepare(PREPARED_BYTES);
        final long room = allocator.hostRoom(staging.blockBytes());
        staging.openUpTo(nextAppend - 1 + room);
        starved = staging.openBlock() >= nextAppend - 1 + room;
    }

    private void sendSealed(final long block, final int sealedLength) {
        int at = commands.tryClaim(SEALED_MESSAGE, MESSAGE_LENGTH);
        while (at < 0) {
            Thread.onSpinWait();
            at = commands.tryClaim(SEALED_MESSAGE, MESSAGE_LENGTH);
        }
        commands.buffer().putLong(at, block);
        commands.buffer().putInt(at + 8, sealedLength);
        commands.commit(at);
    }

    private void onCommand(final int type, final MutableDirectBuffer buffer, final int at, final int messageLength) {
        final int i = (int) (buffer.getLong(at) & mask);
        length[i] = buffer.getInt(at + 8);
        state[i] = SEALED;
        attempts[i] = 0;
        zoneOf[i] = ZoneAllocator.NONE;
    }

    private int sealIfWanted(final boolean seal) {
        // While an append is in flight the open block fills: natural batching.
        if ((seal || appendWanted >= staging.openBlock()) && inFlight == 0 && staging.trySeal()) {
            return 1 + commands.read(onCommand);
        }
        return 0;
    }

    private int submit() {
        int work = 0;
        outOfRoom = false;
        if (onHold) {
            return 0;
        }
        if (toRepeat > 0) {
            for (long block = frontier + 1; block < nextAppend && toRepeat > 0; block++) {
                if (state[(int) block & mask] == SEALED && !held[(int) block & mask]) {
                    if (!append(block)) {
                        return work;
                    }
                    toRepeat--;
                    work++;
                }
            }
        }
        while (inFlight < MAX_IN_FLIGHT && state[(int) nextAppend & mask] == SEALED) {
            final int i = (int) nextAppend & mask;
            if (!staging.isCommitted(nextAppend, length[i])) {
                break;
            }
            if (length[i] == BlockFormat.HEADER_LENGTH) {
                // Only the block that was open when the log was closed can be empty.
                break;
            }
            if (!append(nextAppend)) {
                break;
            }
            nextAppend++;
            work++;
        }
        return work;
    }

    private boolean append(final long block) {
        final int i = (int) block & mask;
        final int payload = length[i] - BlockFormat.HEADER_LENGTH;
        final int appendLength = BlockFormat.appendLength(payload, logicalBlock);
        if (zoneOf[i] == ZoneAllocator.NONE) {
            int zone = allocator.take(Stream.HOST, appendLength, attempts[i] > 0);
            if (zone == ZoneAllocator.NONE && block <= settleUpTo) {
                // The first block of a life was promised no room, and the collection that could make room waits for it.
                zone = allocator.take(Stream.HOST, appendLength, true);
            }
            if (zone < 0) {
                outOfRoom = zone == ZoneAllocator.NONE;
                return false;
            }
            zoneOf[i] = zone;
            seal(block, payload, zone);
        }
        final int slot = staging.slotOf(block);
        final long offset = (long) (slot % slotsPerChunk) * staging.blockBytes();
        durable[i] = flushWanted >= block;
        final boolean accepted = port.device()
                .append(
                        zoneOf[i],
                        buffers.get(slot / slotsPerChunk),
                        offset,
                        appendLength,
                        durable[i] ? DevicePort.HOST | IoAttributes.DURABLE : DevicePort.HOST,
                        DevicePort.token(KIND_HOST, block));
        if (accepted) {
            state[i] = APPENDING;
            held[i] = true;
            inFlight++;
            hostBytes += appendLength;
        }
        return accepted;
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
        final int i = (int) block & mask;
        final int zone = zoneOf[i];
        inFlight--;
        allocator.completed(zone);
        if (result >= 0) {
            address[i] = result;
            state[i] = COMPLETED;
            return;
        }
        if (++attempts[i] >= MAX_ATTEMPTS) {
            throw new DeviceException(
                    "append failed in " + attempts[i] + " zones in a row, last in zone " + zone + ", errno " + -result,
                    (int) -result);
        }
        allocator.abandon(zone);
        repeat(i);
    }

    private void repeat(final int i) {
        attempts[i] = (byte) Math.max(1, attempts[i]);
        zoneOf[i] = ZoneAllocator.NONE;
        state[i] = SEALED;
        toRepeat++;
    }

    /// The second stage of an append: only now may the block's memory change or be used for another block.
    private void onReleased(final long block, final boolean bounceCopy) {
        final int i = (int) block & mask;
        held[i] = false;
        final StagingLease lease = staging.leaseOf(block);
        if (lease == null || state[i] != COMPLETED) {
            return;
        }
        final int bytes = BlockFormat.appendLength(length[i] - BlockFormat.HEADER_LENGTH, logicalBlock);
        final boolean registered =
                buffers.get(staging.slotOf(block) / slotsPerChunk).registered();
        lease.appended(bytes, bounceCopy, registered);
        if (bounceCopy) {
            bouncedBytes += bytes;
        }
    }

    private int apply() {
        int work = 0;
        long block = frontier + 1;
        long durableUpTo = flushed;
        while (block < nextAppend && state[(int) block & mask] == COMPLETED && !held[(int) block & mask]) {
            final int i = (int) block & mask;
            if (zones.state(zoneOf[i]) == ZoneState.OFFLINE) {
                // It landed and went with its zone; staging still holds it.
                repeat(i);
                work++;
                break;
            }
            applyBlock(block, i);
            state[i] = IDLE;
            if (durable[i] && durableUpTo == block - 1) {
                durableUpTo = block;
            }
            // Publishes the index entries to writers waiting for the block.
            frontier = block;
            staging.release(block);
            block++;
            work++;
        }
        if (durableUpTo > flushed) {
            flushed = durableUpTo;
        }
        return work;
    }

    private void applyBlock(final long block, final int i) {
        final int slot = staging.slotOf(block);
        final MemorySegment memory = staging.memory();
        final long base = staging.offsetInSlot(slot, 0);
        if (staging.leaseOf(block) == null) {
            // What was put in place is not copied here either.
            young.add(
                    address[i],
                    memory,
                    base,
                    BlockFormat.appendLength(length[i] - BlockFormat.HEADER_LENGTH, logicalBlock));
        }
        final long start = staging.startOf(block);
        final int zone = zoneOf[i];
        long live = 0;
        int at = BlockFormat.HEADER_LENGTH;
        while (at < length[i]) {
            final long record = base + at;
            final int recordLength = RecordFormat.align(RecordFormat.length(memory, record));
            final int flags = RecordFormat.flags(memory, record);
            if ((flags & RecordFormat.FLAG_PADDING) == 0) {
                final int keyLength = RecordFormat.keyLength(memory, record);
                final long key = record + RecordFormat.HEADER_LENGTH;
                final boolean chunk = (flags & RecordFormat.FLAG_CHUNK) != 0;
                final long fingerprint = HashDomain.of(hash.fingerprint(memory, key, keyLength), chunk);
                final long location = hash.location(memory, key, keyLength);
                final boolean tombstone = (flags & RecordFormat.FLAG_TOMBSTONE) != 0;
                final int shape = EntryShape.of(flags, recordLength);
                final long staged = IndexEntry.memory(start + at, shape, tombstone);
                if (tombstone) {
                    index.remove(fingerprint, location, staged);
                    zones.addTombstone(zone, recordLength, start + at);
                } else {
                    final long entry = IndexEntry.device(address[i] + at, shape, false);
                    if (index.replace(fingerprint, location, staged, entry)) {
                        live += recordLength;
                    }
                }
            }
            at += recordLength;
        }
        zones.addLive(zone, live);
    }

    private int flushIfWanted() {
        final boolean wanted = flushWanted > flushed && frontier > flushed;
        if (flushing || !(wanted || flushRequired)) {
            return 0;
        }
        if (frontier < flushWanted && inFlight > 0) {
            // More of what is waited for is about to arrive: one flush for all of it.
            return 0;
        }
        if (!port.device().flush(DevicePort.token(KIND_FLUSH, 0))) {
            return 0;
        }
        flushCovers = frontier;
        flushing = true;
        flushAnswersRequest = flushRequired;
        flushRequired = false;
        flushes++;
        return 1;
    }

    private void onFlushed(final long id, final long result) {
        flushing = false;
        if (result < 0) {
            throw new DeviceException(
                    "the device failed to flush, errno " + -result + ": written data may be lost on power failure",
                    (int) -result);
        }
        flushed = Math.max(flushed, flushCovers);
    }

    /// Gives writers more staging when they come near its end: the device or this agent is slower than they
    /// are.
    private int growIfShort() {
        if (growthRefused
                || staging.freeSlots() > staging.allocatedSlots() / 2
                || staging.allocatedSlots() + slotsPerChunk > staging.maxSlots()) {
            return 0;
        }
        grow();
        return 1;
    }

    private void grow() {
        try {
            staging.grow(slotsPerChunk);
            registerBuffers();
        } catch (final DeviceException e) {
            // Shared memory is used up by others: staging stays at its size, which is a bound like any other.
            growthRefused = true;
            leases.growthRefused();
        }
    }

    private void registerBuffers() {
        final MemorySegment memory = staging.memory();
        while (buffers.size() * slotsPerChunk < staging.allocatedSlots()) {
            final long from = staging.offsetInSlot(buffers.size() * slotsPerChunk, 0);
            buffers.add(port.device().register(memory.asSlice(from, (long) slotsPerChunk * staging.blockBytes())));
        }
    }
}
