/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.store.format.ChunkSetNote;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Long2LongHashMap;

/// The chunk sets that index entries may belong to: of large values that are there, that are being written,
/// and that are being dropped. A checkpoint notes them, since an index entry does not tell which set its
/// chunk belongs to.
///
/// *Invariant.* A set is here before the first of its chunks is in the index, and until the last of them is
/// out of it.
///
/// About 50 bytes of heap per large value. Thread-safe.
final class ChunkSets {
    private static final long ABSENT = -1;

    private final Long2LongHashMap fingerprints = new Long2LongHashMap(ABSENT);
    // Shard in the upper half, number of chunks in the lower.
    private final Long2LongHashMap shapes = new Long2LongHashMap(ABSENT);

    ChunkSets(final List<ChunkSetNote> known) {
        for (final ChunkSetNote set : known) {
            begin(set);
        }
    }

    /// A set whose chunks are about to be written.
    synchronized void begin(final ChunkSetNote set) {
        if (set.headFingerprint() != ABSENT) {
            // Whoever asks for one that is not there gets just this value.
            fingerprints.put(set.chunkSet(), set.headFingerprint());
        }
        shapes.put(set.chunkSet(), (long) set.headShard() << Integer.SIZE | set.chunks());
    }

    /// A set whose chunks are out of the index.
    synchronized void end(final long chunkSet) {
        fingerprints.remove(chunkSet);
        shapes.remove(chunkSet);
    }

    /// All sets at this moment.
    synchronized List<ChunkSetNote> snapshot() {
        final List<ChunkSetNote> sets = new ArrayList<>(shapes.size());
        shapes.forEachLong((chunkSet, shape) -> sets.add(
                new ChunkSetNote(chunkSet, fingerprints.get(chunkSet), (int) (shape >>> Integer.SIZE), (int) shape)));
        return sets;
    }
}
