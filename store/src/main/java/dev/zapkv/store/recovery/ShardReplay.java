/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import dev.zapkv.StoreFullException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.PointIndex;

/// Applies records to the index: of each key the one with the highest log position counts. The result does not depend
/// on the order. May be used by several threads, each on shards of its own.
final class ShardReplay {
    private static final int RESERVED_PERCENT = 90;

    private final PointIndex index;
    private final PointIndex positions;
    private final ZoneGeometry geometry;

    /// @param positions log positions of what was applied, with as many shards as the index
    ShardReplay(final PointIndex index, final PointIndex positions, final ZoneGeometry geometry) {
        this.index = index;
        this.positions = positions;
        this.geometry = geometry;
    }

    /// Applies what was found of a shard.
    void apply(final int shard, final FoundRecords found, final ReplayAccounts accounts) {
        final long count = found.count(shard);
        if (count > 0) {
            // Growing at once is cheaper than step by step. Not by more than the index has needed: many records may be
            // of few keys, and the memory is one budget for all shards.
            positions.reserve(
                    shard, Math.min(positions.entries(shard) + count, index.entries(shard) * RESERVED_PERCENT / 100));
            for (int part = 0; part < found.partsPerShard(); part++) {
                // Loads that do not wait for each other: what follows finds the entries in the cache.
                found.visit(
                        shard,
                        part,
                        (fingerprint, word, position) -> accounts.touched(
                                index.touch(shard, fingerprint) + positions.touch(shard, fingerprint)));
                found.visit(
                        shard,
                        part,
                        (fingerprint, word, position) -> apply(shard, fingerprint, word, position, accounts));
            }
        }
    }

    /// Applies one record.
    ///
    /// @param word what leads to it; with the tag of a tombstone if it is one
    void apply(
            final int shard,
            final long fingerprint,
            final long word,
            final long position,
            final ReplayAccounts accounts) {
        final long known = refuseFull(positions.raiseInShard(shard, fingerprint, position));
        if (known > position || (known == position && !isLowerTwin(shard, fingerprint, word))) {
            return;
        }
        if (IndexEntry.isTombstone(word)) {
            final long old = index.getInShard(shard, fingerprint);
            if (old != 0) {
                index.removeInShard(shard, fingerprint, old);
                uncount(old, accounts);
            }
            return;
        }
        final long old = refuseFull(index.setInShard(shard, fingerprint, word));
        if (old != 0) {
            uncount(old, accounts);
        } else if (IndexEntry.isChunk(word)) {
            accounts.addChunkEntries(1);
        }
        accounts.addLive(geometry.zoneOf(IndexEntry.deviceAddress(word)), IndexEntry.lengthBytes(word));
    }

    /// The same record may lie at two places: an append that was reported as failed had reached the media after all, or
    /// garbage collection had copied it. Either will do; which one must not depend on the order.
    private boolean isLowerTwin(final int shard, final long fingerprint, final long word) {
        final long entry = index.getInShard(shard, fingerprint);
        return entry != 0
                && !IndexEntry.isTombstone(word)
                && IndexEntry.deviceAddress(word) < IndexEntry.deviceAddress(entry);
    }

    private void uncount(final long entry, final ReplayAccounts accounts) {
        accounts.addLive(geometry.zoneOf(IndexEntry.deviceAddress(entry)), -IndexEntry.lengthBytes(entry));
    }

    private static long refuseFull(final long word) {
        if (word == PointIndex.REFUSED_FULL) {
            throw new StoreFullException("the index of this store does not fit the memory budget: raise memoryBytes");
        }
        return word;
    }
}
