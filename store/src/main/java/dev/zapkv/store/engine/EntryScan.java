/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.CorruptionException;
import dev.zapkv.EntryConsumer;
import dev.zapkv.ZapKvException;
import dev.zapkv.ZoneLostException;
import dev.zapkv.store.index.EntryCursor;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.read.ReadContext;
import dev.zapkv.store.read.RecordReader;
import java.util.Arrays;

/// Visits every key once by walking the index, a batch of entries at a time, each batch in the order of the device,
/// so that reads run ahead sequentially. A key that is there all the time is seen exactly once, with a value it had
/// meanwhile; keys that come or go may or may not be seen. What cannot be read does not keep the others from being
/// visited: it is said at the end.
final class EntryScan {
    // Sort keys hold 42 bits of location and the entry's place in the batch.
    private static final int PLACE_BITS = 19;
    private static final int BATCH_ENTRIES = 1 << PLACE_BITS;
    private static final int LENGTH_BITS = 20;
    private static final long LOCATION_MASK = (1L << 42) - 1;

    private final PointIndex index;
    private final RecordReader reader;
    private final Reads reads;
    private final long[] fingerprints;
    private final long[] entries;
    private final int[] shards;
    private final long[] order;
    private int size;
    private byte[] key;
    private long unreadable;
    private ZapKvException firstUnreadable;

    EntryScan(final PointIndex index, final RecordReader reader, final Reads reads) {
        this.index = index;
        this.reader = reader;
        this.reads = reads;
        // Keys that come while the scan runs go to a further batch.
        final int capacity = Math.clamp(index.size(), 1, BATCH_ENTRIES);
        fingerprints = new long[capacity];
        entries = new long[capacity];
        shards = new int[capacity];
        order = new long[capacity];
    }

    void run(final EntryConsumer consumer) {
        final EntryCursor cursor = new EntryCursor(index);
        while (cursor.next()) {
            if (!IndexEntry.isChunk(cursor.word())) {
                if (size == order.length) {
                    visitBatch(consumer);
                }
                add(cursor.shard(), cursor.fingerprint(), cursor.word());
            }
        }
        visitBatch(consumer);
        if (firstUnreadable instanceof final ZoneLostException lost) {
            throw new ZoneLostException(unreadable() + lost.getMessage(), lost.zone());
        }
        if (firstUnreadable != null) {
            throw new CorruptionException(unreadable() + firstUnreadable.getMessage(), firstUnreadable);
        }
    }

    private String unreadable() {
        return unreadable + " entries could not be visited, all others were; the first of them: ";
    }

    private void add(final int shard, final long fingerprint, final long entry) {
        fingerprints[size] = fingerprint;
        entries[size] = entry;
        shards[size] = shard;
        order[size] = (entry >>> LENGTH_BITS & LOCATION_MASK) << PLACE_BITS | size;
        size++;
    }

    private void visitBatch(final EntryConsumer consumer) {
        Arrays.sort(order, 0, size);
        for (int i = 0; i < size; i++) {
            visitOrNote((int) (order[i] & (BATCH_ENTRIES - 1)), consumer);
        }
        size = 0;
    }

    private void visitOrNote(final int place, final EntryConsumer consumer) {
        final byte[] value;
        try {
            value = read(place);
        } catch (final ZoneLostException | CorruptionException e) {
            unreadable++;
            firstUnreadable = firstUnreadable == null ? e : firstUnreadable;
            return;
        }
        if (value != null) {
            consumer.accept(key, value);
        }
    }

    /// The value of an entry's key, which is then in {@link #key}; null if there is nothing to visit.
    private byte[] read(final int place) {
        long entry = entries[place];
        while (entry != 0 && !IndexEntry.isTombstone(entry)) {
            final long current = entry;
            final ReadContext record =
                    reader.readEntry(entry, () -> index.getInShard(shards[place], fingerprints[place]) == current);
            final long now = index.getInShard(shards[place], fingerprints[place]);
            if (record != null && now == entry) {
                return value(record);
            }
            entry = now;
        }
        return null;
    }

    private byte[] value(final ReadContext record) {
        key = record.key();
        return record.isLarge() ? reads.get(key) : record.value();
    }
}
