/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.jmh;

import dev.zapkv.Context;
import dev.zapkv.Durability;
import dev.zapkv.ZapKv;
import dev.zapkv.bench.ScratchDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.SplittableRandom;
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

/// Puts and gets on a store in steady state: keys overwritten in pseudo-random order in a bounded store, so that
/// garbage collection is part of it. With {@code -prof gc}: a put and {@link #getInto} allocate nothing, {@link
/// #get} the array it returns.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {ForkFlags.UNSAFE_OPTION, ForkFlags.UNSAFE, ForkFlags.NATIVE_ACCESS})
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class StoreBenchmark {
    private static final int KEYS = 100_000;
    private static final int STRIDE = 61_987;
    private static final long CAPACITY_BYTES = 1L << 30;
    private static final long MEMORY_BYTES = 512L << 20;
    private static final long SEED = 42;

    /// Where a directory for the store is made.
    @Param("data")
    public String directory;

    /// Bytes of a value.
    @Param("1000")
    public int valueSize;

    private ScratchDirectory scratch;
    private ZapKv store;
    private byte[][] keys;
    private byte[] value;
    private byte[] target;
    private int next;

    /// For JMH.
    public StoreBenchmark() {}

    /// Fills a store.
    @Setup(Level.Trial)
    public void open() throws IOException {
        scratch = ScratchDirectory.below(Path.of(directory));
        store = ZapKv.open(new Context()
                .directory(scratch.path().resolve("store"))
                .capacityBytes(CAPACITY_BYTES)
                .memoryBytes(MEMORY_BYTES)
                .durability(Durability.PROCESS));
        value = new byte[valueSize];
        new SplittableRandom(SEED).nextBytes(value);
        target = new byte[valueSize];
        keys = new byte[KEYS][];
        for (int i = 0; i < KEYS; i++) {
            keys[i] = ("user" + Mix.fingerprint(i)).getBytes(StandardCharsets.US_ASCII);
            store.put(keys[i], value);
        }
    }

    /// Closes and deletes it.
    @TearDown(Level.Trial)
    public void close() {
        store.close();
        scratch.close();
    }

    /// The next key alone.
    @Benchmark
    public byte[] baseline() {
        return nextKey();
    }

    /// Overwrites a key.
    @Benchmark
    public void put() {
        store.put(nextKey(), value);
    }

    /// Reads a value into an array of its own.
    @Benchmark
    public byte[] get() {
        return store.get(nextKey());
    }

    /// Reads a value into the caller's array.
    @Benchmark
    public int getInto() {
        final int length = store.get(nextKey(), target);
        if (length != valueSize) {
            throw new IllegalStateException("a value has another length: " + length);
        }
        return length;
    }

    private byte[] nextKey() {
        next += STRIDE;
        if (next >= KEYS) {
            next -= KEYS;
        }
        return keys[next];
    }
}
