/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.zapkv.io.DeviceException;
import org.junit.jupiter.api.Test;

/// An engine that waits for nothing returns only because it is woken.
final class WakeupTest {
    private static final long LONG_NS = 10_000_000_000L;

    @Test
    void shouldWakeTheRingAgainAndAgain() throws InterruptedException {
        final IoEngine engine;
        try {
            engine = RingEngine.open(4);
        } catch (final DeviceException e) {
            abort("io_uring cannot be used here (" + e.getMessage() + "): allow it to run this test");
            return;
        }
        assertWakes(engine);
    }

    @Test
    void shouldWakeTheThreadsAgainAndAgain() throws InterruptedException {
        assertWakes(ThreadEngine.open(4, ""));
    }

    private static void assertWakes(final IoEngine engine) throws InterruptedException {
        try {
            for (int i = 0; i < 100; i++) {
                final Thread waker = Thread.ofPlatform().start(engine::wakeup);
                final long startNs = System.nanoTime();
                boolean woken = false;
                while (!woken) {
                    assertEquals(0, engine.await((slot, result, extra) -> {}, LONG_NS));
                    assertTrue(System.nanoTime() - startNs < LONG_NS, "slept through wake-up " + i);
                    woken = engine.takeWakeup();
                }
                waker.join();
                assertFalse(engine.takeWakeup());
            }
        } finally {
            engine.close();
        }
        engine.wakeup();
    }
}
