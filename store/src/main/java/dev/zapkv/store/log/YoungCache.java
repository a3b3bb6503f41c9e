/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.io.NativeMemory;
import dev.zapkv.io.ZoneGeometry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.LongSupplier;
import org.agrona.collections.LongArrayQueue;

/// Copies of the blocks appended last, first in, first out, found by device address. A ring of private memory in huge
/// pages, which grows within a budget and then overwrites its oldest blocks.
///
/// A *place* is {@code lap << 32 | granule of the ring}, granules being logical blocks of the device: places grow
/// with age, and all from {@code oldest} on are intact.
///
/// *Threads.* One agent adds; readers of any thread {@link #find} a place, copy, and then ask {@link #stillHolds}.
public final class YoungCache implements AutoCloseable {
    /// Answer of {@link #find} for an address that is not in the cache.
    public static final long ABSENT = 0;

    // A huge page, so that growing costs one fault.
    private static final long MAX_STEP_BYTES = 2 << 20;
    private static final int SMALL_DEVICE_SHARE = 32;
    private static final int LAP_SHIFT = 32;
    private static final long GRANULE_MASK = (1L << LAP_SHIFT) - 1;

    private static final VarHandle TABLES = MethodHandles.arrayElementVarHandle(long[][].class);
    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle OLDEST;

    static {
        try {
            OLDEST = MethodHandles.lookup().findVarHandle(YoungCache.class, "oldest", long.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final ZoneGeometry geometry;
    private final LongSupplier budgetBytes;
    private final int granuleShift;
    private final int granulesPerZone;
    private final long stepBytes;
    private final long maxBytes;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;

    // Per zone that has blocks in the cache, per granule of the zone: its place, or ABSENT, or one before the oldest.
    private final long[][] placesByZone;
    private final int[] blocksByZone;
    // Places before this one belong to an earlier content of the zone.
    private final long[] emptiedAt;
    // Place and device address of each block, from the oldest on.
    private final LongArrayQueue blocks = new LongArrayQueue(Long.MIN_VALUE);
    private long backedBytes;
    // End of the ring in this lap, at most the backed bytes.
    private long lapEnd;
    // Where the next block goes.
    private long next = 1L << LAP_SHIFT;

    @SuppressWarnings({"FieldMayBeFinal", "UnusedVariable"}) // read and written through OLDEST
    private long oldest = next;

    /// An empty cache.
    ///
    /// @param maxBytes    address space to reserve: the cache never grows larger
    /// @param budgetBytes what the cache may use at this moment; asked by the agent when it grows or begins a lap
    public YoungCache(final ZoneGeometry geometry, final long maxBytes, final LongSupplier budgetBytes) {
        this.geometry = geometry;
        stepBytes = stepBytes(geometry);
        this.maxBytes = maxBytes / stepBytes * stepBytes;
        this.budgetBytes = budgetBytes;
        granuleShift = Integer.numberOfTrailingZeros(geometry.blockSize());
        granulesPerZone = Math.toIntExact(geometry.zoneCapacity() >>> granuleShift);
        placesByZone = new long[geometry.zoneCount()][];
        blocksByZone = new int[geometry.zoneCount()];
        emptiedAt = new long[geometry.zoneCount()];
        final MemorySegment reserved = NativeMemory.reserve(this.maxBytes + MAX_STEP_BYTES, arena);
        memory = reserved.asSlice(-reserved.address() & (MAX_STEP_BYTES - 1), this.maxBytes);
        NativeMemory.adviseHugePages(memory);
    }

    /// Less than a huge page for a device that holds little itself.
    private static long stepBytes(final ZoneGeometry geometry) {
        final long share = Long.highestOneBit(geometry.zoneCount() * geometry.zoneCapacity() / SMALL_DEVICE_SHARE);
        return Math.min(MAX_STEP_BYTES, Math.max(share, geometry.maxAppend()));
    }

    // ---- readers

    /// Place of the logical block that holds an address, or {@link #ABSENT}. What is copied from it counts if {@link
    /// #stillHolds} afterwards.
    public long find(final long address) {
        final long[] places = (long[]) TABLES.getAcquire(placesByZone, geometry.zoneOf(address));
        if (places == null) {
            return ABSENT;
        }
        final long place = (long) LONGS.getAcquire(places, (int) (geometry.offsetOf(address) >>> granuleShift));
        return place < (long) OLDEST.getAcquire(this) ? ABSENT : place;
    }

    /// Offset in {@link #memory} of an address that was found at a place.
    public long offsetOf(final long place, final long address) {
        return (place & GRANULE_MASK) << granuleShift | (address & (geometry.blockSize() - 1));
    }

    /// Whether a place has not been given up: what was copied from it is what was found there.
    public boolean stillHolds(final long place) {
        // Pairs with the full fence of evict: loads of the copy must not move below this check.
        VarHandle.acquireFence();
        return place >= (long) OLDEST.getOpaque(this);
    }

    /// The memory that offsets refer to. Access after close throws {@link IllegalStateException}.
    public MemorySegment memory() {
        return memory;
    }

    // ---- the agent

    /// Copies a block that was appended; if there is no room for it at all, does nothing. Before the index points at
    /// the address.
    ///
    /// @param length appended bytes, a multiple of the logical block
    public void add(final long address, final MemorySegment from, final long offset, final int length) {
        final int granules = length >>> granuleShift;
        if (!makeRoom(length)) {
            return;
        }
        final long place = next;
        MemorySegment.copy(from, offset, memory, (place & GRANULE_MASK) << granuleShift, length);
        next += granules;
        blocks.addLong(place);
        blocks.addLong(address);
        final int zone = geometry.zoneOf(address);
        long[] places = placesByZone[zone];
        if (places == null) {
            places = new long[granulesPerZone];
            TABLES.setRelease(placesByZone, zone, places);
        }
        blocksByZone[zone]++;
        final int first = (int) (geometry.offsetOf(address) >>> granuleShift);
        for (int i = 0; i < granules; i++) {
            LONGS.setRelease(places, first + i, place + i);
        }
    }

    /// A zone was emptied: other blocks will get the addresses of those that lay in it. Before the zone is appended to
    /// again.
    public void forget(final int zone) {
        TABLES.setRelease(placesByZone, zone, null);
        blocksByZone[zone] = 0;
        emptiedAt[zone] = next;
    }

    /// Whether a block can be added without giving another up.
    public boolean hasSpareRoom() {
        return backedBytes + stepBytes <= limit();
    }

    /// Memory in use. Any thread, roughly.
    public long memoryBytes() {
        return backedBytes;
    }

    /// Gives the memory back; readers get an exception.
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    private long limit() {
        return Math.min(maxBytes, budgetBytes.getAsLong()) / stepBytes * stepBytes;
    }

    private boolean makeRoom(final int length) {
        long end = ((next & GRANULE_MASK) << granuleShift) + length;
        if (end > lapEnd) {
            final long limit = limit();
            while (end > lapEnd && lapEnd + stepBytes <= limit) {
                growLap();
            }
            if (end > lapEnd) {
                beginLap(limit);
                end = length;
            }
        }
        if (end > lapEnd) {
            return false;
        }
        // What the new block overwrites are the last lap's blocks up to its end.
        evictBefore(((next >>> LAP_SHIFT) - 1) << LAP_SHIFT | end >>> granuleShift);
        return true;
    }

    private void growLap() {
        if (lapEnd == backedBytes) {
            NativeMemory.populate(memory.asSlice(backedBytes, stepBytes));
            backedBytes += stepBytes;
        }
        lapEnd += stepBytes;
    }

    /// Goes on at the beginning of the ring. Of the lap before the present one only blocks behind the present one's
    /// end are left, and they go.
    private void beginLap(final long limit) {
        final long lap = next >>> LAP_SHIFT;
        final long used = (next & GRANULE_MASK) << granuleShift;
        evictBefore(lap << LAP_SHIFT);
        next = (lap + 1) << LAP_SHIFT;
        // If the budget shrank, because the index grew: nothing is left behind what the present lap used.
        final long keep = Math.max(limit, (used + stepBytes - 1) / stepBytes * stepBytes);
        if (keep < backedBytes) {
            NativeMemory.discard(memory.asSlice(keep, backedBytes - keep));
            backedBytes = keep;
        }
        lapEnd = Math.min(limit, backedBytes);
    }

    private void evictBefore(final long place) {
        boolean evicted = false;
        while (!blocks.isEmpty() && blocks.peekLong() < place) {
            final long block = blocks.pollLong();
            final int zone = geometry.zoneOf(blocks.pollLong());
            if (block >= emptiedAt[zone] && --blocksByZone[zone] == 0) {
                TABLES.setRelease(placesByZone, zone, null);
            }
            evicted = true;
        }
        if (evicted) {
            OLDEST.setOpaque(this, blocks.isEmpty() ? next : blocks.peekLong());
            // The memory's new content must not become visible before that.
            VarHandle.fullFence();
        }
    }
}
