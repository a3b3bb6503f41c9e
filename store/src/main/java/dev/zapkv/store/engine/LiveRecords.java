/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.StoreFullException;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.zone.ZoneTable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/// Keeps account of the records that the index points at: their bytes, in the store against its bound and in each zone,
/// and how many of them are chunks. Thread-safe.
final class LiveRecords {
    private final ZoneTable zones;
    private final long usableBytes;
    private final LongSupplier lastClaimedBlock;
    private final AtomicLong bytes = new AtomicLong();
    private final LongAdder chunks = new LongAdder();

    /// @param usableBytes      record bytes that may be live at a time
    /// @param lastClaimedBlock last host block in which a place was ever claimed
    LiveRecords(final ZoneTable zones, final long usableBytes, final LongSupplier lastClaimedBlock) {
        this.zones = zones;
        this.usableBytes = usableBytes;
        this.lastClaimedBlock = lastClaimedBlock;
    }

    /// What an opening found.
    void recovered(final long chunkRecords, final long liveBytes) {
        chunks.add(chunkRecords);
        bytes.set(liveBytes);
    }

    /// Record bytes that may be live at a time.
    long usableBytes() {
        return usableBytes;
    }

    /// Live records that are chunks.
    long chunks() {
        return chunks.sum();
    }

    /// Whether so many bytes more can be live. What leaves more would leave garbage collection without garbage.
    boolean hasRoomFor(final long length) {
        return bytes.get() + length <= usableBytes;
    }

    /// Refuses what {@link #hasRoomFor} has no room for.
    void requireRoomFor(final long length) {
        if (!hasRoomFor(length)) {
            throw storeFull(length, "");
        }
    }

    /// @param advice more of it, with a space before it
    StoreFullException storeFull(final long length, final String advice) {
        return new StoreFullException("the store is full: " + bytes.get() + " bytes of live records, "
                + usableBytes + " can be held, " + length + " more were to be written. Delete keys, or create a store"
                + " with a larger capacityBytes." + advice + " Nothing was changed");
    }

    /// An index entry took the place of another.
    ///
    /// @param old 0 if there was none
    /// @param now of a record in staging
    void replaced(final long old, final long now) {
        long change = IndexEntry.isTombstone(now) ? 0 : IndexEntry.lengthBytes(now);
        if (IndexEntry.isChunk(now) && old == 0) {
            chunks.increment();
        }
        if (old != 0 && !IndexEntry.isTombstone(old)) {
            change -= IndexEntry.lengthBytes(old);
            countGarbage(old);
        }
        bytes.getAndAdd(change);
    }

    /// A chunk's entry was taken out of the index.
    void chunkRemoved(final long entry) {
        chunks.decrement();
        bytes.getAndAdd(-IndexEntry.lengthBytes(entry));
        countGarbage(entry);
    }

    /// Relocation changed the length of a live record.
    void relocated(final long change) {
        if (change != 0) {
            bytes.getAndAdd(change);
        }
    }

    private void countGarbage(final long entry) {
        if (!IndexEntry.isMemory(entry)) {
            final int zone = zones.zoneOf(IndexEntry.deviceAddress(entry));
            zones.superseded(zone, lastClaimedBlock.getAsLong());
            zones.addLive(zone, -IndexEntry.lengthBytes(entry));
        }
    }
}
