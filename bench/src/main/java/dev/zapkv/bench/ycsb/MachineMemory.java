/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import com.sun.management.OperatingSystemMXBean;
import dev.zapkv.io.NativeMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;

/// Brings the machine's free memory into the same state before each engine runs. In a virtual machine the first touch
/// of memory that nobody has used for some seconds waits for the host, here 2 microseconds a KiB: without this, an
/// engine would pay for that or not by what ran before it.
public final class MachineMemory {
    private static final long MIB = 1L << 20;
    private static final long STEP = 64 * MIB;
    // The engine's own start, the heap, the file system.
    private static final long EXTRA = 512 * MIB;

    private MachineMemory() {}

    /// Touches memory, at most half of what is free, and gives it back.
    ///
    /// @param bytes that an engine will use
    public static void touch(final long bytes) {
        final long free = ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getFreeMemorySize();
        final long length = Math.min(bytes + EXTRA, free / 2) / STEP * STEP;
        if (length == 0) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment memory = NativeMemory.reserve(length, arena);
            NativeMemory.adviseHugePages(memory);
            for (long at = 0; at < length; at += STEP) {
                NativeMemory.populate(memory.asSlice(at, STEP));
            }
        }
    }
}
