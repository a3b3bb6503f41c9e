/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.StoreFullException;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.EntryShape;
import dev.zapkv.store.log.HashDomain;
import dev.zapkv.store.log.StagingLog;
import java.util.concurrent.atomic.LongAdder;

/// Writes records: {@link StagingLog#claim} a place, {@link RecordWriter#write} the record into it, {@link
/// RecordWriter#commit} it, {@link PointIndex#publish} it, {@link StagingLog#commit} the place. Thread-safe.
final class RecordAppender {
    /// Of a tombstone: a newer record had been published already.
    static final long TOO_LATE = Long.MIN_VALUE;

    private final StagingLog staging;
    private final RecordLimits limits;
    private final PointIndex index;
    private final KeyHash hash;
    private final LiveRecords live;
    private final LargeHeads heads;
    private final IoAgent agent;
    private final ThreadLocal<RecordWriter> writers = ThreadLocal.withInitial(RecordWriter::new);
    private final LongAdder copiedBytes = new LongAdder();

    RecordAppender(
            final StagingLog staging,
            final PointIndex index,
            final KeyHash hash,
            final LiveRecords live,
            final LargeHeads heads,
            final IoAgent agent) {
        this.staging = staging;
        limits = new RecordLimits(staging.blockBytes());
        this.index = index;
        this.hash = hash;
        this.live = live;
        this.heads = heads;
        this.agent = agent;
    }

    /// What fits one record or batch.
    RecordLimits limits() {
        return limits;
    }

    /// Longest value that is stored in one record.
    int maxInlineValue(final int keyLength) {
        return limits.maxInlineValue(keyLength);
    }

    /// Bytes of a batch's records that fit one block.
    int maxBatchBytes() {
        return limits.maxBatchBytes();
    }

    /// Value bytes that were copied into staging.
    long copiedBytes() {
        return copiedBytes.sum();
    }

    /// Writes a record if there is room for it.
    ///
    /// @return block that the level can be awaited for; negated less one of a tombstone that replaced no
    ///     value; or {@link #TOO_LATE}
    long append(final int flags, final byte[] key, final byte[] value, final int from, final int length) {
        agent.checkUsable();
        if ((flags & RecordFormat.FLAG_TOMBSTONE) == 0) {
            final boolean chunk = (flags & RecordFormat.FLAG_CHUNK) != 0;
            admit(
                    HashDomain.of(hash.fingerprint(key, 0, key.length), chunk),
                    hash.location(key, 0, key.length),
                    RecordFormat.align(RecordFormat.length(key.length, length)));
        }
        final int claimed = RecordFormat.align(RecordFormat.length(key.length, length));
        final long position =
                (flags & RecordFormat.FLAG_TOMBSTONE) == 0 ? staging.claim(claimed) : staging.claimForDeletes(claimed);
        final long replaced = complete(position, flags, key, value, from, length);
        copiedBytes.add(length);
        final long block = staging.blockOf(position);
        if (replaced == PointIndex.REFUSED_OLDER && (flags & RecordFormat.FLAG_LARGE) != 0) {
            // A newer record had been published already: nobody will ever look for these chunks.
            final LargeHead head = LargeHeads.decode(value);
            heads.dropChunks(head.chunkSet(), head.chunkCount());
        }
        if ((flags & RecordFormat.FLAG_TOMBSTONE) == 0) {
            return block;
        }
        if (replaced == PointIndex.REFUSED_OLDER) {
            return TOO_LATE;
        }
        return isValue(replaced) ? block : -block - 1;
    }

    static boolean isValue(final long entry) {
        return entry != 0 && !IndexEntry.isTombstone(entry);
    }

    /// Writes a record to its claimed place and publishes it.
    ///
    /// @param value null if it lies there already
    /// @return as of {@link #publish}
    long complete(
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
    long write(final byte[][] keys, final byte[][] values) {
        final long total = recordBytes(keys, values);
        if (total > maxBatchBytes()) {
            throw new IllegalArgumentException("the batch needs " + total + " bytes and at most " + maxBatchBytes()
                    + " fit one append block: split it, or create the store with a larger blockBytes");
        }
        live.requireRoomFor(total);
        final int length = (int) total;
        final long start = deletesOnly(values) ? staging.claimForDeletes(length) : staging.claim(length);
        try {
            final BatchRecords batch = new BatchRecords(writers.get(), staging.memory(), keys, values);
            batch.write(staging.offsetOf(start), start);
            boolean published = false;
            try {
                published = publishAll(batch);
            } finally {
                if (!published) {
                    // Else recovery would find what the index does not know.
                    batch.cancel();
                }
            }
            if (!published) {
                throw indexFull();
            }
        } finally {
            staging.commit(start, length);
        }
        return staging.blockOf(start);
    }

    /// Points the index at all records of a batch, or at none if it has no room, and accounts for what they replace.
    private boolean publishAll(final BatchRecords batch) {
        final int count = batch.size();
        final long[] fingerprints = new long[count];
        final long[] locations = new long[count];
        final long[] entries = new long[count];
        for (int i = 0; i < count; i++) {
            final byte[] key = batch.key(i);
            fingerprints[i] = hash.fingerprint(key, 0, key.length);
            locations[i] = hash.location(key, 0, key.length);
            entries[i] = entry(batch.position(i), batch.flags(i), batch.length(i));
        }
        final long[] replaced = new long[count];
        if (!index.publishAll(fingerprints, locations, entries, replaced)) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            final long old = replaced[i] == PointIndex.REFUSED_LARGE
                    ? heads.replace(fingerprints[i], locations[i], entries[i], batch.key(i))
                    : replaced[i];
            account(old, entries[i]);
            copiedBytes.add(batch.valueLength(i));
        }
        return true;
    }

    private static long recordBytes(final byte[][] keys, final byte[][] values) {
        long total = 0;
        for (int i = 0; i < keys.length; i++) {
            total += RecordFormat.align(RecordFormat.length(keys[i].length, values[i] == null ? 0 : values[i].length));
        }
        return total;
    }

    private static boolean deletesOnly(final byte[][] values) {
        for (final byte[] value : values) {
            if (value != null) {
                return false;
            }
        }
        return true;
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
        final long entry = entry(position, flags, length);
        long old = index.publish(fingerprint, location, entry, false);
        if (old == PointIndex.REFUSED_LARGE) {
            old = heads.replace(fingerprint, location, entry, key);
        }
        account(old, entry);
        return old;
    }

    private static long entry(final long position, final int flags, final int length) {
        return IndexEntry.memory(position, EntryShape.of(flags, length), (flags & RecordFormat.FLAG_TOMBSTONE) != 0);
    }

    /// @param old as of {@link #publish}
    private void account(final long old, final long entry) {
        if (old != PointIndex.REFUSED_FULL && old != PointIndex.REFUSED_OLDER) {
            live.replaced(old, entry);
        }
    }

    /// Refuses what would leave garbage collection without garbage. An overwrite that does not need more room
    /// is always admitted. One record in place of a large value never does: its chunks alone are longer.
    private void admit(final long fingerprint, final long location, final int length) {
        if (live.hasRoomFor(length)) {
            return;
        }
        final long old = index.get(fingerprint, location);
        final boolean fits = old != 0
                && !IndexEntry.isTombstone(old)
                && (IndexEntry.isLarge(old) || IndexEntry.lengthBytes(old) >= length);
        if (!fits) {
            throw live.storeFull(length, "");
        }
    }

    private static StoreFullException indexFull() {
        return new StoreFullException(
                "the index has used up the memory budget: raise memoryBytes; nothing was written");
    }
}
