/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import dev.zapkv.io.NativeMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// What a replay found and has not applied yet, sorted by shard of the index and by the upper bits of the
/// fingerprint: of each record its fingerprint, the index word that would lead to it, and its log position. A
/// shard is kept in the order of its fingerprints, so what is sorted together, a *part*, lies together in the
/// index: in a piece of it that caches hold.
///
/// The memory is divided into pieces, which are dealt out as they are needed: each writer fills one per part at a
/// time. When none is left, superseded records have to be thrown out ({@link ShardReplay#sift}), and if that does
/// not gain enough, more memory is dealt out, up to a bound.
///
/// *Threads.* Each writer has a number and is one thread at a time. Parts may be read and replaced by several
/// threads, each at parts of its own, while no writer adds anything, with a happens-before edge in between.
final class FoundRecords implements AutoCloseable {
    /// Fingerprint, word and log position.
    static final int FIELDS = 3;

    private static final int RECORD_BYTES = FIELDS * Long.BYTES;
    private static final int WORD_OFFSET = Long.BYTES;
    private static final int POSITION_OFFSET = 2 * Long.BYTES;
    private static final int MIN_PIECE = 16;
    private static final int MAX_PIECE = 512;
    /// Parts of all shards together that one writer can fill at a time without leaving the processor's cache.
    private static final int MAX_PARTS = 2048;
    /// Pieces that each writer should have per part, so that few are half empty when no more are left.
    private static final int PIECES_PER_PART = 4;
    /// With less than this to spare more time would go into throwing out than into reading.
    private static final int SPARE_SHARE = 16;
    private static final int NONE = -1;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final Arena arena = Arena.ofShared();
    private final int writers;
    private final int partShift;
    private final int partsPerShard;
    private final int parts;
    private final int pieceRecords;
    private final int mostPieces;
    private final MemorySegment memory;
    // By writer, shard and part: the piece being filled, and the records in it.
    private final int[] last;
    private final int[] count;
    // The piece that a piece follows, in its list or among those that were given back.
    private final int[] before;
    private int givenBack = NONE;
    private int touched;
    private int used;
    private int limit;

    /// @param firstBytes memory to begin with
    /// @param mostBytes  not exceeded but for one piece of each writer in each part
    FoundRecords(final int writers, final int shards, final long firstBytes, final long mostBytes) {
        this.writers = writers;
        final long smallPieces = firstBytes / (MIN_PIECE * RECORD_BYTES) / ((long) writers * PIECES_PER_PART);
        partsPerShard = Math.max(1, Integer.highestOneBit((int) Math.min(MAX_PARTS, smallPieces)) / shards);
        partShift = Long.SIZE - Integer.numberOfTrailingZeros(partsPerShard);
        parts = shards * partsPerShard;
        pieceRecords = Math.clamp(
                firstBytes / RECORD_BYTES / ((long) writers * parts * PIECES_PER_PART), MIN_PIECE, MAX_PIECE);
        final long pieceBytes = (long) pieceRecords * RECORD_BYTES;
        final long spare = (long) writers * parts;
        limit = Math.toIntExact(firstBytes / pieceBytes + spare);
        mostPieces = (int) Math.min(Integer.MAX_VALUE / 2, Math.max(firstBytes, mostBytes) / pieceBytes + spare);
        memory = NativeMemory.reserve(mostPieces * pieceBytes, arena);
        NativeMemory.adviseHugePages(memory);
        before = new int[mostPieces];
        last = new int[writers * parts];
        count = new int[writers * parts];
        Arrays.fill(last, NONE);
    }

    /// Keeps a record.
    ///
    /// @return false if there is no room left: nothing happened, and room must be made first
    boolean add(final int writer, final int shard, final long fingerprint, final long word, final long position) {
        final int list = list(writer, shard, partOf(fingerprint));
        if ((last[list] == NONE || count[list] == pieceRecords) && !extend(list)) {
            return false;
        }
        final long at = at(last[list], count[list]++);
        memory.set(LONG, at, fingerprint);
        memory.set(LONG, at + WORD_OFFSET, word);
        memory.set(LONG, at + POSITION_OFFSET, position);
        return true;
    }

    /// Parts of each shard.
    int partsPerShard() {
        return partsPerShard;
    }

    /// Number of records of a part.
    int count(final int shard, final int part) {
        int sum = 0;
        for (int writer = 0; writer < writers; writer++) {
            final int list = list(writer, shard, part);
            if (last[list] != NONE) {
                sum += count[list];
                for (int piece = before[last[list]]; piece != NONE; piece = before[piece]) {
                    sum += pieceRecords;
                }
            }
        }
        return sum;
    }

    /// Copies the records of a part, in no order.
    ///
    /// @param target of at least so many times {@link #FIELDS}
    void read(final int shard, final int part, final long[] target) {
        int to = 0;
        for (int writer = 0; writer < writers; writer++) {
            final int list = list(writer, shard, part);
            int records = count[list];
            for (int piece = last[list]; piece != NONE; piece = before[piece]) {
                MemorySegment.copy(memory, LONG, at(piece, 0), target, to, records * FIELDS);
                to += records * FIELDS;
                records = pieceRecords;
            }
        }
    }

    /// Replaces the records of a part by some of them.
    ///
    /// @param records as {@link #read} gave them
    /// @param number  of records
    void replace(final int shard, final int part, final long[] records, final int number) {
        for (int writer = 0; writer < writers; writer++) {
            giveBack(list(writer, shard, part));
        }
        final int list = list(0, shard, part);
        for (int from = 0; from < number; from += pieceRecords) {
            if (!extend(list)) {
                throw new IllegalStateException("more records than before: number=" + number);
            }
            count[list] = Math.min(pieceRecords, number - from);
            MemorySegment.copy(records, from * FIELDS, memory, LONG, at(last[list], 0), count[list] * FIELDS);
        }
    }

    /// Makes sure that there is room for more, once what could be thrown out is.
    ///
    /// @return false if there is none
    synchronized boolean makeRoom() {
        if (used > limit / 2) {
            limit = (int) Math.min(mostPieces, 2L * limit);
        }
        return used < limit - limit / SPARE_SHARE;
    }

    private synchronized boolean extend(final int list) {
        if (used == limit) {
            return false;
        }
        used++;
        final int piece;
        if (givenBack == NONE) {
            piece = touched++;
        } else {
            piece = givenBack;
            givenBack = before[piece];
        }
        before[piece] = last[list];
        last[list] = piece;
        count[list] = 0;
        return true;
    }

    private synchronized void giveBack(final int list) {
        for (int piece = last[list]; piece != NONE; piece = last[list]) {
            last[list] = before[piece];
            before[piece] = givenBack;
            givenBack = piece;
            used--;
        }
        count[list] = 0;
    }

    private int list(final int writer, final int shard, final int part) {
        return writer * parts + shard * partsPerShard + part;
    }

    private int partOf(final long fingerprint) {
        // In two steps: with a single part one shift by 64 would be none.
        return (int) (fingerprint >>> 1 >>> (partShift - 1));
    }

    private long at(final int piece, final int record) {
        return ((long) piece * pieceRecords + record) * RECORD_BYTES;
    }

    @Override
    public void close() {
        arena.close();
    }
}
