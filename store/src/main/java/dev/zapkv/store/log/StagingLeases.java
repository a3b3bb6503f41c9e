/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.LeaseLimitException;
import dev.zapkv.StoreClosedException;
import dev.zapkv.io.NativeMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/// Lends slots of staging out. Leases hold at most half of the slots that staging can have, and at no time more than
/// half of those it has: the log goes on whatever their holders do. A lease waits for slots that the log is done with
/// soon, and for staging to grow; it never waits for other leases.
public final class StagingLeases implements AutoCloseable {
    private static final long CLOSE_PARK_NS = 1_000_000;

    private final StagingLog staging;
    private final int slotsMax;
    private final Set<StagingLease> open = ConcurrentHashMap.newKeySet();
    /// Slots that leases hold or are about to.
    private final AtomicInteger granted = new AtomicInteger();
    /// Slots that leases hold.
    private final AtomicInteger held = new AtomicInteger();

    private volatile boolean growthRefused;
    private volatile boolean closed;

    /// Makes the segments of a lease.
    @FunctionalInterface
    interface Lending {
        /// The segments of a lease on these slots.
        ///
        /// @param arena how long they live
        List<MemorySegment> lend(int[] slots, long length, Arena arena);
    }

    /// Nothing is lent.
    ///
    /// @param slotsMax slots that staging can grow to
    StagingLeases(final StagingLog staging, final int slotsMax) {
        this.staging = staging;
        this.slotsMax = slotsMax;
    }

    /// Staging stays as large as it is. Agent.
    void growthRefused() {
        growthRefused = true;
    }

    private int limit() {
        return (growthRefused ? staging.allocatedSlots() : slotsMax) / 2;
    }

    /// Slots that leases hold.
    public int held() {
        return held.get();
    }

    /// Lends memory for a value.
    ///
    /// @param chunkLength value bytes in each slot
    /// @param valueOffset where they begin in a slot
    /// @throws IllegalArgumentException if it is longer than all leases together may be
    /// @throws LeaseLimitException      if other leases hold what is needed
    public StagingLease lease(final long length, final int chunkLength, final int valueOffset) {
        final long needed = (length + chunkLength - 1) / chunkLength;
        if (length < 1 || needed > limit()) {
            throw new IllegalArgumentException("length=" + length + " of a lease is not in [1, "
                    + (long) limit() * chunkLength + "]: raise memoryBytes, or put the value as an array");
        }
        final int[] slots = new int[(int) needed];
        grant(slots.length, chunkLength);
        int taken = 0;
        try {
            for (; taken < slots.length; taken++) {
                slots[taken] = take(chunkLength);
            }
            final StagingLease lease = new StagingLease(
                    this, slots, length, (of, bytes, arena) -> segments(of, bytes, chunkLength, valueOffset, arena));
            open.add(lease);
            if (closed) {
                lease.close();
                throw new StoreClosedException("the store is closed: no further leases");
            }
            return lease;
        } catch (final RuntimeException e) {
            if (!closed) {
                granted.addAndGet(taken - slots.length);
                for (int i = 0; i < taken; i++) {
                    giveBack(slots[i]);
                }
            }
            throw e;
        }
    }

    private void grant(final int slots, final int chunkLength) {
        int before = granted.get();
        while (before + slots <= limit()) {
            if (granted.compareAndSet(before, before + slots)) {
                return;
            }
            before = granted.get();
        }
        throw exhausted(chunkLength);
    }

    private LeaseLimitException exhausted(final int chunkLength) {
        return new LeaseLimitException("leases hold " + (long) granted.get() * chunkLength + " of at most "
                + (long) limit() * chunkLength + " bytes: put or close some, or raise memoryBytes");
    }

    private int take(final int chunkLength) {
        for (int waits = 0; ; waits++) {
            if (closed) {
                throw new StoreClosedException("the store is closed: no further leases");
            }
            final int before = held.get();
            if (before < staging.allocatedSlots() / 2) {
                if (held.compareAndSet(before, before + 1)) {
                    final int slot = staging.takeSlot();
                    if (slot >= 0) {
                        return slot;
                    }
                    held.decrementAndGet();
                }
            } else if (growthRefused) {
                throw exhausted(chunkLength);
            }
            staging.backOff(waits);
        }
    }

    private List<MemorySegment> segments(
            final int[] slots, final long length, final int chunkLength, final int valueOffset, final Arena arena) {
        final List<MemorySegment> segments = new ArrayList<>(slots.length);
        long left = length;
        for (final int slot : slots) {
            final MemorySegment value =
                    staging.memory().asSlice(staging.offsetInSlot(slot, valueOffset), Math.min(left, chunkLength));
            segments.add(NativeMemory.lend(value, arena));
            left -= value.byteSize();
        }
        return List.copyOf(segments);
    }

    /// A slot is free again.
    void giveBack(final int slot) {
        staging.giveSlot(slot);
        left();
    }

    long insert(final int slot, final int claimed, final StagingLease lease) {
        final long position = staging.insert(slot, claimed, lease);
        left();
        return position;
    }

    private void left() {
        held.decrementAndGet();
        granted.decrementAndGet();
    }

    void ended(final StagingLease lease) {
        open.remove(lease);
    }

    /// Ends all leases, before the memory goes. Waits for operations on their segments, such as a read from a file.
    @Override
    public void close() {
        closed = true;
        for (final StagingLease lease : open) {
            while (true) {
                try {
                    lease.close();
                    break;
                } catch (final IllegalStateException e) {
                    LockSupport.parkNanos(this, CLOSE_PARK_NS);
                }
            }
        }
    }
}
