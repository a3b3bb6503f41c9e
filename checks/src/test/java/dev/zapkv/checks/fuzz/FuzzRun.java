/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/// One input through one target, its allocations measured.
final class FuzzRun {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private FuzzRun() {}

    static void run(final FuzzTarget target, final byte[] input) {
        final long most = target.maxAllocatedBytes(input.length);
        // A class that is loaded for the first time is instrumented on this thread: twice is the parser's doing.
        if (allocated(target, input) > most) {
            final long again = allocated(target, input);
            if (again > most) {
                throw new AssertionError(input.length + " bytes of input made the parser allocate " + again + " bytes");
            }
        }
    }

    private static long allocated(final FuzzTarget target, final byte[] input) {
        final long before = THREADS.getCurrentThreadAllocatedBytes();
        target.run(input);
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }
}
