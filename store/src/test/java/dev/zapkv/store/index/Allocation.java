/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

import java.lang.management.ManagementFactory;
import java.util.function.IntToLongFunction;

/// Measures what a piece of code allocates on this thread.
final class Allocation {
    /// The measurement itself may allocate this much; one object per call would be far more.
    static final long NOISE_BYTES = 4096;

    /// Keeps the code's results in use, so that it is not optimised away.
    static volatile long sink;

    private Allocation() {}

    /// The bytes allocated by the frugalest of so many rounds: the first ones run uncompiled, with boxed handles.
    static long leastBytesOf(final int rounds, final int calls, final IntToLongFunction code) {
        final com.sun.management.ThreadMXBean threads =
                (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < rounds; round++) {
            final long before = threads.getCurrentThreadAllocatedBytes();
            long result = 0;
            for (int i = 0; i < calls; i++) {
                result += code.applyAsLong(i);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            sink = result;
        }
        return least;
    }
}
