/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import dev.zapkv.io.NativeMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/// What a replay found and has not applied yet, sorted by shard of the index and by the upper bits of the fingerprint:
/// of
/// each record its fingerprint, the index word that would lead to it, and its log position. A shard is kept in the
/// order
/// of its fingerprints, so what is sorted together lies together in the index: in a part of it that caches hold.
///
/// The memory is divided into pieces, which are dealt out as they are needed: each writer fills one per part at a
/// time. When no piece is left, everything is applied, and all pieces are free again.
///
/// *Threads.* Each writer has a number and is one thread at a time. {@link #visit} and {@link #clear} need writers to
/// be at rest, with a happens-before edge in between.
final class FoundRecords implements AutoCloseable {
    private static final int RECORD_BYTES = 3 * Long.BYTES;
    private static final int WORD_OFFSET = Long.BYTES;
    private static final int POSITION_OFFSET = 2 * Long.BYTES;
    private static final int MIN_PIECE = 16;
    private static final int MAX_PIECE = 512;
    /// Parts of all shards together that one writer can fill at a time without leaving the processor's cache.
    private static final int PARTS = 2048;
    /// Pieces that each writer should have per part, so that few are half empty when no more are left.
    private static final int PIECES_PER_PART = 4;
    private static final int NONE = -1;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final Arena arena = Arena.ofShared();
    private final int writers;
    private final int partShift;
    private final int partsPerShard;
    private final int parts;
    private final int pieceRecords;
    private final int pieces;
    private final MemorySegment memory;
    private final AtomicInteger taken = new AtomicInteger();
    // The piece that a piece follows.
    private final int[] before;
    // By writer, shard and part: the piece being filled, and the records in it.
    private final int[] last;
    private final int[] count;

    /// Receives records.
    @FunctionalInterface
    interface Visitor {
        /// One record.
        void record(long fingerprint, long word, long position);
    }

    /// @param budgetBytes never exceeded
    FoundRecords(final int writers, final int shards, final long budgetBytes) {
        this.writers = writers;
        partsPerShard = Math.max(1, PARTS / shards);
        partShift = Long.SIZE - Integer.numberOfTrailingZeros(partsPerShard);
        parts = shards * partsPerShard;
        pieceRecords = Math.clamp(
                budgetBytes / RECORD_BYTES / ((long) writers * parts * PIECES_PER_PART), MIN_PIECE, MAX_PIECE);
        pieces = (int) Math.min(Integer.MAX_VALUE / 2, budgetBytes / ((long) pieceRecords * RECORD_BYTES));
        memory = NativeMemory.reserve((long) pieces * pieceRecords * RECORD_BYTES, arena);
        NativeMemory.adviseHugePages(memory);
        before = new int[pieces];
        last = new int[writers * parts];
        count = new int[writers * parts];
        Arrays.fill(last, NONE);
    }

    /// Keeps a record.
    ///
    /// @return false if there is no room left: nothing happened, and everything must be applied first
    boolean add(final int writer, final int shard, final long fingerprint, final long word, final long position) {
        final int list = writer * parts + shard * partsPerShard + partOf(fingerprint);
        if (last[list] == NONE || count[list] == pieceRecords) {
            if (taken.getOpaque() >= pieces) {
                return false;
            }
            final int piece = taken.getAndIncrement();
            if (piece >= pieces) {
                return false;
            }
            before[piece] = last[list];
            last[list] = piece;
            count[list] = 0;
        }
        final long at = at(last[list], count[list]++);
        memory.set(LONG, at, fingerprint);
        memory.set(LONG, at + WORD_OFFSET, word);
        memory.set(LONG, at + POSITION_OFFSET, position);
        return true;
    }

    private int partOf(final long fingerprint) {
        // In two steps: with a single part one shift by 64 would be none.
        return (int) (fingerprint >>> 1 >>> (partShift - 1));
    }

    /// Parts of each shard.
    int partsPerShard() {
        return partsPerShard;
    }

    /// Number of records of a shard.
    long count(final int shard) {
        long sum = 0;
        for (int part = 0; part < partsPerShard; part++) {
            for (int list = shard * partsPerShard + part; list < writers * parts; list += parts) {
                if (last[list] != NONE) {
                    sum += count[list];
                    for (int piece = before[last[list]]; piece != NONE; piece = before[piece]) {
                        sum += pieceRecords;
                    }
                }
            }
        }
        return sum;
    }

    /// Visits the records of a part of a shard, in no order.
    void visit(final int shard, final int part, final Visitor visitor) {
        for (int list = shard * partsPerShard + part; list < writers * parts; list += parts) {
            int records = count[list];
            for (int piece = last[list]; piece != NONE; piece = before[piece]) {
                for (int i = 0; i < records; i++) {
                    final long at = at(piece, i);
                    visitor.record(
                            memory.get(LONG, at),
                            memory.get(LONG, at + WORD_OFFSET),
                            memory.get(LONG, at + POSITION_OFFSET));
                }
                records = pieceRecords;
            }
        }
    }

    /// Forgets all records.
    void clear() {
        Arrays.fill(last, NONE);
        Arrays.fill(count, 0);
        taken.set(0);
    }

    private long at(final int piece, final int record) {
        return ((long) piece * pieceRecords + record) * RECORD_BYTES;
    }

    @Override
    public void close() {
        arena.close();
    }
}
