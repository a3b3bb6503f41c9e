/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// The shards' slots: linear probing over slots that are kept in the order of their fingerprints.
///
/// Memory: one header of 128 bytes per shard, all headers together (so that they do not fall on the same cache
/// set), then the shards at a fixed stride. A header: latch (0), buckets (8), entries (16), tombstones (24),
/// changes (32). A shard is a run of whole pages, each of 64 buckets; a bucket is 4 slots in one cache line; a
/// slot is fingerprint (0) and word (8), a word of 0 being empty.
///
/// An entry's home is the first slot of bucket `fingerprint · buckets / 2⁶⁴`, which grows with the
/// fingerprint (taken as unsigned). Entries lie at or after their home, with no empty slot in between, in
/// ascending order. So a search ends at the first larger fingerprint, for keys that are there and keys that
/// are not; a removal closes its gap and leaves no tombstone; and growing is one sweep in place, because the
/// order stays. There is no wrap-around: the last buckets are nobody's home and take what is displaced, and
/// if they do not suffice the shard grows.
///
/// Offsets are absolute within the memory. Methods that say so need the shard's latch; {@link #lookup} needs
/// nothing.
final class SlotTable {
    static final int PAGE_BYTES = 4096;
    static final int HEADER_BYTES = 128;
    static final int SLOT_BYTES = 16;

    private static final int BUCKET_BYTES = 64;
    private static final int SLOTS_PER_BUCKET = BUCKET_BYTES / SLOT_BYTES;
    private static final int BUCKETS_PER_PAGE = PAGE_BYTES / BUCKET_BYTES;
    /// At full load more than 32 entries are displaced beyond the end once in some thousand shards.
    private static final int OVERFLOW_BUCKETS = 8;

    /// Most entries per 100 slots: a miss looks at about three slots, an insertion moves about 13.
    private static final int LOAD_PERCENT = 80;
    /// Growth by this many percent keeps the load above 70 of 100 slots: 22.8 bytes a key.
    private static final int GROWTH_PERCENT = 114;
    /// Below about this size a shard grows by a quarter: many small steps would cost more than the
    /// insertions.
    private static final int SMALL_PAGES = 32;
    /// Below this size it grows by single pages, with which a quarter cannot be expressed.
    private static final int TINY_PAGES = 16;

    private static final long BUCKETS_OFFSET = 8;
    private static final long ENTRIES_OFFSET = 16;
    private static final long TOMBSTONES_OFFSET = 24;
    private static final long CHANGES_OFFSET = 32;

    private static final ValueLayout.OfLong LAYOUT = ValueLayout.JAVA_LONG;
    private static final VarHandle LONG = LAYOUT.varHandle();

    private final MemorySegment memory;
    private final int shards;
    private final long firstShard;
    private final long stride;

    /// @param memory zeroed
    SlotTable(final MemorySegment memory, final int shards, final long firstShard, final long stride) {
        this.memory = memory;
        this.shards = shards;
        this.firstShard = firstShard;
        this.stride = stride;
        for (int shard = 0; shard < shards; shard++) {
            memory.set(LAYOUT, latch(shard) + BUCKETS_OFFSET, buckets(1));
        }
    }

    /// Where a shard's {@link ShardLatch} lies: at the start of its header.
    long latch(final int shard) {
        return (long) shard * HEADER_BYTES;
    }

    long entries(final int shard) {
        return (long) LONG.getOpaque(memory, latch(shard) + ENTRIES_OFFSET);
    }

    long tombstones(final int shard) {
        return (long) LONG.getOpaque(memory, latch(shard) + TOMBSTONES_OFFSET);
    }

    /// How often entries were entered, replaced or removed.
    long changes(final int shard) {
        return (long) LONG.getOpaque(memory, latch(shard) + CHANGES_OFFSET);
    }

    long pages(final int shard) {
        return (bucketCount(shard) + OVERFLOW_BUCKETS) / BUCKETS_PER_PAGE;
    }

    /// The word of a fingerprint, or 0, without taking the latch.
    long lookup(final int shard, final long fingerprint) {
        final long latch = latch(shard);
        while (true) {
            final long stamp = ShardLatch.beginRead(memory, latch);
            final long word = probe(shard, fingerprint);
            if (ShardLatch.validate(memory, latch, stamp)) {
                return word;
            }
        }
    }

    /// Any answer while entries move, but within the shard: every bucket count ever stored fits the stride.
    private long probe(final int shard, final long fingerprint) {
        final long buckets = bucketCount(shard);
        final long end = end(shard, buckets);
        for (long slot = home(shard, fingerprint, buckets); slot < end; slot += SLOT_BYTES) {
            // Acquire: whoever finds a word sees what its publisher did before.
            final long word = (long) LONG.getAcquire(memory, slot + Long.BYTES);
            if (word == 0) {
                return 0;
            }
            final long found = (long) LONG.getOpaque(memory, slot);
            if (found == fingerprint) {
                return word;
            }
            if (Long.compareUnsigned(found, fingerprint) > 0) {
                return 0;
            }
        }
        return 0;
    }

    /// The slot where a fingerprint is or, if {@link #holds} denies it, belongs; possibly the shard's end.
    /// Needs the latch.
    long find(final int shard, final long fingerprint) {
        final long buckets = bucketCount(shard);
        final long end = end(shard, buckets);
        long slot = home(shard, fingerprint, buckets);
        while (slot < end && word(slot) != 0 && Long.compareUnsigned(fingerprint(slot), fingerprint) < 0) {
            slot += SLOT_BYTES;
        }
        return slot;
    }

    /// Whether the slot that {@link #find} returned holds the fingerprint. Needs the latch.
    boolean holds(final int shard, final long slot, final long fingerprint) {
        return slot < end(shard, bucketCount(shard)) && word(slot) != 0 && fingerprint(slot) == fingerprint;
    }

    long word(final long slot) {
        return memory.get(LAYOUT, slot + Long.BYTES);
    }

    /// Replaces the word of an entry, under readers' eyes. Needs the latch.
    void replace(final int shard, final long slot, final long word) {
        count(shard, 0, tombstone(word) - tombstone(word(slot)));
        // Release: a reader who finds the word sees what its publisher did before.
        LONG.setRelease(memory, slot + Long.BYTES, word);
    }

    /// Inserts an entry at the slot that {@link #find} returned. Needs the latch.
    ///
    /// @return whether there was room; if not, nothing happened and the shard must grow
    boolean insert(final int shard, final long slot, final long fingerprint, final long word) {
        final long buckets = bucketCount(shard);
        if (entries(shard) >= limit(buckets)) {
            return false;
        }
        final long end = end(shard, buckets);
        long gap = slot;
        while (gap < end && word(gap) != 0) {
            gap += SLOT_BYTES;
        }
        if (gap >= end) {
            return false;
        }
        ShardLatch.startMoving(memory, latch(shard));
        for (; gap > slot; gap -= SLOT_BYTES) {
            move(gap - SLOT_BYTES, gap);
        }
        store(slot, fingerprint, word);
        count(shard, 1, tombstone(word));
        return true;
    }

    /// Inserts an entry behind all others of its shard. Needs the latch.
    ///
    /// @param behind the end of the last one, 0 if there is none
    /// @return its slot; 0 if there was no room: nothing happened, and the shard must grow
    long append(final int shard, final long behind, final long fingerprint, final long word) {
        final long buckets = bucketCount(shard);
        final long slot = Math.max(home(shard, fingerprint, buckets), behind);
        if (entries(shard) >= limit(buckets) || slot >= end(shard, buckets)) {
            return 0;
        }
        ShardLatch.startMoving(memory, latch(shard));
        store(slot, fingerprint, word);
        count(shard, 1, tombstone(word));
        return slot;
    }

    /// Removes the entry in a slot and closes the gap. Needs the latch.
    void remove(final int shard, final long slot) {
        final long buckets = bucketCount(shard);
        final long end = end(shard, buckets);
        count(shard, -1, -tombstone(word(slot)));
        ShardLatch.startMoving(memory, latch(shard));
        long gap = slot;
        long next = slot + SLOT_BYTES;
        while (next < end && word(next) != 0 && home(shard, fingerprint(next), buckets) <= gap) {
            move(next, gap);
            gap = next;
            next += SLOT_BYTES;
        }
        memory.set(LAYOUT, gap + Long.BYTES, 0L);
    }

    /// How many pages a shard should have after growing from `pages`.
    long grownPages(final int shard, final long pages) {
        // All shards fill alike. That each has its own sequence of sizes spreads their growth over time, and keeps the
        // memory per key near its mean.
        final long small = SMALL_PAGES + (long) shard * (SMALL_PAGES / 4) / shards;
        if (pages >= small) {
            return pages * GROWTH_PERCENT / 100;
        }
        if (pages < TINY_PAGES) {
            return pages + 1;
        }
        long next = small;
        while (next * 4 / 5 > pages) {
            next = next * 4 / 5;
        }
        return next;
    }

    /// Whether a shard of `pages` still lies within its stride.
    boolean fits(final long pages) {
        return pages <= stride / PAGE_BYTES;
    }

    /// Grows a shard in place. Needs the latch.
    ///
    /// @return false if the entries would run off the end even then; nothing happened
    boolean grow(final int shard, final long pages) {
        final long oldEnd = end(shard, bucketCount(shard));
        final long buckets = buckets(pages);
        final long end = end(shard, buckets);
        if (spread(shard, base(shard), oldEnd, buckets, end, false) > end) {
            return false;
        }
        ShardLatch.startMoving(memory, latch(shard));
        // First all entries to the far end of the grown shard, then each to its place. No place lies beyond the one an
        // entry is read from: behind it, in order, are as many slots as entries to come. So nothing is overwritten.
        final long first = pushBack(base(shard), oldEnd, end);
        final long last = spread(shard, first, end, buckets, end, true);
        clear(last, end);
        memory.set(LAYOUT, latch(shard) + BUCKETS_OFFSET, buckets);
        return true;
    }

    /// The pages of a shard that is to take so many entries and some more.
    long pagesFor(final long entries) {
        final long slots = entries * 100 / (LOAD_PERCENT - 5) + (long) OVERFLOW_BUCKETS * SLOTS_PER_BUCKET;
        return slots / ((long) BUCKETS_PER_PAGE * SLOTS_PER_BUCKET) + 1;
    }

    /// Copies entries of a shard from a fingerprint on, fingerprint and word in turn, as many as fit. Needs
    /// the latch.
    int copy(final int shard, final long from, final long[] target) {
        final long end = end(shard, bucketCount(shard));
        int index = 0;
        for (long slot = find(shard, from); slot < end && index + 2 <= target.length; slot += SLOT_BYTES) {
            final long word = word(slot);
            if (word != 0) {
                target[index++] = fingerprint(slot);
                target[index++] = word;
            }
        }
        return index / 2;
    }

    private long pushBack(final long from, final long to, final long end) {
        long target = end;
        for (long slot = to - SLOT_BYTES; slot >= from; slot -= SLOT_BYTES) {
            if (word(slot) != 0) {
                target -= SLOT_BYTES;
                move(slot, target);
            }
        }
        return target;
    }

    /// Gives the entries of a range their places in a table of so many buckets, or only computes them.
    ///
    /// @return the end of the last place
    private long spread(
            final int shard, final long from, final long to, final long buckets, final long end, final boolean place) {
        long next = base(shard);
        for (long slot = from; slot < to && next <= end; slot += SLOT_BYTES) {
            final long word = word(slot);
            if (word != 0) {
                final long fingerprint = fingerprint(slot);
                final long target = Math.max(next, home(shard, fingerprint, buckets));
                if (place) {
                    clear(next, target);
                    store(target, fingerprint, word);
                }
                next = target + SLOT_BYTES;
            }
        }
        return next;
    }

    private void clear(final long from, final long to) {
        for (long slot = from; slot < to; slot += SLOT_BYTES) {
            memory.set(LAYOUT, slot + Long.BYTES, 0L);
        }
    }

    private void move(final long from, final long to) {
        store(to, fingerprint(from), word(from));
    }

    private void store(final long slot, final long fingerprint, final long word) {
        memory.set(LAYOUT, slot, fingerprint);
        memory.set(LAYOUT, slot + Long.BYTES, word);
    }

    private long fingerprint(final long slot) {
        return memory.get(LAYOUT, slot);
    }

    /// Notes a change of a shard's entries.
    private void count(final int shard, final long entries, final long tombstones) {
        final long header = latch(shard);
        LONG.setOpaque(memory, header + ENTRIES_OFFSET, entries(shard) + entries);
        LONG.setOpaque(memory, header + TOMBSTONES_OFFSET, tombstones(shard) + tombstones);
        LONG.setOpaque(memory, header + CHANGES_OFFSET, changes(shard) + 1);
    }

    private static long tombstone(final long word) {
        return IndexEntry.isTombstone(word) ? 1 : 0;
    }

    private long bucketCount(final int shard) {
        return (long) LONG.getOpaque(memory, latch(shard) + BUCKETS_OFFSET);
    }

    private long base(final int shard) {
        return firstShard + shard * stride;
    }

    private long end(final int shard, final long buckets) {
        return base(shard) + (buckets + OVERFLOW_BUCKETS) * BUCKET_BYTES;
    }

    private long home(final int shard, final long fingerprint, final long buckets) {
        return base(shard) + Math.unsignedMultiplyHigh(fingerprint, buckets) * BUCKET_BYTES;
    }

    /// The home buckets of a shard of so many pages.
    private static long buckets(final long pages) {
        return pages * BUCKETS_PER_PAGE - OVERFLOW_BUCKETS;
    }

    private static long limit(final long buckets) {
        return buckets * SLOTS_PER_BUCKET * LOAD_PERCENT / 100;
    }
}
