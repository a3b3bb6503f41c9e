/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.jmh;

import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.PointIndex;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// Insertion of {@value #BATCH} new keys into an index that holds {@link #keys} before, growth of shards included; time
/// for one key.
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {ForkFlags.UNSAFE_OPTION, ForkFlags.UNSAFE, ForkFlags.NATIVE_ACCESS})
@Warmup(iterations = 2)
@Measurement(iterations = 5)
public class IndexInsertBenchmark {
    private static final int BATCH = 500_000;
    private static final int SHARDS = 256;
    private static final long BYTES_PER_KEY_LIMIT = 32;

    /// Keys in the index before.
    @Param({"1000000", "10000000", "50000000"})
    public int keys;

    private PointIndex index;

    /// For JMH.
    public IndexInsertBenchmark() {}

    /// Fills a fresh index.
    @Setup(Level.Iteration)
    public void fill() {
        index = new PointIndex(SHARDS, (keys + (long) BATCH) * BYTES_PER_KEY_LIMIT);
        insert(0, keys);
    }

    /// Frees it.
    @TearDown(Level.Iteration)
    public void close() {
        index.close();
    }

    /// Inserts a batch.
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long insert() {
        return insert(keys, BATCH);
    }

    private long insert(final int first, final int count) {
        long sum = 0;
        for (int key = first; key < first + count; key++) {
            sum += index.publish(
                    Mix.fingerprint(key),
                    Mix.location(key),
                    IndexEntry.memory(IndexEntry.UNIT_BYTES * (long) key, 1, false),
                    false);
        }
        if (sum != 0) {
            throw new IllegalStateException("the index did not take every key as new");
        }
        return sum;
    }
}
