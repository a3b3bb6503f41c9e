/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/// One input through one target, its allocations measured.
final class FuzzRun {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private FuzzRun() {}

    static void run(final FuzzTarget target, final byte[] input) {
        final long before = THREADS.getCurrentThreadAllocatedBytes();
        target.run(input);
        final long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        if (allocated > target.maxAllocatedBytes(input.length)) {
            throw new AssertionError(input.length + " bytes of input made the parser allocate " + allocated + " bytes");
        }
    }
}
