/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

import dev.zapkv.io.NativeMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/// A map from a key's hash to the word of its newest record ({@link IndexEntry}), off-heap, without the key.
///
/// Split into shards by the upper bits of the location hash. Reads take no lock: they look again if entries
/// of the shard moved meanwhile. Writers exclude each other shard by shard, for the time of an insertion, now
/// and then for the growth of one shard by a seventh. About 21 bytes a key, at most 24 from 1,000 keys per
/// shard on. No operation but {@link #publishAll} allocates.
///
/// Closing unmaps the memory; any use after that throws {@link IllegalStateException}, whatever thread it is
/// on.
public final class PointIndex implements AutoCloseable {
    /// {@link #publish}: the entry there is as new or newer. Not a valid word.
    public static final long REFUSED_OLDER = -1L << 20;
    /// {@link #publish}: the entry there is the head of a large value. Not a valid word.
    public static final long REFUSED_LARGE = -2L << 20;
    /// {@link #publish}, {@link #set}: a new entry has no room within the memory limit. Not a valid word.
    public static final long REFUSED_FULL = -3L << 20;
    // Not a valid word.
    private static final long THERE = -4L << 20;

    /// Most memory per shard: with this, entries of one shard can be counted in an `int` and copied to an
    /// array.
    public static final long MAX_SHARD_BYTES = 8L << 30;

    /// Shards begin where pages begin, on kernels with large pages too.
    private static final long SHARD_ALIGNMENT = 64 << 10;
    private static final int SHARD_COUNT_LIMIT = 1 << 16;

    private final Arena arena = Arena.ofShared();
    private final int shardCount;
    private final int shardShift;
    private final long maxMemoryBytes;
    private final MemorySegment memory;
    private final SlotTable table;
    private final AtomicLong memoryBytes;

    /// Reserves address space for the limit; memory is taken as entries come.
    ///
    /// @param shardCount a power of two up to 65,536; a shard per several thousand keys is a good number
    /// @param maxMemoryBytes never exceeded; at most 8 GiB per shard, at least 4 KiB and 128 bytes
    /// @throws dev.zapkv.io.DeviceException if the address space is refused
    public PointIndex(final int shardCount, final long maxMemoryBytes) {
        if (shardCount < 1 || shardCount > SHARD_COUNT_LIMIT || Integer.bitCount(shardCount) != 1) {
            throw new IllegalArgumentException(
                    "shard count is no power of two up to " + SHARD_COUNT_LIMIT + ": shardCount=" + shardCount);
        }
        final long headers = align((long) shardCount * SlotTable.HEADER_BYTES, SlotTable.PAGE_BYTES);
        final long initial = headers + (long) shardCount * SlotTable.PAGE_BYTES;
        if (maxMemoryBytes < initial) {
            throw new IllegalArgumentException("an index of " + shardCount + " shards needs at least " + initial
                    + " bytes: raise the limit or lower the shard count; maxMemoryBytes=" + maxMemoryBytes);
        }
        final long share = maxMemoryBytes / shardCount;
        if (share > MAX_SHARD_BYTES) {
            throw new IllegalArgumentException("shards of " + share + " bytes are too large: raise the shard count or"
                    + " lower the limit; shardCount=" + shardCount + ", maxMemoryBytes=" + maxMemoryBytes);
        }
        // A quarter of slack and 64 KiB cover the shards that chance makes larger; untouched they cost nothing.
        final long stride = align(share + share / 4 + SHARD_ALIGNMENT, SHARD_ALIGNMENT);
        final long firstShard = align(headers, SHARD_ALIGNMENT);
        this.shardCount = shardCount;
        this.shardShift = Long.SIZE - Integer.numberOfTrailingZeros(shardCount);
        this.maxMemoryBytes = maxMemoryBytes;
        memory = reserve(firstShard + shardCount * stride, arena);
        table = new SlotTable(memory, shardCount, firstShard, stride);
        memoryBytes = new AtomicLong(initial);
    }

    private static MemorySegment reserve(final long length, final Arena arena) {
        try {
            return NativeMemory.reserve(length, arena);
        } catch (final RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /// The word of a key, or 0.
    public long get(final long fingerprint, final long location) {
        return table.lookup(shardOf(location), fingerprint);
    }

    /// The word of a fingerprint in a shard, or 0: for entries met while {@linkplain #readShard reading a
    /// shard}.
    public long getInShard(final int shard, final long fingerprint) {
        return table.lookup(checkShard(shard), fingerprint);
    }

    /// Enters a record that has just been given its place in the log, a put or a tombstone. It replaces a
    /// device word and an older memory word, and is entered where there is none.
    ///
    /// @param word a memory word
    /// @param replaceLarge whether it may replace the head of a large value
    /// @return the word before, 0 if there was none; or, with nothing changed, {@link #REFUSED_OLDER},
    ///     {@link #REFUSED_LARGE}, {@link #REFUSED_FULL}
    public long publish(final long fingerprint, final long location, final long word, final boolean replaceLarge) {
        if (!IndexEntry.isMemory(word) || IndexEntry.lengthBytes(word) == 0) {
            throw new IllegalArgumentException("not a memory word: word=0x" + Long.toHexString(word));
        }
        final int shard = shardOf(location);
        final long latch = table.latch(shard);
        ShardLatch.lock(memory, latch);
        try {
            final long slot = table.find(shard, fingerprint);
            return table.holds(shard, slot, fingerprint)
                    ? publishOver(shard, slot, word, replaceLarge)
                    : insert(shard, slot, fingerprint, word);
        } finally {
            ShardLatch.unlock(memory, latch);
        }
    }

    private long publishOver(final int shard, final long slot, final long word, final boolean replaceLarge) {
        final long previous = table.word(slot);
        if (IndexEntry.isMemory(previous) && !IndexEntry.newer(word, previous)) {
            return REFUSED_OLDER;
        }
        if (IndexEntry.isLarge(previous) && !replaceLarge) {
            return REFUSED_LARGE;
        }
        table.replace(shard, slot, word);
        return previous;
    }

    /// As {@link #publish} for several records, in the order of the log: all of them, or none if one that is
    /// new has no room. Nobody ever sees those entered before the one that has none.
    ///
    /// @param replaced gets what {@link #publish} would have returned for each
    /// @return false if there is no room within the memory limit; then nothing is changed
    public boolean publishAll(
            final long[] fingerprints, final long[] locations, final long[] words, final long[] replaced) {
        final int[] shards = new int[locations.length];
        Arrays.setAll(shards, i -> shardOf(locations[i]));
        // Each once, and in order: two that publish wait for each other, never in a circle.
        final int[] latched = Arrays.stream(shards).sorted().distinct().toArray();
        int held = 0;
        try {
            for (; held < latched.length; held++) {
                ShardLatch.lock(memory, table.latch(latched[held]));
            }
            if (!enterAll(shards, fingerprints, words, replaced)) {
                return false;
            }
            replaceThere(shards, fingerprints, words, replaced);
            return true;
        } finally {
            while (held > 0) {
                ShardLatch.unlock(memory, table.latch(latched[--held]));
            }
        }
    }

    /// Enters those that are new, each of which makes readers of its shard wait until its latch is given back.
    private boolean enterAll(final int[] shards, final long[] fingerprints, final long[] words, final long[] replaced) {
        for (int i = 0; i < words.length; i++) {
            final long slot = table.find(shards[i], fingerprints[i]);
            replaced[i] = table.holds(shards[i], slot, fingerprints[i])
                    ? THERE
                    : insert(shards[i], slot, fingerprints[i], words[i]);
            if (replaced[i] == REFUSED_FULL) {
                removeEntered(i, shards, fingerprints, replaced);
                return false;
            }
        }
        return true;
    }

    private void removeEntered(final int count, final int[] shards, final long[] fingerprints, final long[] replaced) {
        for (int i = 0; i < count; i++) {
            if (replaced[i] == 0) {
                table.remove(shards[i], table.find(shards[i], fingerprints[i]));
            }
        }
    }

    private void replaceThere(
            final int[] shards, final long[] fingerprints, final long[] words, final long[] replaced) {
        for (int i = 0; i < words.length; i++) {
            if (replaced[i] == THERE) {
                replaced[i] = publishOver(shards[i], table.find(shards[i], fingerprints[i]), words[i], false);
            }
        }
    }

    /// Replaces the word of a key if it is the expected one.
    ///
    /// @return whether it was
    public boolean replace(final long fingerprint, final long location, final long expected, final long word) {
        checkWord(word);
        final int shard = shardOf(location);
        final long latch = table.latch(shard);
        ShardLatch.lock(memory, latch);
        try {
            final long slot = table.find(shard, fingerprint);
            if (!table.holds(shard, slot, fingerprint) || table.word(slot) != expected) {
                return false;
            }
            table.replace(shard, slot, word);
            return true;
        } finally {
            ShardLatch.unlock(memory, latch);
        }
    }

    /// Removes the entry of a key if its word is the expected one.
    ///
    /// @return whether it was
    public boolean remove(final long fingerprint, final long location, final long expected) {
        final int shard = shardOf(location);
        final long latch = table.latch(shard);
        ShardLatch.lock(memory, latch);
        try {
            final long slot = table.find(shard, fingerprint);
            if (!table.holds(shard, slot, fingerprint) || table.word(slot) != expected) {
                return false;
            }
            table.remove(shard, slot);
            return true;
        } finally {
            ShardLatch.unlock(memory, latch);
        }
    }

    /// Enters or replaces the word of a key, whatever it was. Any value is a word here except 0 and the
    /// refusals, so that an index may also map keys to something else.
    ///
    /// @return the word before, 0 if there was none; or, with nothing changed, {@link #REFUSED_FULL}
    public long set(final long fingerprint, final long location, final long word) {
        final int shard = shardOf(location);
        final long latch = table.latch(shard);
        ShardLatch.lock(memory, latch);
        try {
            return setLatched(shard, fingerprint, word);
        } finally {
            ShardLatch.unlock(memory, latch);
        }
    }

    /// Takes a shard's latch for many changes in a row. To be closed by the same thread.
    public ShardWriter writeShard(final int shard) {
        ShardLatch.lock(memory, table.latch(checkShard(shard)));
        return new ShardWriter(this, table, shard);
    }

    /// Gives it back.
    void unlock(final int shard) {
        ShardLatch.unlock(memory, table.latch(shard));
    }

    /// Entries that are not tombstones. Exact while nobody writes.
    public long size() {
        long sum = 0;
        for (int shard = 0; shard < shardCount; shard++) {
            sum += table.entries(shard) - table.tombstones(shard);
        }
        return sum;
    }

    /// Entries of a shard.
    public long entries(final int shard) {
        return table.entries(checkShard(shard));
    }

    /// Entries that are tombstones. Exact while nobody writes.
    public long tombstones() {
        long sum = 0;
        for (int shard = 0; shard < shardCount; shard++) {
            sum += table.tombstones(shard);
        }
        return sum;
    }

    /// Memory taken so far: whole pages of all shards, and the headers.
    public long memoryBytes() {
        return memoryBytes.get();
    }

    /// Memory that is never exceeded.
    public long maxMemoryBytes() {
        return maxMemoryBytes;
    }

    /// How many shards there are.
    public int shardCount() {
        return shardCount;
    }

    /// The shard of a key.
    public int shardOf(final long location) {
        // In two steps: with a single shard one shift by 64 would be none.
        return (int) (location >>> 1 >>> (shardShift - 1));
    }

    /// Copies entries of a shard as they are at one moment, fingerprint and word in turn, in the order of
    /// unsigned fingerprints. Reads go on meanwhile, writes to this shard wait. An entry that is there during
    /// a series of calls, each beginning behind the last fingerprint of the one before, is met exactly once.
    ///
    /// @param from lowest fingerprint, unsigned
    /// @return entries copied; fewer than half the target's length if there are no more
    public int readShard(final int shard, final long from, final long[] target) {
        final long latch = table.latch(checkShard(shard));
        ShardLatch.lock(memory, latch);
        try {
            return table.copy(shard, from, target);
        } finally {
            ShardLatch.unlock(memory, latch);
        }
    }

    /// A number that grows with each change of a shard's entries.
    public long changes(final int shard) {
        return table.changes(checkShard(shard));
    }

    /// Unmaps the memory. Idempotent; other threads may be at work, they get an {@link
    /// IllegalStateException}.
    @Override
    public synchronized void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    /// Makes room for so many entries in a shard. Needs the latch.
    ///
    /// @return false if the memory limit does not allow it
    boolean grow(final int shard, final long entries) {
        final long before = table.pages(shard);
        final long pages = Math.max(before, table.pagesFor(entries));
        final long growth = (pages - before) * SlotTable.PAGE_BYTES;
        return growth == 0 || (table.fits(pages) && take(growth) && table.grow(shard, pages));
    }

    /// As {@link #set}. Needs the latch.
    long setLatched(final int shard, final long fingerprint, final long word) {
        checkWord(word);
        final long slot = table.find(shard, fingerprint);
        if (!table.holds(shard, slot, fingerprint)) {
            return insert(shard, slot, fingerprint, word);
        }
        final long previous = table.word(slot);
        table.replace(shard, slot, word);
        return previous;
    }

    /// Inserts an entry, growing the shard if need be. Needs the latch.
    ///
    /// @param slot where {@link SlotTable#find} says that it belongs
    /// @return 0 or {@link #REFUSED_FULL}
    private long insert(final int shard, final long slot, final long fingerprint, final long word) {
        long place = slot;
        while (!table.insert(shard, place, fingerprint, word)) {
            if (!grow(shard)) {
                return REFUSED_FULL;
            }
            place = table.find(shard, fingerprint);
        }
        return 0;
    }

    private boolean grow(final int shard) {
        final long before = table.pages(shard);
        long pages = before;
        while (true) {
            pages = table.grownPages(shard, pages);
            final long growth = (pages - before) * SlotTable.PAGE_BYTES;
            if (!table.fits(pages) || !take(growth)) {
                return false;
            }
            if (table.grow(shard, pages)) {
                return true;
            }
            memoryBytes.getAndAdd(-growth);
        }
    }

    private boolean take(final long bytes) {
        while (true) {
            final long taken = memoryBytes.get();
            if (bytes > maxMemoryBytes - taken) {
                return false;
            }
            if (memoryBytes.compareAndSet(taken, taken + bytes)) {
                return true;
            }
        }
    }

    private int checkShard(final int shard) {
        if (shard < 0 || shard >= shardCount) {
            throw new IndexOutOfBoundsException("shard=" + shard + ", shardCount=" + shardCount);
        }
        return shard;
    }

    static void checkWord(final long word) {
        if (word == 0 || word == REFUSED_OLDER || word == REFUSED_LARGE || word == REFUSED_FULL) {
            throw new IllegalArgumentException(
                    "0 and the refusals cannot be entered: word=0x" + Long.toHexString(word));
        }
    }

    private static long align(final long value, final long alignment) {
        return (value + alignment - 1) & -alignment;
    }
}
