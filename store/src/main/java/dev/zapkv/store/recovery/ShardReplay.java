/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import static dev.zapkv.store.recovery.FoundRecords.FIELDS;

import dev.zapkv.StoreFullException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.index.ShardWriter;
import java.util.concurrent.ConcurrentHashMap;

/// One thread's part in applying what a replay found to the index, a shard at a time: of each key the newest
/// record that counts. It replaces whatever the index had from a checkpoint.
final class ShardReplay {
    private static final int WORD = 1;
    private static final int POSITION = 2;

    private final PointIndex index;
    private final FoundRecords found;
    private final CountingRules rules;
    private final ReplayAccounts accounts;
    private final ZoneGeometry geometry;
    private final ConcurrentHashMap<IndexKey, Long> positions;
    private final NewestRecords newest = new NewestRecords();
    private long[] part = new long[0];
    private long records;

    /// @param accounts of this thread
    /// @param positions shared by the threads: of keys with a head behind a gap, that of the record that was
    /// applied
    ShardReplay(
            final PointIndex index,
            final FoundRecords found,
            final CountingRules rules,
            final ReplayAccounts accounts,
            final ZoneGeometry geometry,
            final ConcurrentHashMap<IndexKey, Long> positions) {
        this.index = index;
        this.found = found;
        this.rules = rules;
        this.accounts = accounts;
        this.geometry = geometry;
        this.positions = positions;
    }

    /// Throws superseded records out of a shard, before it is decided which blocks behind the settled one count.
    void sift(final int shard) {
        for (int i = 0; i < found.partsPerShard(); i++) {
            final int count = read(shard, i);
            if (count > 0) {
                final int undecided = keepUndecided(count);
                System.arraycopy(newest.records(), 0, part, undecided * FIELDS, newest.count() * FIELDS);
                found.replace(shard, i, part, undecided + newest.count());
            }
        }
    }

    private int read(final int shard, final int number) {
        final int count = found.count(shard, number);
        if (part.length < count * FIELDS) {
            part = new long[count * FIELDS];
        }
        found.read(shard, number, part);
        return count;
    }

    /// Collects the newest records, and moves those to the front of which it is not known yet whether they count.
    ///
    /// @return number of these
    private int keepUndecided(final int count) {
        newest.begin(count);
        int undecided = 0;
        for (int at = 0; at < count * FIELDS; at += FIELDS) {
            if (rules.isSettledAt(part[at + POSITION])) {
                newest.add(part[at], part[at + WORD], part[at + POSITION]);
            } else {
                System.arraycopy(part, at, part, undecided * FIELDS, FIELDS);
                undecided++;
            }
        }
        return undecided;
    }

    /// Collects the newest records that count.
    private void decide(final int shard, final int count) {
        newest.begin(count);
        boolean doubts = false;
        for (int at = 0; at < count * FIELDS; at += FIELDS) {
            final long word = part[at + WORD];
            final long position = part[at + POSITION];
            if (!rules.isSettledAt(position)) {
                if (!rules.counts(rules.blockOf(position))) {
                    continue;
                }
                records++;
                if (IndexEntry.isTombstone(word)) {
                    final int zone = geometry.zoneOf(IndexEntry.deviceAddress(word));
                    accounts.addTombstone(zone, IndexEntry.lengthBytes(word), position);
                }
                if (rules.isDoubtful(word, position)) {
                    doubts = true;
                    continue;
                }
            }
            newest.add(part[at], word, position);
        }
        for (int at = 0; doubts && at < count * FIELDS; at += FIELDS) {
            if (rules.isDoubtful(part[at + WORD], part[at + POSITION])) {
                positions.put(new IndexKey(shard, part[at]), newest.position(part[at]));
            }
        }
    }

    /// Applies a shard, once it is decided which blocks count.
    void apply(final int shard) {
        long missing = 0;
        try (ShardWriter writer = index.writeShard(shard)) {
            for (int i = 0; i < found.partsPerShard(); i++) {
                final int count = read(shard, i);
                if (count > 0) {
                    decide(shard, count);
                    final int left = applyToEntries(writer);
                    found.replace(shard, i, newest.records(), left);
                    missing += left;
                }
            }
            if (missing > 0) {
                // At once: entries that come in order would crowd at the front of a shard that grows step by step.
                // If there is no room for all, that is found out at the first one too many.
                writer.reserve(index.entries(shard) + missing);
                for (int i = 0; i < found.partsPerShard(); i++) {
                    final int count = read(shard, i);
                    for (int at = 0; at < count * FIELDS; at += FIELDS) {
                        enter(writer, part[at], part[at + WORD]);
                    }
                }
            }
        }
    }

    /// Applies the newest records of keys that are in the index, and deletes; moves those of other keys to the
    /// front.
    ///
    /// @return number of these
    private int applyToEntries(final ShardWriter writer) {
        final long[] records = newest.records();
        int missing = 0;
        for (int at = 0; at < newest.count() * FIELDS; at += FIELDS) {
            final long word = records[at + WORD];
            if (IndexEntry.isTombstone(word)) {
                uncount(writer.remove(records[at]));
                continue;
            }
            final long old = writer.replace(records[at], word);
            if (old == 0) {
                System.arraycopy(records, at, records, missing * FIELDS, FIELDS);
                missing++;
            } else {
                uncount(old);
                count(word);
            }
        }
        return missing;
    }

    /// Applies a head behind a gap whose chunks are all there, once everything else is applied.
    void applyDoubtful(final FoundLargeValues.Head head) {
        final IndexKey key = new IndexKey(index.shardOf(head.location()), head.fingerprint());
        if (head.position() > positions.getOrDefault(key, 0L)) {
            positions.put(key, head.position());
            try (ShardWriter writer = index.writeShard(key.shard())) {
                enter(writer, key.fingerprint(), head.word());
            }
        }
    }

    private void enter(final ShardWriter writer, final long fingerprint, final long word) {
        final long old = writer.set(fingerprint, word);
        if (old == PointIndex.REFUSED_FULL) {
            throw doesNotFit();
        }
        uncount(old);
        if (old == 0 && IndexEntry.isChunk(word)) {
            accounts.addChunkEntries(1);
        }
        count(word);
    }

    private void count(final long word) {
        accounts.addLive(geometry.zoneOf(IndexEntry.deviceAddress(word)), IndexEntry.lengthBytes(word));
    }

    private void uncount(final long word) {
        if (word != 0) {
            accounts.addLive(geometry.zoneOf(IndexEntry.deviceAddress(word)), -IndexEntry.lengthBytes(word));
        }
    }

    /// Records behind the settled block that count.
    long records() {
        return records;
    }

    /// The error of a store with more keys than there is memory for.
    static StoreFullException doesNotFit() {
        return new StoreFullException("the index of this store does not fit the memory budget: raise memoryBytes");
    }
}
