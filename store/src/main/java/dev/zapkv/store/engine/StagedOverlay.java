/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.StoreFullException;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.EntryShape;
import dev.zapkv.store.log.HashDomain;

/// Publishes the records in the staging of a killed process where they are.
final class StagedOverlay {
    private final RecoveredLog log;
    private final PointIndex index;
    private final KeyHash hash;
    private final LargeHeads heads;
    private final LiveRecords live;

    StagedOverlay(final RecoveredLog log, final LargeHeads heads, final LiveRecords live) {
        this.log = log;
        this.heads = heads;
        this.live = live;
        index = log.index();
        hash = log.hash();
    }

    /// Publishes them, oldest first.
    ///
    /// @return how many there are
    long apply() {
        return log.staged() == null ? 0 : log.staged().visit(this::record);
    }

    private void record(final long position, final int flags, final byte[] key, final byte[] value) {
        final boolean chunk = (flags & RecordFormat.FLAG_CHUNK) != 0;
        if (chunk && !log.stagedSets().contains(ChunkKey.chunkSet(key))) {
            // Its head was never written: a head comes behind its chunks.
            return;
        }
        final long fingerprint = HashDomain.of(hash.fingerprint(key, 0, key.length), chunk);
        final long location = hash.location(key, 0, key.length);
        final int length = RecordFormat.align(RecordFormat.length(key.length, value.length));
        final boolean tombstone = (flags & RecordFormat.FLAG_TOMBSTONE) != 0;
        final long entry = IndexEntry.memory(position, EntryShape.of(flags, length), tombstone);
        long old = index.publish(fingerprint, location, entry, false);
        if (old == PointIndex.REFUSED_LARGE) {
            old = heads.replace(fingerprint, location, entry, key);
        }
        if (old == PointIndex.REFUSED_FULL) {
            throw new StoreFullException("the index of this store does not fit the memory budget: raise memoryBytes");
        }
        live.replaced(old, entry);
    }
}
