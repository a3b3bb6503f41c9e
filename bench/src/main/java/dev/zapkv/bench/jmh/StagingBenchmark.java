/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.jmh;

import dev.zapkv.store.log.StagingFile;
import dev.zapkv.store.log.StagingLog;
import dev.zapkv.store.meta.StoreId;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
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
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/// Claiming a place in staging and committing it, by one to four threads, without filling it. A thread of its own
/// takes the part of the I/O agent and gives slots back as soon as their block is complete.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {ForkFlags.UNSAFE_OPTION, ForkFlags.UNSAFE, ForkFlags.NATIVE_ACCESS})
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class StagingBenchmark {
    private static final int BLOCK_BYTES = 128 << 10;
    private static final int SLOTS = 256;
    private static final int RING = 4 * SLOTS;
    private static final long PARK_NS = 10_000;

    /// Bytes of a claim.
    @Param("1056")
    public int claimBytes;

    private final AtomicIntegerArray sealedLength = new AtomicIntegerArray(RING);
    private StagingFile file;
    private StagingLog log;
    private Thread agent;
    private volatile boolean running;

    /// For JMH.
    public StagingBenchmark() {}

    /// Makes a log in shared memory.
    @Setup(Level.Trial)
    public void open() {
        file = StagingFile.create(List.of(Path.of("/dev/shm")), new StoreId(1, 1), 1, BLOCK_BYTES, SLOTS, SLOTS);
        log = new StagingLog(file, 1, new StagingLog.Backpressure() {
            @Override
            public void sealed(final long block, final int length) {
                sealedLength.setRelease((int) (block % RING), length);
            }

            @Override
            public void stalled(final int waits) {}
        });
        log.openUpTo(Long.MAX_VALUE);
        running = true;
        agent = Thread.ofPlatform().name("agent").daemon(true).start(this::recycle);
    }

    /// Ends the agent and deletes the log.
    @TearDown(Level.Trial)
    public void close() throws InterruptedException {
        running = false;
        agent.join();
        file.delete();
    }

    /// One thread.
    @Benchmark
    @Threads(1)
    public long threads1() {
        return claimAndCommit();
    }

    /// Two threads.
    @Benchmark
    @Threads(2)
    public long threads2() {
        return claimAndCommit();
    }

    /// Three threads.
    @Benchmark
    @Threads(3)
    public long threads3() {
        return claimAndCommit();
    }

    /// Four threads.
    @Benchmark
    @Threads(4)
    public long threads4() {
        return claimAndCommit();
    }

    private long claimAndCommit() {
        final long position = log.claim(claimBytes);
        log.commit(position, claimBytes);
        return position;
    }

    private void recycle() {
        long block = 1;
        while (running) {
            final int length = sealedLength.getAcquire((int) (block % RING));
            if (length != 0 && log.isCommitted(block, length)) {
                sealedLength.setRelease((int) (block % RING), 0);
                log.release(block);
                block++;
            } else {
                LockSupport.parkNanos(PARK_NS);
            }
        }
    }
}
