/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.read.RecordReader;
import java.util.concurrent.atomic.LongAdder;

/// Gets on a store that nobody changes.
final class ReadOnlyReads implements Reads {
    private final PointIndex index;
    private final KeyHash hash;
    private final LiveRecords live;
    private final ValueReader values;
    private final RecordLimits limits;
    private final LongAdder gets = new LongAdder();

    ReadOnlyReads(
            final PointIndex index,
            final KeyHash hash,
            final LiveRecords live,
            final RecordReader reader,
            final RecordLimits limits) {
        this.index = index;
        this.hash = hash;
        this.live = live;
        this.limits = limits;
        values = new ValueReader(reader, hash);
    }

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
        return RecordAppender.isValue(
                index.get(hash.fingerprint(key, 0, key.length), hash.location(key, 0, key.length)));
    }

    @Override
    public long count() {
        return index.size() - live.chunks();
    }

    @Override
    public int maxKeyLength() {
        return limits.maxKeyLength();
    }

    @Override
    public int maxBatchBytes() {
        return limits.maxBatchBytes();
    }

    long gets() {
        return gets.sum();
    }
}
