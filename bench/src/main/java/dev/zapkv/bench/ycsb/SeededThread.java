/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.ThreadLocalRandom;

/// Gives the calling thread's {@link ThreadLocalRandom} a seed. YCSB's generators draw from it and offer no seed of
/// their own; with this, every engine sees the same operations, keys and values. Needs {@code --add-opens
/// java.base/java.lang=ALL-UNNAMED}.
final class SeededThread {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;
    private static final long MIX = 0xBF58476D1CE4E5B9L;

    private final VarHandle seedField;

    SeededThread() {
        try {
            seedField = MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup())
                    .findVarHandle(Thread.class, "threadLocalRandomSeed", long.class);
        } catch (final ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "cannot seed YCSB's random numbers; start the JVM with --add-opens java.base/java.lang=ALL-UNNAMED",
                    e);
        }
    }

    /// Seeds the calling thread, differently for each phase and thread number.
    void seed(final long seed, final WorkloadKind phase, final int thread) {
        if (ThreadLocalRandom.current() == null) {
            throw new IllegalStateException("no ThreadLocalRandom");
        }
        seedField.set(
                Thread.currentThread(),
                seed * GOLDEN_GAMMA + ((long) phase.toString().hashCode() << 16 | thread) * MIX);
    }
}
