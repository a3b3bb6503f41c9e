/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

/// Walks over all entries of an index while it is in use, in the order of shards and fingerprints. An entry that is
/// there all the time is met exactly once. For one thread.
public final class EntryCursor {
    // Writers to a shard wait while so many are copied.
    private static final int PIECE_ENTRIES = 1 << 13;

    private final PointIndex index;
    private final long[] piece = new long[2 * PIECE_ENTRIES];
    private int shard = -1;
    private long from;
    private boolean shardDone = true;
    private int count;
    private int at = -1;

    /// A cursor before the first entry.
    public EntryCursor(final PointIndex index) {
        this.index = index;
    }

    /// Goes on to the next entry.
    ///
    /// @return false if there is none
    public boolean next() {
        at++;
        while (at >= count) {
            if (!readPiece()) {
                return false;
            }
        }
        return true;
    }

    /// Shard of the entry.
    public int shard() {
        return shard;
    }

    /// Fingerprint of the entry.
    public long fingerprint() {
        return piece[2 * at];
    }

    /// Word of the entry when it was copied.
    public long word() {
        return piece[2 * at + 1];
    }

    private boolean readPiece() {
        if (shardDone) {
            shard++;
            from = 0;
            if (shard >= index.shardCount()) {
                shard = index.shardCount() - 1;
                return false;
            }
        }
        count = index.readShard(shard, from, piece);
        at = 0;
        from = count == 0 ? 0 : piece[2 * count - 2] + 1;
        // Zero: the last one was the highest fingerprint there is.
        shardDone = count < PIECE_ENTRIES || from == 0;
        return true;
    }
}
