/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.jmh;

import dev.zapkv.store.engine.RecordWriter;
import dev.zapkv.store.format.RecordFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
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

/// Encoding one record into a block: header, key, value and checksum. The baseline is the copy of the value alone
/// and its checksum alone. The target moves through a block, as in staging.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {ForkFlags.UNSAFE_OPTION, ForkFlags.UNSAFE, ForkFlags.NATIVE_ACCESS})
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class RecordEncodeBenchmark {
    private static final int BLOCK_BYTES = 128 << 10;
    private static final long SEED = 42;

    /// Bytes of a value.
    @Param({"100", "1000", "10000"})
    public int valueSize;

    private final RecordWriter writer = new RecordWriter();
    private final CRC32C crc = new CRC32C();
    private Arena arena;
    private MemorySegment block;
    private byte[] key;
    private byte[] value;
    private int claimed;
    private int at;

    /// For JMH.
    public RecordEncodeBenchmark() {}

    /// Makes a block.
    @Setup(Level.Trial)
    public void open() {
        arena = Arena.ofShared();
        block = arena.allocate(BLOCK_BYTES, 4096);
        key = "user6284781860667377211".getBytes(StandardCharsets.US_ASCII);
        value = new byte[valueSize];
        new SplittableRandom(SEED).nextBytes(value);
        claimed = RecordFormat.align(RecordFormat.length(key.length, valueSize));
    }

    /// Releases it.
    @TearDown(Level.Trial)
    public void close() {
        arena.close();
    }

    /// One record.
    @Benchmark
    public int encode() {
        writer.write(block, place(), 1, 0, key, value, 0, value.length);
        return at;
    }

    /// The value's bytes alone.
    @Benchmark
    public int copyOnly() {
        MemorySegment.copy(value, 0, block, ValueLayout.JAVA_BYTE, place(), value.length);
        return at;
    }

    /// The value's checksum alone.
    @Benchmark
    public long checksumOnly() {
        crc.reset();
        crc.update(value, 0, value.length);
        return crc.getValue();
    }

    private int place() {
        at = at + 2 * claimed > BLOCK_BYTES ? 0 : at + claimed;
        return at;
    }
}
