/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import dev.zapkv.io.ZoneDevice;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.ChunkSetNote;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.HashDomain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;

/// Finds out which chunks in a replayed index belong to a large value, and takes the others out: their head
/// was never written, or was superseded.
final class LargeValues {
    private final ZoneDevice device;
    private final PointIndex index;
    private final KeyHash hash;
    private final CountingRules rules;
    private final List<FoundLargeValues> found = new ArrayList<>();

    LargeValues(final ZoneDevice device, final PointIndex index, final KeyHash hash, final CountingRules rules) {
        this.device = device;
        this.index = index;
        this.hash = hash;
        this.rules = rules;
    }

    /// Takes over what a thread found.
    void add(final FoundLargeValues values) {
        found.add(values);
    }

    /// Heads behind a gap in the block numbers whose chunks are all there: the others were never acknowledged, or
    /// a chunk is lost, and what they replaced may be whole. To be asked when everything else is in the index.
    List<FoundLargeValues.Head> doubtfulHeadsWithChunks() {
        final List<FoundLargeValues.Head> whole = new ArrayList<>();
        for (final FoundLargeValues values : found) {
            for (final FoundLargeValues.Head head : values.heads()) {
                if (rules.counts(rules.blockOf(head.position()))
                        && rules.isDoubtful(head.word(), head.position())
                        && hasChunks(head.head())) {
                    whole.add(head);
                }
            }
        }
        return whole;
    }

    private boolean hasChunks(final LargeHead head) {
        final byte[] key = new byte[ChunkKey.LENGTH];
        for (int i = 0; i < head.chunkCount(); i++) {
            ChunkKey.set(key, head.chunkSet(), i);
            final long fingerprint = HashDomain.of(hash.fingerprint(key, 0, key.length), true);
            if (index.get(fingerprint, hash.location(key, 0, key.length)) == 0) {
                return false;
            }
        }
        return true;
    }

    /// Takes chunks out of the index that belong to no large value.
    ///
    /// @param noted   sets of the checkpoint that the replay began with
    /// @param staged  sets whose head lies in staging
    /// @param removed told each entry that was taken out
    /// @return the sets that are left
    List<ChunkSetNote> dropOrphans(
            final List<ChunkSetNote> noted, final List<ChunkSetNote> staged, final LongConsumer removed) {
        final Map<Long, ChunkSetNote> living = new HashMap<>();
        // Keys whose present head was replayed: a set that was noted for one of them is not the present one.
        final Set<IndexKey> replayed = new HashSet<>();
        for (final ChunkSetNote set : staged) {
            living.put(set.chunkSet(), set);
        }
        for (final FoundLargeValues values : found) {
            for (final FoundLargeValues.Head head : values.heads()) {
                if (index.get(head.fingerprint(), head.location()) == head.word()) {
                    living.put(head.head().chunkSet(), noteOf(head));
                    replayed.add(new IndexKey(index.shardOf(head.location()), head.fingerprint()));
                }
            }
        }
        final Map<Long, Integer> setsOfHead = new HashMap<>();
        for (final ChunkSetNote set : noted) {
            setsOfHead.merge(set.headFingerprint() ^ set.headShard(), 1, Integer::sum);
        }
        for (final ChunkSetNote set : noted) {
            if (!replayed.contains(new IndexKey(set.headShard(), set.headFingerprint()))
                    && isUntouched(set, setsOfHead.get(set.headFingerprint() ^ set.headShard()) > 1)) {
                living.put(set.chunkSet(), set);
            }
        }
        for (final ChunkSetNote set : noted) {
            if (!living.containsKey(set.chunkSet())) {
                dropNoted(set, removed);
            }
        }
        for (final FoundLargeValues values : found) {
            values.visitChunks((fingerprint, location, chunkSet) -> {
                if (!living.containsKey(chunkSet)) {
                    drop(fingerprint, location, removed);
                }
            });
        }
        return List.copyOf(living.values());
    }

    private ChunkSetNote noteOf(final FoundLargeValues.Head head) {
        return new ChunkSetNote(
                head.head().chunkSet(),
                head.fingerprint(),
                index.shardOf(head.location()),
                head.head().chunkCount());
    }

    /// Whether the head of a noted set, which was not replayed, is what it was when the checkpoint began.
    ///
    /// @param ambiguous whether more than one set is noted for the head's key: one of them was just being
    /// replaced
    private boolean isUntouched(final ChunkSetNote set, final boolean ambiguous) {
        final long entry = index.getInShard(set.headShard(), set.headFingerprint());
        return entry != 0 && IndexEntry.isLarge(entry) && (!ambiguous || isSetOf(entry, set.chunkSet()));
    }

    private boolean isSetOf(final long entry, final long chunkSet) {
        try (Arena arena = Arena.ofConfined()) {
            final int length = IndexEntry.lengthBytes(entry);
            final MemorySegment record = arena.allocate(length, 16);
            device.readSync(IndexEntry.deviceAddress(entry), record, 0, length);
            if (RecordFormat.invalidReason(record, record.asByteBuffer(), 0, length, new CRC32C()) != null) {
                // Better to keep chunks nobody needs than to lose a value.
                return true;
            }
            final int value = RecordFormat.keyOffset(RecordFormat.flags(record, 0)) + RecordFormat.keyLength(record, 0);
            return record.get(LittleEndian.LONG, value + LargeHead.CHUNK_SET_OFFSET) == chunkSet;
        }
    }

    private void dropNoted(final ChunkSetNote set, final LongConsumer removed) {
        final byte[] key = new byte[ChunkKey.LENGTH];
        for (int i = 0; i < set.chunks(); i++) {
            ChunkKey.set(key, set.chunkSet(), i);
            drop(HashDomain.of(hash.fingerprint(key, 0, key.length), true), hash.location(key, 0, key.length), removed);
        }
    }

    private void drop(final long fingerprint, final long location, final LongConsumer removed) {
        final long entry = index.get(fingerprint, location);
        if (entry != 0) {
            index.remove(fingerprint, location, entry);
            removed.accept(entry);
        }
    }
}
