/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.StoreClosedException;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.index.IndexEntry;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/// The end of the log, in shared memory: writers claim places in the open block, fill them, and commit; the agent
/// seals, appends and applies blocks, and reuses their slots.
///
/// A *log position* is {@code blockNumber * blockBytes + offset in the block}: it orders all records of all writers.
///
/// *Invariants.* {@code frontier < open block}; blocks up to the frontier have no slot; a slot belongs to one block at
/// a time; a block is sealed
/// once, after which no place in it is claimed; a sealed block's content changes no more once {@code committed ==
/// sealed length}.
///
/// *Threads.* {@link #claim}, {@link #commit} and the read side are for any thread. Methods that say so belong to
/// the agent.
public final class StagingLog {
    /// Largest number of blocks per store life; far beyond any device's life.
    private static final int BLOCK_SHIFT_IN_TAIL = 24;

    private static final long SEALED = 1L << 23;
    private static final long OFFSET_MASK = SEALED - 1;
    private static final int PADDING = 8;
    private static final int SPINS = 200;
    private static final long PARK_NS = 50_000;

    private static final VarHandle TAIL;
    private static final VarHandle ROTATING;
    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle INTS = MethodHandles.arrayElementVarHandle(int[].class);

    static {
        try {
            final MethodHandles.Lookup lookup = MethodHandles.lookup();
            TAIL = lookup.findVarHandle(StagingLog.class, "tail", long.class);
            ROTATING = lookup.findVarHandle(StagingLog.class, "rotating", boolean.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final StagingFile file;
    private final MemorySegment memory;
    private final int blockBytes;
    private final int blockShift;
    private final int ringMask;
    private final long positionBlockMask;
    private final Backpressure backpressure;
    private final SlotQueue freeSlots;

    // Per slot. Written by whoever opens or releases the slot, read by readers to validate what they copied.
    private final long[] blockOfSlot;
    // Per slot, padded: bytes committed. Writers add with release, the agent reads with acquire.
    private final long[] committed;
    // Per slot: the lease it was filled under, if it was. Written before the tail that makes the block visible, cleared
    // by the agent.
    private final StagingLease[] leases;
    // Per block number modulo the ring's size. Written before the tail that makes the block visible.
    private final int[] slotOfBlock;

    // Block number << 24 | sealed bit | offset of the next claim. CAS by writers and the agent.
    @SuppressWarnings("FieldMayBeFinal") // written through TAIL
    private volatile long tail;

    // Held by the one thread that opens the next block.
    @SuppressWarnings({"FieldMayBeFinal", "UnusedVariable"}) // read and written through ROTATING
    private volatile boolean rotating;

    // Raised and lowered by the agent: the highest block that may be opened, and the highest for puts.
    private volatile long lastAllowed;
    private volatile long lastForPuts;
    // Set by the agent: the open block is not for puts.
    private volatile boolean deletesOnly;
    private volatile boolean closed;

    /// Tells a writer that finds no free slot what to do.
    public interface Backpressure {
        /// A block was sealed and waits for the agent. Called exactly once per block, by any thread.
        ///
        /// @param length bytes claimed in it, header included
        void sealed(long block, int length);

        /// There is no free slot yet. May throw if there will be none.
        ///
        /// @param waits how often this writer was told so since it began to wait
        void stalled(int waits);
    }

    /// An empty log in a staging file. It takes claims once {@link #openUpTo} allows the first block.
    ///
    /// @param firstBlock number of the first block, above 0
    public StagingLog(final StagingFile file, final long firstBlock, final Backpressure backpressure) {
        this.file = file;
        this.backpressure = backpressure;
        memory = file.memory();
        blockBytes = file.blockBytes();
        blockShift = Integer.numberOfTrailingZeros(blockBytes);
        final int slots = file.slotCount();
        final int ring = Integer.highestOneBit(Math.max(2, 2 * slots - 1)) << 1;
        ringMask = ring - 1;
        positionBlockMask = (IndexEntry.DEVICE_ADDRESS_LIMIT >>> blockShift) - 1;
        blockOfSlot = new long[slots];
        committed = new long[slots * PADDING];
        slotOfBlock = new int[ring];
        leases = new StagingLease[slots];
        freeSlots = new SlotQueue(slots);
        for (int slot = 0; slot < file.allocatedSlots(); slot++) {
            freeSlots.offer(slot);
        }
        // Not even the first block is open before the agent knows that there is room for it: as if the last block of
        // an earlier life had just been filled and sealed.
        lastAllowed = firstBlock - 1;
        lastForPuts = firstBlock - 1;
        tail = (firstBlock - 1) << BLOCK_SHIFT_IN_TAIL | SEALED | blockBytes;
    }

    /// Goes on behind the blocks that a killed process left: they are sealed and committed. Before the first claim.
    ///
    /// @param blocks the first ones of this log, without a gap in their numbers
    void adopt(final List<StagedBlock> blocks) {
        final Set<Integer> taken = new HashSet<>();
        for (final StagedBlock block : blocks) {
            taken.add(block.slot());
            place(block.number(), block.slot());
            LONGS.setRelease(committed, block.slot() * PADDING, (long) block.length() - BlockFormat.HEADER_LENGTH);
            tail = block.number() << BLOCK_SHIFT_IN_TAIL | SEALED | blockBytes;
        }
        for (int free = freeSlots.size(); free > 0; free--) {
            final int slot = freeSlots.poll();
            if (!taken.contains(slot)) {
                freeSlots.offer(slot);
            }
        }
    }

    /// Takes a place for records in the open block; waits while there is none. The caller must fill it and {@link
    /// #commit}, whatever happens.
    ///
    /// @param length bytes, a multiple of the record alignment, at most {@link #maxClaim}
    /// @return log position of the place
    /// @throws StoreClosedException if the log was closed
    public long claim(final int length) {
        return claim(length, false);
    }

    /// As {@link #claim}, for nothing but tombstones: when the room on the device has come to an end there is
    /// some for them, as only they make more.
    public long claimForDeletes(final int length) {
        return claim(length, true);
    }

    private long claim(final int length, final boolean deletes) {
        if (!deletes) {
            awaitRoomForPuts();
        }
        while (true) {
            final long t = tail;
            final int offset = (int) (t & OFFSET_MASK);
            if ((t & SEALED) != 0) {
                awaitNextBlock(t, deletes);
            } else if (offset + length <= blockBytes) {
                if (TAIL.compareAndSet(this, t, t + length)) {
                    return (t >>> BLOCK_SHIFT_IN_TAIL << blockShift) | offset;
                }
            } else if (TAIL.compareAndSet(this, t, t | SEALED)) {
                backpressure.sealed(t >>> BLOCK_SHIFT_IN_TAIL, offset);
            }
        }
    }

    /// The claimed bytes are complete.
    public void commit(final long logPosition, final int length) {
        // Release: the agent that sees the sum acquires the records and the index entries written before.
        LONGS.getAndAddRelease(committed, slotOf(logPosition >>> blockShift) * PADDING, (long) length);
    }

    /// Largest claim in bytes.
    public int maxClaim() {
        return blockBytes - BlockFormat.HEADER_LENGTH;
    }

    /// The memory that offsets refer to. Access after close throws {@link IllegalStateException}.
    public MemorySegment memory() {
        return memory;
    }

    /// Offset in {@link #memory} of a log position whose block is known to be in staging.
    public long offsetOf(final long logPosition) {
        return file.slotOffset(slotOf(logPosition >>> blockShift)) + (logPosition & (blockBytes - 1));
    }

    /// Length of an append block in bytes.
    public int blockBytes() {
        return blockBytes;
    }

    /// Number of the block a log position lies in.
    public long blockOf(final long logPosition) {
        return logPosition >>> blockShift;
    }

    /// First log position of a block.
    public long startOf(final long block) {
        return block << blockShift;
    }

    // ---- readers

    /// Slot that the block of a memory-tagged index entry is or was in. To be confirmed by {@link #isBlockOf}.
    public int slotForRead(final long entry) {
        return (int) INTS.getAcquire(slotOfBlock, (int) (IndexEntry.positionBits(entry) >>> blockShift) & ringMask);
    }

    /// Whether a block number is that of a memory-tagged index entry.
    public boolean isBlockOf(final long block, final long entry) {
        return (block & positionBlockMask) == IndexEntry.positionBits(entry) >>> blockShift;
    }

    /// Block that a slot holds now; 0 if none. To be read before and, with {@link #stillHolds}, after copying.
    public long blockInSlot(final int slot) {
        return (long) LONGS.getAcquire(blockOfSlot, slot);
    }

    /// Whether a slot still holds a block: what was copied in between is what the block says.
    public boolean stillHolds(final int slot, final long block) {
        // Pairs with the full fence in release: loads of the copy must not move below this check.
        VarHandle.acquireFence();
        return (long) LONGS.getOpaque(blockOfSlot, slot) == block;
    }

    /// Offset in {@link #memory} of a place in a slot.
    public long offsetInSlot(final int slot, final long offsetInBlock) {
        return file.slotOffset(slot) + offsetInBlock;
    }

    /// Offset within its block of a memory-tagged index entry.
    public int offsetInBlock(final long entry) {
        return (int) (IndexEntry.positionBits(entry) & (blockBytes - 1));
    }

    // ---- the agent

    /// Number of the block that takes claims, or that comes next if none does. Any thread.
    public long openBlock() {
        return tail >>> BLOCK_SHIFT_IN_TAIL;
    }

    /// Whether all claims of a sealed block are committed: its content changes no more. Agent.
    ///
    /// @param length as given to {@link Backpressure#sealed}
    public boolean isCommitted(final long block, final int length) {
        return (long) LONGS.getAcquire(committed, slotOf(block) * PADDING) == length - BlockFormat.HEADER_LENGTH;
    }

    /// Sets the highest block that may be opened: those up to it are sure to find room on the device. Agent.
    public void openUpTo(final long block) {
        openUpTo(block, block);
    }

    /// As {@link #openUpTo(long)}; blocks behind one are for deletes. Agent.
    public void openUpTo(final long block, final long forPuts) {
        lastAllowed = block;
        lastForPuts = forPuts;
        final boolean only = forPuts < block && openBlock() > forPuts;
        if (deletesOnly != only) {
            deletesOnly = only;
        }
    }

    /// Seals the open block if it holds anything, and opens the next if there is a slot for it. Agent.
    ///
    /// @return whether a block was sealed
    public boolean trySeal() {
        final long t = tail;
        final int offset = (int) (t & OFFSET_MASK);
        if ((t & SEALED) != 0 || offset == BlockFormat.HEADER_LENGTH) {
            return false;
        }
        if (!TAIL.compareAndSet(this, t, t | SEALED)) {
            return false;
        }
        backpressure.sealed(t >>> BLOCK_SHIFT_IN_TAIL, offset);
        tryOpenNext(t | SEALED, false);
        return true;
    }

    /// Whether the open block holds anything. Any thread.
    public boolean openBlockHasRecords() {
        final long t = tail;
        return (t & SEALED) == 0 && (t & OFFSET_MASK) > BlockFormat.HEADER_LENGTH;
    }

    /// Number of the last block in which a place was ever claimed. Any thread.
    public long lastClaimedBlock() {
        final long t = tail;
        final long open = t >>> BLOCK_SHIFT_IN_TAIL;
        return (t & OFFSET_MASK) > BlockFormat.HEADER_LENGTH ? open : open - 1;
    }

    /// Refuses further claims. What was claimed before stays to be committed and is sealed. Agent.
    public void close() {
        closed = true;
        while (!ROTATING.compareAndSet(this, false, true)) {
            Thread.onSpinWait(); // a block that is being opened, or put in, counts as opened before
        }
        try {
            long t = tail;
            while ((t & SEALED) == 0) {
                if (TAIL.compareAndSet(this, t, t | SEALED)) {
                    backpressure.sealed(t >>> BLOCK_SHIFT_IN_TAIL, (int) (t & OFFSET_MASK));
                }
                t = tail;
            }
        } finally {
            rotating = false;
        }
    }

    /// Slot of a block in staging. Agent, or a writer that has a claim in the block.
    public int slotOf(final long block) {
        return (int) INTS.getAcquire(slotOfBlock, (int) block & ringMask);
    }

    /// Takes a block's slot away: its records are found elsewhere now. Readers that were copying from it will notice.
    /// Agent.
    public void release(final long block) {
        final int slot = slotOf(block);
        final StagingLease lease = leases[slot];
        leases[slot] = null;
        free(slot);
        if (lease != null) {
            lease.blockReleased();
        }
    }

    private void free(final int slot) {
        LONGS.setOpaque(blockOfSlot, slot, 0L);
        // The slot's new content must not become visible before the invalidation.
        VarHandle.fullFence();
        freeSlots.offer(slot);
    }

    /// Lease that a block's slot was filled under, or null. Agent.
    StagingLease leaseOf(final long block) {
        return leases[slotOf(block)];
    }

    /// Backs more slots with memory. Agent.
    ///
    /// @throws dev.zapkv.io.DeviceException if there is none
    public void grow(final int slots) {
        final int first = file.allocatedSlots();
        file.allocate(slots);
        for (int slot = first; slot < first + slots; slot++) {
            freeSlots.offer(slot);
        }
    }

    /// Slots free to be opened. Agent.
    public int freeSlots() {
        return freeSlots.size();
    }

    /// Slots backed with memory.
    public int allocatedSlots() {
        return file.allocatedSlots();
    }

    /// Slots the file can grow to.
    public int maxSlots() {
        return file.slotCount();
    }

    /// A sealed block as memory, header room included. Agent.
    public MemorySegment block(final long block) {
        return memory.asSlice(file.slotOffset(slotOf(block)), blockBytes);
    }

    // ---- rotation

    private void awaitNextBlock(final long sealedTail, final boolean deletes) {
        int waits = 0;
        while (tail == sealedTail) {
            if (closed) {
                throw closed();
            }
            if (tryOpenNext(sealedTail, deletes)) {
                return;
            }
            backOff(++waits);
        }
    }

    private void awaitRoomForPuts() {
        for (int waits = 1; deletesOnly; waits++) {
            if (closed) {
                throw closed();
            }
            backOff(waits);
        }
    }

    private static StoreClosedException closed() {
        return new StoreClosedException("the store is closed: no further writes");
    }

    /// Waits a little for a slot.
    ///
    /// @param waits how often the caller has waited for it
    void backOff(final int waits) {
        if (waits < SPINS) {
            Thread.onSpinWait();
        } else {
            backpressure.stalled(waits - SPINS);
            LockSupport.parkNanos(this, PARK_NS);
        }
    }

    // ---- slots that are filled outside the log

    /// Takes a free slot out of the log.
    ///
    /// @return the slot, or -1 if there is none now
    int takeSlot() {
        if (freeSlots.isEmpty() || !ROTATING.compareAndSet(this, false, true)) {
            return -1;
        }
        try {
            final int slot = freeSlots.poll();
            if (slot >= 0) {
                file.blockNumber(slot, 0); // recovery must not take what will be in it for the block it was
            }
            return slot;
        } finally {
            rotating = false;
        }
    }

    /// Gives back a slot that was taken.
    void giveSlot(final int slot) {
        free(slot);
    }

    /// Makes a taken slot the next block of the log, with one record: a claim of the whole block. Waits while no block
    /// may be opened. The caller must complete the record and {@link #commit} it, whatever happens.
    ///
    /// @param length of the claim
    /// @return log position of the record
    /// @throws StoreClosedException if the log was closed; the slot is still the caller's
    public long insert(final int slot, final int length, final StagingLease lease) {
        awaitRoomForPuts();
        int waits = 0;
        while (true) {
            if (closed) {
                throw closed();
            }
            if (ROTATING.compareAndSet(this, false, true)) {
                final long block;
                try {
                    block = tryInsert(slot, BlockFormat.HEADER_LENGTH + length, lease);
                } finally {
                    rotating = false;
                }
                if (block > 0) {
                    backpressure.sealed(block, BlockFormat.HEADER_LENGTH + length);
                    return startOf(block) + BlockFormat.HEADER_LENGTH;
                }
            }
            backOff(++waits);
        }
    }

    /// @param end bytes claimed in the block, header included
    /// @return number of the block, or 0 if not now
    private long tryInsert(final int slot, final int end, final StagingLease lease) {
        final long t = tail;
        final long open = t >>> BLOCK_SHIFT_IN_TAIL;
        final int claimed = (int) (t & OFFSET_MASK);
        final boolean sealed = (t & SEALED) != 0;
        if (!sealed && claimed == BlockFormat.HEADER_LENGTH) {
            // Nobody has a place in the open block, and a block must not be empty: it gets this slot for its own. It is
            // looked at only once the agent is told that it is sealed.
            if (!TAIL.compareAndSet(this, t, open << BLOCK_SHIFT_IN_TAIL | SEALED | end)) {
                return 0;
            }
            final int unused = slotOf(open);
            file.blockNumber(unused, 0);
            leases[slot] = lease;
            place(open, slot);
            free(unused);
            return open;
        }
        if (!sealed) {
            if (!TAIL.compareAndSet(this, t, t | SEALED)) {
                return 0;
            }
            backpressure.sealed(open, claimed);
        }
        if (closed || open >= lastForPuts) {
            return 0;
        }
        leases[slot] = lease;
        place(open + 1, slot);
        tail = (open + 1) << BLOCK_SHIFT_IN_TAIL | SEALED | end;
        return open + 1;
    }

    /// Opens the block behind a sealed one, unless another thread is at it or there is no slot.
    private boolean tryOpenNext(final long sealedTail, final boolean deletes) {
        if (freeSlots.isEmpty() || !ROTATING.compareAndSet(this, false, true)) {
            return false;
        }
        try {
            if (tail != sealedTail
                    || closed
                    || (sealedTail >>> BLOCK_SHIFT_IN_TAIL) >= (deletes ? lastAllowed : lastForPuts)) {
                return false;
            }
            final int slot = freeSlots.poll();
            if (slot < 0) {
                return false;
            }
            openNextBlock((sealedTail >>> BLOCK_SHIFT_IN_TAIL) + 1, slot);
            return true;
        } finally {
            rotating = false;
        }
    }

    private void openNextBlock(final long block, final int slot) {
        place(block, slot);
        // Publishes the place to claimers.
        tail = block << BLOCK_SHIFT_IN_TAIL | BlockFormat.HEADER_LENGTH;
    }

    private void place(final long block, final int slot) {
        file.blockNumber(slot, block);
        LONGS.setRelease(committed, slot * PADDING, 0L);
        INTS.setRelease(slotOfBlock, (int) block & ringMask, slot);
        LONGS.setRelease(blockOfSlot, slot, block);
    }
}
