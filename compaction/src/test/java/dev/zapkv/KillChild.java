/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.io.ZoneRange;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// The process that {@link KillScenario} kills: follows the script until it dies, noting each step in shared memory
/// before
/// it begins and when it was acknowledged.
final class KillChild {
    /// Bytes of the progress file for each thread.
    static final int PROGRESS_STRIDE = 128;
    /// Where a thread notes the step it begins.
    static final int STARTED = 0;
    /// Where a thread notes the last step that was acknowledged.
    static final int ACKNOWLEDGED = 64;
    /// Where the process notes that the store is open.
    static final int OPENED = KillScript.THREADS * PROGRESS_STRIDE;

    // So that kills come in the midst of checkpoints, too.
    private static final long CHECKPOINT_BYTES = 2L << 20;
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private KillChild() {}

    /// Does the work.
    ///
    /// @param args store location and zones, progress file, seed, life, steps of each thread before a clean close
    public static void main(final String[] args) throws IOException, InterruptedException {
        final KillScript script = new KillScript(Long.parseLong(args[2]));
        final int life = Integer.parseInt(args[3]);
        final long steps = Long.parseLong(args[4]);
        final MemorySegment progress = progress(Path.of(args[1]));
        // All that takes time when a process starts is behind us: the parent says when to go on.
        TestData.value(1, 1, 100);
        if (System.in.read() < 0) {
            return;
        }
        final ZapKv store = ZapKv.open(context(args[0], args[5]));
        LONG.setVolatile(progress, (long) OPENED, 1L);
        final Thread[] threads = new Thread[KillScript.THREADS];
        for (int t = 0; t < threads.length; t++) {
            final int thread = t;
            threads[t] = Thread.ofPlatform().start(() -> {
                try {
                    work(store, script, life, thread, steps, progress);
                } catch (final RuntimeException e) {
                    e.printStackTrace();
                    Runtime.getRuntime().halt(3);
                }
            });
        }
        for (final Thread thread : threads) {
            thread.join();
        }
        store.close();
    }

    static Context context(final String location, final String zones) {
        final Location place = Location.parse(location);
        final Context context = new Context().location(place).memoryBytes(32 << 20);
        return place.isDrive()
                ? context.zones(ZoneRange.parse(zones))
                : context.capacityBytes(KillScript.CAPACITY).checkpointBytes(CHECKPOINT_BYTES);
    }

    /// Whether the process has opened the store.
    static boolean isOpen(final MemorySegment progress) {
        return (long) LONG.getVolatile(progress, (long) OPENED) != 0;
    }

    static MemorySegment progress(final Path file) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, (long) OPENED + PROGRESS_STRIDE, Arena.global());
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
}
