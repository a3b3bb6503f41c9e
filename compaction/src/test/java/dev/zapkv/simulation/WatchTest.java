/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class WatchTest {
    private static final long MOST = 120_000_000_000L;

    private final Watch watch = new Watch(MOST);
    private final Thread one = Thread.ofPlatform().unstarted(() -> {});
    private final Thread other = Thread.ofPlatform().unstarted(() -> {});

    @Test
    void shouldGiveUpAHistoryThatTakesTooLong() {
        watch.begin(one, 7, 1000);
        watch.begin(other, 8, 2000);
        assertEquals(List.of(), watch.overdue(1000 + MOST));
        assertEquals(List.of(new Watch.Overdue(7, one)), watch.overdue(1001 + MOST));
        assertEquals(List.of(), watch.overdue(1001 + MOST), "given up twice");
        assertFalse(watch.end(one), "ends too late");
        assertTrue(watch.end(other));
    }

    @Test
    void shouldBeginAnewWithEachHistory() {
        watch.begin(one, 7, 0);
        assertTrue(watch.end(one));
        watch.begin(one, 8, MOST);
        assertEquals(List.of(), watch.overdue(2 * MOST));
    }

    @Test
    void shouldSayWhereTheThreadIs() {
        final AssertionError error = new Watch.Overdue(7, Thread.currentThread()).error(MOST);
        assertTrue(error.getMessage().startsWith("seed 7 has not ended within 120 s"), error.getMessage());
        assertTrue(
                List.of(error.getStackTrace()).stream()
                        .anyMatch(frame -> frame.getMethodName().equals("shouldSayWhereTheThreadIs")),
                "stack of the thread");
    }
}
