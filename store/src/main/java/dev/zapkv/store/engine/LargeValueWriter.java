/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.log.StagingLease;
import dev.zapkv.store.log.StagingLeases;
import java.util.SplittableRandom;

/// Writes values that do not fit a block: chunks, ordinary records under internal keys, and last a head record under
/// the user's key that names them. Thread-safe.
final class LargeValueWriter {
    private final StagingLeases leases;
    private final RecordAppender records;
    private final LargeHeads heads;
    private final LiveRecords live;
    private final SplittableRandom chunkSetNumbers;

    /// @param chunkSeed start of the chunk sets' numbers, different in each life of the store
    LargeValueWriter(
            final StagingLeases leases,
            final RecordAppender records,
            final LargeHeads heads,
            final LiveRecords live,
            final long chunkSeed) {
        this.leases = leases;
        this.records = records;
        this.heads = heads;
        this.live = live;
        chunkSetNumbers = new SplittableRandom(chunkSeed);
    }

    /// Stores a value.
    ///
    /// @return block that the level can be awaited for
    long put(final byte[] key, final byte[] value) {
        final long chunkSet = nextChunkSet();
        final int chunkLength = records.maxInlineValue(ChunkKey.LENGTH);
        final LargeHead head = new LargeHead(chunkSet, value.length, chunkLength);
        requireRoomFor(value.length);
        heads.begin(key, head);
        int written = 0;
        try {
            for (; written < head.chunkCount(); written++) {
                final byte[] chunkKey = new byte[ChunkKey.LENGTH];
                ChunkKey.set(chunkKey, chunkSet, written);
                records.append(
                        RecordFormat.FLAG_CHUNK, chunkKey, value, written * chunkLength, head.lengthOfChunk(written));
            }
            return records.append(RecordFormat.FLAG_LARGE, key, head.encode(), 0, LargeHead.LENGTH);
        } catch (final RuntimeException e) {
            heads.dropChunks(chunkSet, head.chunkCount());
            throw e;
        }
    }

    /// Lends memory for a value that is to be put without a copy.
    StagingLease lease(final long length) {
        return leases.lease(
                length,
                records.maxInlineValue(ChunkKey.LENGTH),
                BlockFormat.HEADER_LENGTH + RecordFormat.HEADER_LENGTH + ChunkKey.LENGTH);
    }

    /// Whether a lease is one of this store's.
    boolean owns(final StagingLease lease) {
        return lease.isOf(leases);
    }

    /// Stores a value from leased memory. Each of its slots becomes a block of one chunk, around the bytes
    /// that are there. If there is no room the lease stays as it is; after any other failure it is used up.
    ///
    /// @return block that the level can be awaited for
    long put(final byte[] key, final StagingLease lease) {
        lease.requireOpen();
        requireRoomFor(lease.length());
        lease.take();
        final LargeHead head = new LargeHead(nextChunkSet(), lease.length(), records.maxInlineValue(ChunkKey.LENGTH));
        heads.begin(key, head);
        int put = 0;
        try {
            while (put < lease.slotCount()) {
                final int length = head.lengthOfChunk(put);
                final byte[] chunkKey = new byte[ChunkKey.LENGTH];
                ChunkKey.set(chunkKey, head.chunkSet(), put);
                final long position =
                        lease.insert(put, RecordFormat.align(RecordFormat.length(ChunkKey.LENGTH, length)));
                put++;
                records.complete(position, RecordFormat.FLAG_CHUNK, chunkKey, null, 0, length);
            }
            return records.append(RecordFormat.FLAG_LARGE, key, head.encode(), 0, LargeHead.LENGTH);
        } catch (final RuntimeException e) {
            heads.dropChunks(head.chunkSet(), head.chunkCount());
            lease.giveBack(put);
            throw e;
        }
    }

    private void requireRoomFor(final long length) {
        if (!live.hasRoomFor(length)) {
            throw live.storeFull(
                    length,
                    " A large value that is overwritten keeps its room until the new one is complete: delete its key"
                            + " first if there is no room for both.");
        }
    }

    private synchronized long nextChunkSet() {
        return chunkSetNumbers.nextLong();
    }
}
