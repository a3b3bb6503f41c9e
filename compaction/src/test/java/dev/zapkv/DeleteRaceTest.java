/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Path;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a delete answers when it is not the only one.
final class DeleteRaceTest {
    private static final int ROUNDS = 3_000;

    @Test
    void shouldTellOnlyOneOfTwoDeletersThatThereWasAValue(@TempDir final Path directory) throws Exception {
        final byte[] key = TestData.key(1);
        final AtomicInteger told = new AtomicInteger();
        final CyclicBarrier barrier = new CyclicBarrier(2);
        try (ZapKv store = ZapKv.open(new Context().directory(directory).memoryBytes(32 << 20))) {
            final Thread other = Thread.ofPlatform().daemon().start(() -> deleteRounds(store, key, barrier, told));
            for (int round = 1; round <= ROUNDS; round++) {
                store.put(key, new byte[10]);
                barrier.await();
                told.addAndGet(store.delete(key) ? 1 : 0);
                barrier.await();
                assertEquals(round, told.get(), "deletes that removed a value");
                assertNull(store.get(key));
            }
            other.join();
        }
    }

    private static void deleteRounds(
            final ZapKv store, final byte[] key, final CyclicBarrier barrier, final AtomicInteger told) {
        try {
            for (int round = 0; round < ROUNDS; round++) {
                barrier.await();
                told.addAndGet(store.delete(key) ? 1 : 0);
                barrier.await();
            }
        } catch (final Exception e) {
            throw new AssertionError(e);
        }
    }
}
