/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.io.ZoneRange;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/// The process that {@link KillScenario} kills: several threads follow the script until it dies, noting each step in
/// shared memory before it begins and when it was acknowledged, while another asks for checkpoints and collections.
final class KillChild {
    /// Bytes of the progress file for each thread.
    static final int PROGRESS_STRIDE = 128;
    /// Where a thread notes the step it begins.
    static final int STARTED = 0;
    /// Where a thread notes the last step that was acknowledged.
    static final int ACKNOWLEDGED = 64;

    private static final int PHASE = KillScript.THREADS * PROGRESS_STRIDE;
    private static final int MAINTENANCE = PHASE + 64;
    // So that kills come in the midst of checkpoints, too, and stores of few zones write any.
    private static final long CHECKPOINT_BYTES = 2L << 20;
    private static final double MIN_GARBAGE = 0.2;
    private static final long MAX_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private static volatile boolean writing = true;

    private KillChild() {}

    /// What the process is at. The last one that was noted stays when it dies.
    enum Phase {
        WAITING(0),
        OPENING(1),
        OPEN(2),
        /// A checkpoint is being written on request.
        CHECKPOINTING(3),
        /// Zones are being collected on request.
        COLLECTING(4),
        CLOSING(5),
        CLOSED(6);

        private final long code;

        Phase(final long code) {
            this.code = code;
        }
    }

    /// Does the work, once it is told which on the standard input: life, steps of each thread before a clean close, and
    /// progress file. All that takes time when a process starts is behind it then.
    ///
    /// @param args store location and zones, seed
    public static void main(final String[] args) throws IOException, InterruptedException {
        final KillScript script = KillScript.ofMixedLevels(Long.parseLong(args[2]));
        TestData.value(1, 1, 100);
        final String line = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
        if (line == null) {
            return;
        }
        final String[] order = line.split(" ", 3);
        final int life = Integer.parseInt(order[0]);
        final long steps = Long.parseLong(order[1]);
        final MemorySegment progress = progress(Path.of(order[2]));
        note(progress, PHASE, Phase.OPENING);
        final ZapKv store = ZapKv.open(context(args[0], args[1]));
        note(progress, PHASE, Phase.OPEN);
        final Thread[] threads = new Thread[KillScript.THREADS];
        for (int t = 0; t < threads.length; t++) {
            final int thread = t;
            threads[t] = start(() -> work(store, script, life, thread, steps, progress));
        }
        final Thread maintenance = start(() -> maintain(store, new SplittableRandom(life), progress));
        for (final Thread thread : threads) {
            thread.join();
        }
        writing = false;
        maintenance.join();
        note(progress, PHASE, Phase.CLOSING);
        store.close();
        note(progress, PHASE, Phase.CLOSED);
    }

    private static Thread start(final Runnable task) {
        return Thread.ofPlatform().start(() -> {
            try {
                task.run();
            } catch (final RuntimeException e) {
                e.printStackTrace();
                Runtime.getRuntime().halt(3);
            }
        });
    }

    static Context context(final String location, final String zones) {
        final Location place = Location.parse(location);
        final Context context =
                new Context().location(place).memoryBytes(32 << 20).checkpointBytes(CHECKPOINT_BYTES);
        return place.isDrive() ? context.zones(ZoneRange.parse(zones)) : context.capacityBytes(KillScript.CAPACITY);
    }

    /// What the process is at, or was at when it died.
    static Phase phase(final MemorySegment progress) {
        final Phase phase = noted(progress, PHASE);
        final Phase maintenance = noted(progress, MAINTENANCE);
        return phase == Phase.OPEN && maintenance != Phase.WAITING ? maintenance : phase;
    }

    private static Phase noted(final MemorySegment progress, final long at) {
        final long code = (long) LONG.getVolatile(progress, at);
        return Stream.of(Phase.values())
                .filter(phase -> phase.code == code)
                .findFirst()
                .orElseThrow();
    }

    private static void note(final MemorySegment progress, final long at, final Phase phase) {
        LONG.setVolatile(progress, at, phase.code);
    }

    static MemorySegment progress(final Path file) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, (long) PHASE + PROGRESS_STRIDE, Arena.global());
        }
    }

    private static void work(
            final ZapKv store,
            final KillScript script,
            final int life,
            final int thread,
            final long steps,
            final MemorySegment progress) {
        final long at = (long) thread * PROGRESS_STRIDE;
        for (long sequence = 1; sequence <= steps; sequence++) {
            final KillScript.Step step = script.step(life, thread, sequence);
            LONG.setVolatile(progress, at + STARTED, sequence);
            step.apply(store);
            LONG.setVolatile(progress, at + ACKNOWLEDGED, sequence);
        }
    }

    private static void maintain(final ZapKv store, final SplittableRandom random, final MemorySegment progress) {
        while (writing) {
            final boolean checkpoint = random.nextBoolean();
            note(progress, MAINTENANCE, checkpoint ? Phase.CHECKPOINTING : Phase.COLLECTING);
            if (checkpoint) {
                store.checkpoint();
            } else {
                store.collect(MIN_GARBAGE);
            }
            note(progress, MAINTENANCE, Phase.WAITING);
            LockSupport.parkNanos(random.nextLong(MAX_PAUSE_NS));
        }
    }
}
