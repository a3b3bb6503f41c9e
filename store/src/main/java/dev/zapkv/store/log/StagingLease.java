/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.LargeValue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/// Slots of staging that are filled before they have a place in the log. Each becomes a block of one record; its value
/// is what the lease lends out.
///
/// | state | slots belong to | left by |
/// |---|---|---|
/// | OPEN | the lease, lent out | {@link #take}, {@link #close} |
/// | TAKEN | the lease; those put already: the log | the last slot's release |
/// | RELEASED | the log, or free | – |
/// | CLOSED | free | – |
public final class StagingLease {
    private enum State {
        OPEN,
        TAKEN,
        RELEASED,
        CLOSED
    }

    private final StagingLeases owner;
    private final int[] slots;
    private final long length;
    private final Arena arena = Arena.ofShared();
    private final List<MemorySegment> segments;
    private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);

    // Of the agent alone, until RELEASED publishes them.
    private int blocksReleased;
    private long bytesInPlace;
    private long bytesCopied;
    private boolean registered = true;

    /// @param slots   taken from the log
    /// @param lending makes the segments, alive as long as the arena
    StagingLease(final StagingLeases owner, final int[] slots, final long length, final StagingLeases.Lending lending) {
        this.owner = owner;
        this.slots = slots;
        this.length = length;
        segments = lending.lend(slots, length, arena);
    }

    /// Length of the value in bytes.
    public long length() {
        return length;
    }

    /// Whether it is one of these.
    public boolean isOf(final StagingLeases leases) {
        return owner.equals(leases);
    }

    /// Number of slots.
    public int slotCount() {
        return slots.length;
    }

    /// See {@link LargeValue#segments}.
    public List<MemorySegment> segments() {
        requireOpen();
        return segments;
    }

    /// Refuses what is not open.
    public void requireOpen() {
        final State now = state.get();
        if (now != State.OPEN) {
            throw new IllegalStateException(
                    now == State.CLOSED ? "the lease is closed" : "the lease was put: its memory is the store's again");
        }
    }

    /// Ends the segments: the bytes change no more. The caller puts the slots in the log ({@link #insert}), from the
    /// first on, and gives back those it does not put.
    ///
    /// @throws IllegalStateException if it is not open, or a segment is in use; it stays as it is
    public void take() {
        if (!state.compareAndSet(State.OPEN, State.TAKEN)) {
            requireOpen();
        }
        try {
            arena.close();
        } catch (final IllegalStateException e) {
            state.set(State.OPEN);
            throw new IllegalStateException("an operation on the leased memory is still under way: wait for it", e);
        }
        owner.ended(this);
    }

    /// Makes a slot the next block of the log, see {@link StagingLog#insert}.
    public long insert(final int i, final int claimed) {
        return owner.insert(slots[i], claimed, this);
    }

    /// Gives back the slots that were not put: the put failed. What was put stays with the log.
    ///
    /// @param put number of slots that were put
    public void giveBack(final int put) {
        for (int i = put; i < slots.length; i++) {
            owner.giveBack(slots[i]);
        }
    }

    /// See {@link LargeValue#close}.
    public void close() {
        if (state.compareAndSet(State.OPEN, State.CLOSED)) {
            try {
                arena.close();
            } catch (final IllegalStateException e) {
                state.set(State.OPEN);
                throw new IllegalStateException("an operation on the leased memory is still under way: wait for it", e);
            }
            giveBack(0);
            owner.ended(this);
        }
    }

    /// An append of one of its blocks has given its memory back. Agent.
    void appended(final int bytes, final boolean bounceCopy, final boolean fromRegistered) {
        if (bounceCopy) {
            bytesCopied += bytes;
        } else {
            bytesInPlace += bytes;
        }
        registered &= fromRegistered;
    }

    /// One of its blocks is done with. Agent.
    void blockReleased() {
        blocksReleased++;
        if (blocksReleased == slots.length) {
            state.set(State.RELEASED);
        }
    }

    /// See {@link LargeValue#isReleased}.
    public boolean isReleased() {
        return state.get() == State.RELEASED;
    }

    /// See {@link LargeValue#outcome}.
    public LargeValue.Outcome outcome() {
        if (!isReleased()) {
            throw new IllegalStateException("the device has not given the memory back, or the value was not put");
        }
        return new LargeValue.Outcome(bytesInPlace, bytesCopied, registered);
    }
}
