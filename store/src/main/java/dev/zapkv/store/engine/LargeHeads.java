/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.CorruptionException;
import dev.zapkv.ZoneLostException;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.ChunkSetNote;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.HashDomain;
import dev.zapkv.store.read.ReadContext;
import dev.zapkv.store.read.RecordReader;

/// Replaces the heads of large values, and drops the chunks of those that are replaced. Thread-safe.
final class LargeHeads {
    private static final int LOCKS = 64;

    private final PointIndex index;
    private final KeyHash hash;
    private final RecordReader reader;
    private final ChunkSets chunkSets;
    private final LiveRecords live;
    private final Object[] locks = new Object[LOCKS];

    LargeHeads(
            final PointIndex index,
            final KeyHash hash,
            final RecordReader reader,
            final ChunkSets chunkSets,
            final LiveRecords live) {
        this.index = index;
        this.hash = hash;
        this.reader = reader;
        this.chunkSets = chunkSets;
        this.live = live;
        for (int i = 0; i < LOCKS; i++) {
            locks[i] = new Object();
        }
    }

    /// The head that lies in a verified record.
    ///
    /// @throws CorruptionException if it is none
    static LargeHead decode(final byte[] value) {
        final LargeHead head = LargeHead.decode(value);
        if (head == null) {
            throw new CorruptionException("the head of a large value cannot be read: restore the key from a backup");
        }
        return head;
    }

    /// A large value's chunks are about to be written.
    void begin(final byte[] key, final LargeHead head) {
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
    /// @return as of {@link PointIndex#publish}
    long replace(final long fingerprint, final long location, final long entry, final byte[] key) {
        synchronized (locks[(int) (fingerprint & (LOCKS - 1))]) {
            long old = PointIndex.REFUSED_LARGE;
            while (old == PointIndex.REFUSED_LARGE) {
                // A head does not go without this lock, but where there is none one may come: then once more.
                final boolean large = IndexEntry.isLarge(index.get(fingerprint, location));
                final LargeHead head = large ? headToReplace(key, fingerprint, location) : null;
                old = index.publish(fingerprint, location, entry, large);
                if (head != null && old != PointIndex.REFUSED_OLDER) {
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
            return found != null && found.isLarge() ? decode(found.value()) : null;
        } catch (final ZoneLostException | CorruptionException e) {
            return null;
        }
    }

    /// Takes the chunks of a set out of the index: nothing points at them any more, or ever will.
    void dropChunks(final long chunkSet, final int count) {
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
                live.chunkRemoved(entry);
            }
        }
        chunkSets.end(chunkSet);
    }
}
