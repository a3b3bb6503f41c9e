/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.jmh;

import dev.zapkv.io.uring.CqeHandler;
import dev.zapkv.io.uring.Ring;
import dev.zapkv.io.uring.RingOptions;
import dev.zapkv.io.uring.SqeFlyweight;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What io_uring costs without any I/O: NOP commands prepared, submitted and reaped, time for one command. The
/// batch shares one system call.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {ForkFlags.UNSAFE_OPTION, ForkFlags.UNSAFE, ForkFlags.NATIVE_ACCESS})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RingBenchmark implements CqeHandler {
    private static final int DEPTH = 64;
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);

    private Ring ring;
    private long sum;

    /// For JMH.
    public RingBenchmark() {}

    /// Opens a ring owned by this thread.
    @Setup(Level.Trial)
    public void open() {
        ring = Ring.open(new RingOptions(DEPTH, 2 * DEPTH, RingOptions.SINGLE_THREAD_FLAGS, 0));
    }

    /// Closes it.
    @TearDown(Level.Trial)
    public void close() {
        ring.close();
    }

    /// One command in flight.
    @Benchmark
    public long nopBatch1() {
        return roundTrip(1);
    }

    /// Eight commands a system call.
    @Benchmark
    @OperationsPerInvocation(8)
    public long nopBatch8() {
        return roundTrip(8);
    }

    /// Thirty-two commands a system call.
    @Benchmark
    @OperationsPerInvocation(32)
    public long nopBatch32() {
        return roundTrip(32);
    }

    private long roundTrip(final int batch) {
        for (int i = 0; i < batch; i++) {
            ring.next().opcode(SqeFlyweight.OP_NOP).userData(i);
        }
        ring.submitAndWait(batch, TIMEOUT_NS);
        int reaped = ring.reap(this);
        while (reaped < batch) {
            ring.submitAndWait(batch - reaped, TIMEOUT_NS);
            reaped += ring.reap(this);
        }
        return sum;
    }

    @Override
    public void onCompletion(final long userData, final int result, final int flags) {
        if (result < 0) {
            throw new IllegalStateException("NOP failed: result=" + result);
        }
        sum += userData;
    }
}
