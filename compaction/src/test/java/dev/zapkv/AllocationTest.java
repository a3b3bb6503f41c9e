/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// In steady state a put, and a get into an array, allocate nothing on the caller's thread.
class AllocationTest {
    private static final int KEYS = 1_000;
    private static final int CALLS = 20_000;
    private static final int ROUNDS = 12;

    @TempDir
    private Path directory;

    @Test
    void shouldAllocateNothingForPutsAndGetsIntoAnArray() {
        final byte[][] keys = new byte[KEYS][];
        for (int i = 0; i < KEYS; i++) {
            keys[i] = TestData.key(i);
        }
        final byte[] value = TestData.value(1, 1, 500);
        final byte[] target = new byte[500];
        try (ZapKv store = ZapKv.open(
                new Context().directory(directory).capacityBytes(64L << 20).memoryBytes(32 << 20))) {
            assertNothing("put", () -> {
                for (int i = 0; i < CALLS; i++) {
                    store.put(keys[i % KEYS], value);
                }
            });
            assertNothing("get", () -> {
                for (int i = 0; i < CALLS; i++) {
                    store.get(keys[i % KEYS], target);
                }
            });
        }
    }

    private static void assertNothing(final String what, final Runnable calls) {
        final com.sun.management.ThreadMXBean threads =
                (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            // The first rounds run uncompiled, where handles box.
            final long before = threads.getCurrentThreadAllocatedBytes();
            calls.run();
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertTrue(least < CALLS, what + ": " + least + " bytes in " + CALLS + " calls");
    }
}
