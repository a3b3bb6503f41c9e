/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.Durability;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.store.log.StagingLease;
import dev.zapkv.store.log.StagingLog;
import dev.zapkv.store.read.RecordReader;
import java.util.concurrent.atomic.LongAdder;

/// Puts, deletes and gets on an open store. Thread-safe.
///
/// *A put*: {@link RecordAppender} writes the record into staging and publishes it in the index; then it is waited for
/// the
/// level ({@link IoAgent#await}). *A get*: {@link RecordReader#read}.
///
/// Values that do not fit a block are stored as chunks, ordinary records under internal keys, and a head
/// record under the user's key that names them; the head is written last ({@link LargeValueWriter}).
public final class Engine implements Reads {
    private final StagingLog staging;
    private final PointIndex index;
    private final KeyHash hash;
    private final IoAgent agent;
    private final LiveRecords live;
    private final ValueReader values;
    private final RecordAppender records;
    private final LargeValueWriter largeValues;

    private final LongAdder userBytes = new LongAdder();
    private final LongAdder valueBytesInPlace = new LongAdder();
    private final LongAdder puts = new LongAdder();
    private final LongAdder deletes = new LongAdder();
    private final LongAdder gets = new LongAdder();

    /// @param chunkSets   of the large values that are there
    /// @param chunkSeed   start of the chunk sets' numbers, different in each life of the store
    Engine(
            final AppendAgent append,
            final PointIndex index,
            final KeyHash hash,
            final RecordReader reader,
            final IoAgent agent,
            final LiveRecords live,
            final ChunkSets chunkSets,
            final long chunkSeed) {
        this.index = index;
        this.hash = hash;
        this.agent = agent;
        this.live = live;
        staging = append.staging();
        values = new ValueReader(reader, hash);
        final LargeHeads heads = new LargeHeads(index, hash, reader, chunkSets, live);
        records = new RecordAppender(staging, index, hash, live, heads, agent);
        largeValues = new LargeValueWriter(append.leases(), records, heads, live, chunkSeed);
    }

    // ---- reads

    @Override
    public byte[] get(final byte[] key) {
        gets.increment();
        return values.get(key);
    }

    @Override
    public int get(final byte[] key, final byte[] into) {
        gets.increment();
        return values.get(key, into);
    }

    @Override
    public boolean contains(final byte[] key) {
        final long entry = index.get(hash.fingerprint(key, 0, key.length), hash.location(key, 0, key.length));
        return RecordAppender.isValue(entry);
    }

    // ---- writes

    @Override
    public int maxBatchBytes() {
        return records.maxBatchBytes();
    }

    @Override
    public int maxKeyLength() {
        return records.limits().maxKeyLength();
    }

    /// Stores a value.
    ///
    /// @return block that the level can be awaited for
    public long put(final byte[] key, final byte[] value) {
        final long block = value.length <= records.maxInlineValue(key.length)
                ? records.append(0, key, value, 0, value.length)
                : largeValues.put(key, value);
        puts.increment();
        userBytes.add(key.length + (long) value.length);
        return block;
    }

    /// Lends memory for a value that is to be put without a copy.
    public StagingLease lease(final long length) {
        agent.checkUsable();
        return largeValues.lease(length);
    }

    /// Whether a lease is one of this store's.
    public boolean owns(final StagingLease lease) {
        return largeValues.owns(lease);
    }

    /// Stores a value from leased memory, see {@link LargeValueWriter#put(byte[], StagingLease)}.
    ///
    /// @return block that the level can be awaited for
    public long put(final byte[] key, final StagingLease lease) {
        agent.checkUsable();
        final long block = largeValues.put(key, lease);
        puts.increment();
        userBytes.add(key.length + lease.length());
        valueBytesInPlace.add(lease.length());
        return block;
    }

    /// Deletes a key.
    ///
    /// @return block that the level can be awaited for, negated less one if the key had no value
    public long delete(final byte[] key) {
        final long fingerprint = hash.fingerprint(key, 0, key.length);
        final long location = hash.location(key, 0, key.length);
        long outcome = RecordAppender.TOO_LATE;
        while (outcome == RecordAppender.TOO_LATE) {
            if (!RecordAppender.isValue(index.get(fingerprint, location))) {
                // Whatever deleted it lies in a block up to this one.
                return -staging.lastClaimedBlock() - 1;
            }
            // What counts is what the tombstone replaces: another delete may have come in between. One that comes too
            // late replaces nothing, so nothing tells what it would have: it is written again.
            outcome = records.append(RecordFormat.FLAG_TOMBSTONE, key, new byte[0], 0, 0);
        }
        deletes.increment();
        userBytes.add(key.length);
        return outcome;
    }

    /// Stores puts and deletes so that all or none of them survive.
    ///
    /// @param keys   of the records, in order
    /// @param newValues a null element deletes
    /// @return block that the level can be awaited for
    public long write(final byte[][] keys, final byte[][] newValues) {
        agent.checkUsable();
        final long block = records.write(keys, newValues);
        for (int i = 0; i < keys.length; i++) {
            userBytes.add(keys[i].length + (newValues[i] == null ? 0L : newValues[i].length));
            (newValues[i] == null ? deletes : puts).increment();
        }
        return block;
    }

    /// Waits until a block has reached a level.
    public void await(final long block, final Durability level) {
        agent.await(block, level);
    }

    // ---- figures

    @Override
    public long count() {
        return index.size() - live.chunks();
    }

    long userBytes() {
        return userBytes.sum();
    }

    long valueBytesCopied() {
        return records.copiedBytes();
    }

    long valueBytesInPlace() {
        return valueBytesInPlace.sum();
    }

    long puts() {
        return puts.sum();
    }

    long deletes() {
        return deletes.sum();
    }

    long gets() {
        return gets.sum();
    }
}
