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
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// Look-ups and overwrites in a filled index, keys in pseudo-random order, so that a large index misses the
/// processor's caches as it will in a store. The hash of the key is not included; {@link #baseline} is what making
/// the next hash costs.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {ForkFlags.UNSAFE_OPTION, ForkFlags.UNSAFE, ForkFlags.NATIVE_ACCESS})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class IndexBenchmark {
    private static final int SHARDS = 256;
    private static final long BYTES_PER_KEY_LIMIT = 32;
    private static final long STRIDE = 1_000_000_007L;

    /// Keys in the index.
    @Param({"1000000", "10000000", "50000000"})
    public int keys;

    private PointIndex index;
    private long next;
    private long position;

    /// For JMH.
    public IndexBenchmark() {}

    /// Fills the index.
    @Setup(Level.Trial)
    public void fill() {
        index = new PointIndex(SHARDS, keys * BYTES_PER_KEY_LIMIT);
        for (int key = 0; key < keys; key++) {
            publish(key);
        }
    }

    /// Frees it.
    @TearDown(Level.Trial)
    public void close() {
        index.close();
    }

    /// The next key and its hashes alone.
    @Benchmark
    public long baseline() {
        final long key = nextKey();
        return Mix.fingerprint(key) ^ Mix.location(key);
    }

    /// Look-up of a key that is there.
    @Benchmark
    public long lookUp() {
        final long key = nextKey();
        return index.get(Mix.fingerprint(key), Mix.location(key));
    }

    /// Look-up of a key that is not there.
    @Benchmark
    public long miss() {
        final long key = nextKey() + keys;
        return index.get(Mix.fingerprint(key), Mix.location(key));
    }

    /// A newer record of a key that is there.
    @Benchmark
    public long overwrite() {
        return publish(nextKey());
    }

    private long nextKey() {
        next = (next + STRIDE) % keys;
        return next;
    }

    private long publish(final long key) {
        position += IndexEntry.UNIT_BYTES;
        final long previous =
                index.publish(Mix.fingerprint(key), Mix.location(key), IndexEntry.memory(position, 1, false), false);
        if (previous == PointIndex.REFUSED_FULL || previous == PointIndex.REFUSED_OLDER) {
            throw new IllegalStateException("the index refused a key: " + previous);
        }
        return previous;
    }
}
