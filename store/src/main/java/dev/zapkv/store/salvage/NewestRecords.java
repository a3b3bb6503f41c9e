/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.salvage;

import dev.zapkv.StoreFullException;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.HashDomain;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.LongHashSet;

/// Which record of each key is the newest, by log position, and where the chunks of large values lie.
/// Kept in an
/// index of 16 bytes an entry under a hash of its own; the store's secret is not needed.
///
/// A large value counts only if all of its chunks are there. If it is not whole, what came before it
/// counts: it may
/// never have been acknowledged.
final class NewestRecords {
    private static final long NONE = 1;
    private static final long DONE = 1L << 61;

    private final PointIndex index;
    private final KeyHash hash;
    private final LongHashSet incomplete = new LongHashSet();
    private final List<Head> heads = new ArrayList<>();

    private record Head(long fingerprint, long location, long position, long place, LargeHead head) {}

    NewestRecords(final PointIndex index, final KeyHash hash) {
        this.index = index;
        this.hash = hash;
    }

    /// Finds the newest records.
    ///
    /// @return places of the heads that would be the newest records of their keys if they were whole
    List<Long> find(final StoreRecords records) {
        records.visit((memory, at, place) -> {
            add(memory, at, place);
            if ((RecordFormat.flags(memory, at) & RecordFormat.FLAG_LARGE) != 0) {
                addHead(memory, at, place);
            }
        });
        final List<Long> newest = new ArrayList<>();
        for (final Head head : heads) {
            if (!isWhole(head.head())) {
                incomplete.add(head.position());
                if (index.get(head.fingerprint(), head.location()) == head.position()) {
                    newest.add(head.place());
                    set(head.fingerprint(), head.location(), NONE);
                }
            }
        }
        heads.clear();
        if (!newest.isEmpty()) {
            records.visit(this::add);
        }
        return newest;
    }

    private void add(final MemorySegment memory, final int at, final long place) {
        final int flags = RecordFormat.flags(memory, at);
        final boolean chunk = (flags & RecordFormat.FLAG_CHUNK) != 0;
        final long fingerprint = fingerprint(memory, at, chunk);
        final long location = location(memory, at);
        if (chunk) {
            // Copies of a chunk are all alike.
            set(fingerprint, location, place);
            return;
        }
        final long position = RecordFormat.logPosition(memory, at);
        if (position > index.get(fingerprint, location) && !incomplete.contains(position)) {
            set(fingerprint, location, position);
        }
    }

    private void set(final long fingerprint, final long location, final long word) {
        if (index.set(fingerprint, location, word) == PointIndex.REFUSED_FULL) {
            throw new StoreFullException("the keys that were found do not fit the memory: raise memoryBytes (--memory);"
                    + " about 24 bytes are needed for each key and each chunk of a large value, deleted ones too");
        }
    }

    private void addHead(final MemorySegment memory, final int at, final long place) {
        heads.add(new Head(
                fingerprint(memory, at, false),
                location(memory, at),
                RecordFormat.logPosition(memory, at),
                place,
                LargeHead.decode(value(memory, at))));
    }

    private boolean isWhole(final LargeHead head) {
        if (head == null) {
            return false;
        }
        for (int i = 0; i < head.chunkCount(); i++) {
            if (chunkPlace(head.chunkSet(), i) == 0) {
                return false;
            }
        }
        return true;
    }

    /// Where a chunk lies; 0 if it was not found.
    long chunkPlace(final long chunkSet, final int chunk) {
        final byte[] key = new byte[ChunkKey.LENGTH];
        ChunkKey.set(key, chunkSet, chunk);
        return index.get(HashDomain.of(hash.fingerprint(key, 0, key.length), true), hash.location(key, 0, key.length));
    }

    /// Whether a record is the newest of its key and was not taken before: there may be several copies
    /// of it.
    boolean take(final MemorySegment memory, final int at) {
        final long fingerprint = fingerprint(memory, at, false);
        final long location = location(memory, at);
        final long position = RecordFormat.logPosition(memory, at);
        if (index.get(fingerprint, location) != position || incomplete.contains(position)) {
            return false;
        }
        set(fingerprint, location, position | DONE);
        return true;
    }

    private long fingerprint(final MemorySegment memory, final int at, final boolean chunk) {
        return HashDomain.of(hash.fingerprint(memory, keyAt(memory, at), RecordFormat.keyLength(memory, at)), chunk);
    }

    private long location(final MemorySegment memory, final int at) {
        return hash.location(memory, keyAt(memory, at), RecordFormat.keyLength(memory, at));
    }

    private static int keyAt(final MemorySegment memory, final int at) {
        return at + RecordFormat.keyOffset(RecordFormat.flags(memory, at));
    }

    /// The key of a record.
    static byte[] key(final MemorySegment memory, final int at) {
        final byte[] key = new byte[RecordFormat.keyLength(memory, at)];
        MemorySegment.copy(memory, LittleEndian.BYTE, keyAt(memory, at), key, 0, key.length);
        return key;
    }

    /// The value of a record.
    static byte[] value(final MemorySegment memory, final int at) {
        final int from = keyAt(memory, at) + RecordFormat.keyLength(memory, at);
        final byte[] value = new byte[at + RecordFormat.length(memory, at) - from];
        MemorySegment.copy(memory, LittleEndian.BYTE, from, value, 0, value.length);
        return value;
    }
}
