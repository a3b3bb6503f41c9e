/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.CorruptionException;
import dev.zapkv.Durability;
import dev.zapkv.StoreFullException;
import dev.zapkv.ZoneLostException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.ChunkSetNote;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.store.log.EntryShape;
import dev.zapkv.store.log.HashDomain;
import dev.zapkv.store.log.StagingLease;
import dev.zapkv.store.log.StagingLeases;
import dev.zapkv.store.log.StagingLog;
import dev.zapkv.store.read.ReadContext;
import dev.zapkv.store.read.RecordReader;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/// Puts, deletes and gets on an open store. Thread-safe.
///
/// *A put*: {@link StagingLog#claim} a place, {@link RecordWriter#write} the record into it, {@link
/// PointIndex#publish} it, {@link StagingLog#commit} the place, wait for the level ({@link IoAgent#await}).
/// *A get*: {@link RecordReader#read}.
///
/// Values that do not fit a block are stored as chunks, ordinary records under internal keys, and a head
/// record under the user's key that names them; the head is written last.
public final class Engine {
    private static final int LARGE_LOCKS = 64;
    // Of a tombstone: a newer record had been published already.
    private static final long TOO_LATE = Long.MIN_VALUE;

    private final StagingLog staging;
    private final StagingLeases leases;
    private final PointIndex index;
    private final KeyHash hash;
    private final ZoneTable zones;
    private final ZoneGeometry geometry;
    private final RecordReader reader;
    private final IoAgent agent;
    private final long usableBytes;
    private final ThreadLocal<RecordWriter> writers = ThreadLocal.withInitial(RecordWriter::new);
    private final Object[] largeLocks = new Object[LARGE_LOCKS];
    private final SplittableRandom chunkSetNumbers;
    private final ChunkSets chunkSets;

    private final AtomicLong liveBytes = new AtomicLong();
    private final LongAdder chunkEntries = new LongAdder();
    private final LongAdder userBytes = new LongAdder();
    private final LongAdder valueBytesCopied = new LongAdder();
    private final LongAdder valueBytesInPlace = new LongAdder();
    private final LongAdder puts = new LongAdder();
    private final LongAdder deletes = new LongAdder();
    private final LongAdder gets = new LongAdder();

    /// @param usableBytes record bytes that may be live at a time
    /// @param chunkSets   of the large values that are there
    /// @param chunkSeed   start of the chunk sets' numbers, different in each life of the store
    Engine(
            final AppendAgent append,
            final PointIndex index,
            final KeyHash hash,
            final ZoneTable zones,
            final ZoneGeometry geometry,
            final RecordReader reader,
            final IoAgent agent,
            final long usableBytes,
            final ChunkSets chunkSets,
            final long chunkSeed) {
        this.index = index;
        this.hash = hash;
        this.zones = zones;
        this.geometry = geometry;
        this.reader = reader;
        this.agent = agent;
        this.usableBytes = usableBytes;
        staging = append.staging();
        leases = append.leases();
        this.chunkSets = chunkSets;
        chunkSetNumbers = new SplittableRandom(chunkSeed);
        for (int i = 0; i < LARGE_LOCKS; i++) {
            largeLocks[i] = new Object();
        }
    }

    // ---- reads

    /// The value of a key, or null.
    public byte[] get(final byte[] key) {
        gets.increment();
        LargeHead incomplete = null;
        while (true) {
            final ReadContext found = read(key, false, null, 0);
            if (found == null) {
                return null;
            }
            if (!found.isLarge()) {
                return found.value();
            }
            final LargeHead head = head(found.value());
            if (head.equals(incomplete)) {
                // An overwrite replaces the head before it drops the chunks: these were lost.
                throw new CorruptionException("a part of a large value of " + head.totalLength()
                        + " bytes is missing on the device: restore the key from a backup");
            }
            final byte[] value = new byte[(int) head.totalLength()];
            if (readChunks(head, value)) {
                return value;
            }
            incomplete = head;
        }
    }

    /// Copies the value of a key as far as it fits; its whole length, or -1.
    public int get(final byte[] key, final byte[] into) {
        gets.increment();
        final ReadContext found = read(key, false, into, 0);
        if (found == null) {
            return -1;
        }
        if (!found.isLarge()) {
            return found.valueLength();
        }
        final byte[] value = get(key);
        if (value == null) {
            return -1;
        }
        System.arraycopy(value, 0, into, 0, Math.min(value.length, into.length));
        return value.length;
    }

    /// Whether a key has a value; from the index alone.
    public boolean contains(final byte[] key) {
        final long entry = index.get(hash.fingerprint(key, 0, key.length), hash.location(key, 0, key.length));
        return entry != 0 && !IndexEntry.isTombstone(entry);
    }

    private ReadContext read(final byte[] key, final boolean chunk, final byte[] into, final int at) {
        return reader.read(
                key,
                HashDomain.of(hash.fingerprint(key, 0, key.length), chunk),
                hash.location(key, 0, key.length),
                chunk,
                into,
                at);
    }

    /// Reads all chunks; false if one is gone because the value was overwritten meanwhile.
    private boolean readChunks(final LargeHead head, final byte[] value) {
        final byte[] key = new byte[ChunkKey.LENGTH];
        for (int i = 0; i < head.chunkCount(); i++) {
            ChunkKey.set(key, head.chunkSet(), i);
            final ReadContext chunk = read(key, true, value, i * head.chunkLength());
            if (chunk == null) {
                return false;
            }
            if (chunk.valueLength() != head.lengthOfChunk(i)) {
                throw new CorruptionException("chunk " + i + " of a large value has " + chunk.valueLength()
                        + " bytes instead of " + head.lengthOfChunk(i) + ": restore the key from a backup");
            }
        }
        return true;
    }

    private static LargeHead head(final byte[] value) {
        final LargeHead head = LargeHead.decode(value);
        if (head == null) {
            throw new CorruptionException("the head of a large value cannot be read: restore the key from a backup");
        }
        return head;
    }

    // ---- writes

    /// Longest value that is stored in one record.
    int maxInlineValue(final int keyLength) {
        return staging.maxClaim()
                - RecordFormat.length(keyLength, 0)
                - RecordFormat.ORIGIN_LENGTH
                - RecordFormat.ALIGNMENT;
    }

    /// Bytes of a batch's records that fit one block.
    public int maxBatchBytes() {
        // A batch may be a single record, which must still fit a block when it is relocated.
        return staging.maxClaim() - RecordFormat.ORIGIN_LENGTH - RecordFormat.ALIGNMENT;
    }

    /// Longest key: the head of a large value must fit a block with it.
    public int maxKeyLength() {
        return Math.min(RecordFormat.MAX_KEY_LENGTH, maxInlineValue(0) - LargeHead.LENGTH);
    }

    /// Stores a value.
    ///
    /// @return block that the level can be awaited for
    public long put(final byte[] key, final byte[] value) {
        final long block = value.length <= maxInlineValue(key.length)
                ? append(0, key, value, 0, value.length)
                : putLarge(key, value);
        puts.increment();
        userBytes.add(key.length + (long) value.length);
        return block;
    }

    /// Deletes a key.
    ///
    /// @return block that the level can be awaited for, negated less one if the key had no value
    public long delete(final byte[] key) {
        final long fingerprint = hash.fingerprint(key, 0, key.length);
        final long location = hash.location(key, 0, key.length);
        long outcome = TOO_LATE;
        while (outcome == TOO_LATE) {
            if (!isValue(index.get(fingerprint, location))) {
                // Whatever deleted it lies in a block up to this one.
                return -staging.lastClaimedBlock() - 1;
            }
            // What counts is what the tombstone replaces: another delete may have come in between. One that comes too
            // late replaces nothing, so nothing tells what it would have: it is written again.
            outcome = append(RecordFormat.FLAG_TOMBSTONE, key, new byte[0], 0, 0);
        }
        deletes.increment();
        userBytes.add(key.length);
        return outcome;
    }

    private static boolean isValue(final long entry) {
        return entry != 0 && !IndexEntry.isTombstone(entry);
    }

    /// Waits until a block has reached a level.
    public void await(final long block, final Durability level) {
        agent.await(block, level);
    }

    /// Repeats a record of a life of the store that ended without its being appended.
    void repeat(final int flags, final byte[] key, final byte[] value) {
        // Admitted already when it was written first.
        appendAdmitted(flags, key, value, 0, value.length);
    }

    private long append(final int flags, final byte[] key, final byte[] value, final int from, final int length) {
        agent.checkUsable();
        if ((flags & RecordFormat.FLAG_TOMBSTONE) == 0) {
            final boolean chunk = (flags & RecordFormat.FLAG_CHUNK) != 0;
            admit(
                    HashDomain.of(hash.fingerprint(key, 0, key.length), chunk),
                    hash.location(key, 0, key.length),
                    RecordFormat.align(RecordFormat.length(key.length, length)));
        }
        return appendAdmitted(flags, key, value, from, length);
    }

    /// @return block that the level can be awaited for; negated less one of a tombstone that replaced no
    /// value; or
    ///     {@link #TOO_LATE}
    private long appendAdmitted(
            final int flags, final byte[] key, final byte[] value, final int from, final int length) {
        final int claimed = RecordFormat.align(RecordFormat.length(key.length, length));
        final long position = staging.claim(claimed);
        final long replaced = complete(position, flags, key, value, from, length);
        valueBytesCopied.add(length);
        final long block = staging.blockOf(position);
        if (replaced == PointIndex.REFUSED_OLDER && (flags & RecordFormat.FLAG_LARGE) != 0) {
            // A newer record had been published already: nobody will ever look for these chunks.
            final LargeHead head = head(value);
            dropChunks(head.chunkSet(), head.chunkCount());
        }
        if ((flags & RecordFormat.FLAG_TOMBSTONE) == 0) {
            return block;
        }
        if (replaced == PointIndex.REFUSED_OLDER) {
            return TOO_LATE;
        }
        return isValue(replaced) ? block : -block - 1;
    }

    /// Writes a record to its claimed place and publishes it.
    ///
    /// @param value null if it lies there already
    /// @return as of {@link #publish}
    private long complete(
            final long position,
            final int flags,
            final byte[] key,
            final byte[] value,
            final int from,
            final int length) {
        final int recordLength = RecordFormat.length(key.length, length);
        final int claimed = RecordFormat.align(recordLength);
        final boolean chunk = (flags & RecordFormat.FLAG_CHUNK) != 0;
        final long fingerprint = HashDomain.of(hash.fingerprint(key, 0, key.length), chunk);
        final long location = hash.location(key, 0, key.length);
        long replaced = PointIndex.REFUSED_FULL;
        try {
            final long offset = staging.offsetOf(position);
            final RecordWriter writer = writers.get();
            writer.write(staging.memory(), offset, position, flags, key, value, from, length);
            RecordWriter.commit(staging.memory(), offset, recordLength);
            try {
                replaced = publish(fingerprint, location, position, flags, key, claimed);
            } finally {
                if (replaced == PointIndex.REFUSED_FULL) {
                    // Else recovery would find what the index does not know.
                    writer.cancel(staging.memory(), offset);
                }
            }
            if (replaced == PointIndex.REFUSED_FULL) {
                throw indexFull();
            }
        } finally {
            staging.commit(position, claimed);
        }
        return replaced;
    }

    /// Stores puts and deletes so that all or none of them survive.
    ///
    /// @param values a null element deletes
    /// @return block that the level can be awaited for
    public long write(final byte[][] keys, final byte[][] values) {
        agent.checkUsable();
        long total = 0;
        for (int i = 0; i < keys.length; i++) {
            total += RecordFormat.align(RecordFormat.length(keys[i].length, values[i] == null ? 0 : values[i].length));
        }
        if (total > maxBatchBytes()) {
            throw new IllegalArgumentException("the batch needs " + total + " bytes and at most " + maxBatchBytes()
                    + " fit one append block: split it, or create the store with a larger blockBytes");
        }
        if (liveBytes.get() + total > usableBytes) {
            throw storeFull(total);
        }
        final long start = staging.claim((int) total);
        boolean refused = false;
        try {
            final RecordWriter writer = writers.get();
            final MemorySegment memory = staging.memory();
            long position = start;
            for (int i = 0; i < keys.length; i++) {
                final byte[] value = values[i] == null ? new byte[0] : values[i];
                writer.write(
                        memory,
                        staging.offsetOf(position),
                        position,
                        batchFlags(i, values[i]),
                        keys[i],
                        value,
                        0,
                        value.length);
                position += RecordFormat.align(RecordFormat.length(keys[i].length, value.length));
            }
            // The first record's length last: without it the others do not count, see FLAG_BATCH_PART.
            for (int i = keys.length - 1; i >= 0; i--) {
                final int length = RecordFormat.length(keys[i].length, values[i] == null ? 0 : values[i].length);
                position -= RecordFormat.align(length);
                RecordWriter.commit(memory, staging.offsetOf(position), length);
            }
            for (int i = 0; i < keys.length; i++) {
                final int length = RecordFormat.align(
                        RecordFormat.length(keys[i].length, values[i] == null ? 0 : values[i].length));
                refused |= PointIndex.REFUSED_FULL
                        == publish(
                                hash.fingerprint(keys[i], 0, keys[i].length),
                                hash.location(keys[i], 0, keys[i].length),
                                position,
                                batchFlags(i, values[i]),
                                keys[i],
                                length);
                position += length;
                userBytes.add(keys[i].length + (values[i] == null ? 0L : values[i].length));
                valueBytesCopied.add(values[i] == null ? 0 : values[i].length);
                (values[i] == null ? deletes : puts).increment();
            }
        } finally {
            staging.commit(start, (int) total);
        }
        if (refused) {
            throw indexFull();
        }
        return staging.blockOf(start);
    }

    private static int batchFlags(final int i, final byte[] value) {
        return (i > 0 ? RecordFormat.FLAG_BATCH_PART : 0) | (value == null ? RecordFormat.FLAG_TOMBSTONE : 0);
    }

    /// Points the index at a record in staging, and accounts for what it replaces.
    ///
    /// @return the entry replaced, 0 if there was none; {@link PointIndex#REFUSED_FULL}, or {@link
    ///     PointIndex#REFUSED_OLDER} if a newer record is there already
    private long publish(
            final long fingerprint,
            final long location,
            final long position,
            final int flags,
            final byte[] key,
            final int length) {
        final boolean large = (flags & RecordFormat.FLAG_LARGE) != 0;
        final boolean tombstone = (flags & RecordFormat.FLAG_TOMBSTONE) != 0;
        final long entry = IndexEntry.memory(position, EntryShape.of(flags, length), tombstone);
        long old = index.publish(fingerprint, location, entry, false);
        if (old == PointIndex.REFUSED_LARGE) {
            old = replaceLarge(fingerprint, location, entry, key, large ? chunkSetAt(position, key.length) : 0);
        }
        if (old == PointIndex.REFUSED_FULL || old == PointIndex.REFUSED_OLDER) {
            return old;
        }
        long change = tombstone ? 0 : IndexEntry.lengthBytes(entry);
        if ((flags & RecordFormat.FLAG_CHUNK) != 0 && old == 0) {
            chunkEntries.increment();
        }
        if (old != 0 && !IndexEntry.isTombstone(old)) {
            change -= IndexEntry.lengthBytes(old);
            countGarbage(old);
        }
        liveBytes.getAndAdd(change);
        return old;
    }

    private void countGarbage(final long entry) {
        if (!IndexEntry.isMemory(entry)) {
            zones.addLive(geometry.zoneOf(IndexEntry.deviceAddress(entry)), -IndexEntry.lengthBytes(entry));
        }
    }

    // ---- large values

    private long putLarge(final byte[] key, final byte[] value) {
        final long chunkSet = nextChunkSet();
        final int chunkLength = maxInlineValue(ChunkKey.LENGTH);
        final LargeHead head = new LargeHead(chunkSet, value.length, chunkLength);
        if (liveBytes.get() + value.length > usableBytes) {
            throw storeFull(value.length);
        }
        beginChunks(key, head);
        int written = 0;
        try {
            for (; written < head.chunkCount(); written++) {
                final byte[] chunkKey = new byte[ChunkKey.LENGTH];
                ChunkKey.set(chunkKey, chunkSet, written);
                append(RecordFormat.FLAG_CHUNK, chunkKey, value, written * chunkLength, head.lengthOfChunk(written));
            }
            return append(RecordFormat.FLAG_LARGE, key, head.encode(), 0, LargeHead.LENGTH);
        } catch (final RuntimeException e) {
            dropChunks(chunkSet, head.chunkCount());
            throw e;
        }
    }

    /// Lends memory for a value that is to be put without a copy.
    public StagingLease lease(final long length) {
        agent.checkUsable();
        return leases.lease(
                length,
                maxInlineValue(ChunkKey.LENGTH),
                BlockFormat.HEADER_LENGTH + RecordFormat.HEADER_LENGTH + ChunkKey.LENGTH);
    }

    /// Whether a lease is one of this store's.
    public boolean owns(final StagingLease lease) {
        return lease.isOf(leases);
    }

    /// Stores a value from leased memory. Each of its slots becomes a block of one chunk, around the bytes
    /// that are there. If there is no room the lease stays as it is; after any other failure it is used up.
    ///
    /// @return block that the level can be awaited for
    public long put(final byte[] key, final StagingLease lease) {
        agent.checkUsable();
        lease.requireOpen();
        if (liveBytes.get() + lease.length() > usableBytes) {
            throw storeFull(lease.length());
        }
        lease.take();
        final LargeHead head = new LargeHead(nextChunkSet(), lease.length(), maxInlineValue(ChunkKey.LENGTH));
        beginChunks(key, head);
        int put = 0;
        final long block;
        try {
            while (put < lease.slotCount()) {
                final int length = head.lengthOfChunk(put);
                final byte[] chunkKey = new byte[ChunkKey.LENGTH];
                ChunkKey.set(chunkKey, head.chunkSet(), put);
                final long position =
                        lease.insert(put, RecordFormat.align(RecordFormat.length(ChunkKey.LENGTH, length)));
                put++;
                complete(position, RecordFormat.FLAG_CHUNK, chunkKey, null, 0, length);
            }
            block = append(RecordFormat.FLAG_LARGE, key, head.encode(), 0, LargeHead.LENGTH);
        } catch (final RuntimeException e) {
            dropChunks(head.chunkSet(), head.chunkCount());
            lease.giveBack(put);
            throw e;
        }
        puts.increment();
        userBytes.add(key.length + lease.length());
        valueBytesInPlace.add(lease.length());
        return block;
    }

    private void beginChunks(final byte[] key, final LargeHead head) {
        chunkSets.begin(new ChunkSetNote(
                head.chunkSet(),
                hash.fingerprint(key, 0, key.length),
                index.shardOf(hash.location(key, 0, key.length)),
                head.chunkCount()));
    }

    /// Publishes over the head of a large value and drops its chunks. The old head is read before it is
    /// replaced, under a lock that every writer over a large value of this key takes, so that the chunks of
    /// exactly the head replaced are dropped.
    ///
    /// @param newChunkSet chunk set of the new record if it is a head: recovery may repeat the one that is
    /// there
    private long replaceLarge(
            final long fingerprint, final long location, final long entry, final byte[] key, final long newChunkSet) {
        synchronized (largeLocks[(int) (fingerprint & (LARGE_LOCKS - 1))]) {
            long old = PointIndex.REFUSED_LARGE;
            while (old == PointIndex.REFUSED_LARGE) {
                // A head does not go without this lock, but where there is none one may come: then once more.
                final boolean large = IndexEntry.isLarge(index.get(fingerprint, location));
                final LargeHead head = large ? headToReplace(key, fingerprint, location) : null;
                old = index.publish(fingerprint, location, entry, large);
                if (head != null && head.chunkSet() != newChunkSet && old != PointIndex.REFUSED_OLDER) {
                    dropChunks(head.chunkSet(), head.chunkCount());
                }
            }
            return old;
        }
    }

    /// The head that is there, or null. One that is lost or damaged can be replaced all the same; then nobody
    /// knows its chunks, and they take their room until the next opening finds them without a head.
    private LargeHead headToReplace(final byte[] key, final long fingerprint, final long location) {
        try {
            final ReadContext found = reader.read(key, fingerprint, location, false, null, 0);
            return found != null && found.isLarge() ? head(found.value()) : null;
        } catch (final ZoneLostException | CorruptionException e) {
            return null;
        }
    }

    private long chunkSetAt(final long position, final int keyLength) {
        return staging.memory()
                .get(
                        LittleEndian.LONG,
                        staging.offsetOf(position)
                                + RecordFormat.HEADER_LENGTH
                                + keyLength
                                + LargeHead.CHUNK_SET_OFFSET);
    }

    private void dropChunks(final long chunkSet, final int count) {
        final byte[] key = new byte[ChunkKey.LENGTH];
        for (int i = 0; i < count; i++) {
            ChunkKey.set(key, chunkSet, i);
            final long fingerprint = HashDomain.of(hash.fingerprint(key, 0, key.length), true);
            final long location = hash.location(key, 0, key.length);
            long entry = index.get(fingerprint, location);
            while (entry != 0 && !index.remove(fingerprint, location, entry)) {
                // It was applied or relocated in between.
                entry = index.get(fingerprint, location);
            }
            if (entry != 0) {
                chunkEntries.decrement();
                liveBytes.getAndAdd(-IndexEntry.lengthBytes(entry));
                countGarbage(entry);
            }
        }
        chunkSets.end(chunkSet);
    }

    private synchronized long nextChunkSet() {
        return chunkSetNumbers.nextLong();
    }

    // ---- bounds

    /// Refuses what would leave garbage collection without garbage. An overwrite that does not need more room
    /// is always admitted.
    private void admit(final long fingerprint, final long location, final int length) {
        if (liveBytes.get() + length <= usableBytes) {
            return;
        }
        final long old = index.get(fingerprint, location);
        final boolean fits = old != 0
                && !IndexEntry.isTombstone(old)
                && !IndexEntry.isLarge(old)
                && IndexEntry.lengthBytes(old) >= length;
        if (!fits) {
            throw storeFull(length);
        }
    }

    private StoreFullException storeFull(final long length) {
        return new StoreFullException("the store is full: " + liveBytes.get() + " bytes of live records, "
                + usableBytes + " can be held, " + length + " more were to be written. Delete keys, or create a store"
                + " with a larger capacityBytes; nothing was changed");
    }

    private static StoreFullException indexFull() {
        return new StoreFullException(
                "the index has used up the memory budget: raise memoryBytes; the key was not written");
    }

    // ---- figures

    void recovered(final long chunks, final long live) {
        chunkEntries.add(chunks);
        liveBytes.set(live);
    }

    /// Relocation changed the length of a live record.
    void relocated(final long change) {
        if (change != 0) {
            liveBytes.getAndAdd(change);
        }
    }

    /// Keys with a value.
    public long count() {
        return index.size() - chunkEntries.sum();
    }

    long liveBytes() {
        return liveBytes.get();
    }

    long usableBytes() {
        return usableBytes;
    }

    long userBytes() {
        return userBytes.sum();
    }

    long valueBytesCopied() {
        return valueBytesCopied.sum();
    }

    long valueBytesInPlace() {
        return valueBytesInPlace.sum();
    }

    long puts() {
        return puts.sum();
    }

    long deletes() {
        return deletes.sum();
    }

    long gets() {
        return gets.sum();
    }
}
