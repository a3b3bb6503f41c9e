/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class StandstillTest {
    private static final long SECOND = 1_000_000_000L;

    private long clock = Long.MAX_VALUE - SECOND / 2;
    private final Standstill standstill = new Standstill(() -> clock);

    @Test
    void shouldLastOnlyAfterASecondWithoutMovement() {
        assertFalse(standstill.lasts(true));
        clock += SECOND;
        assertFalse(standstill.lasts(true));
        clock++;
        assertTrue(standstill.lasts(true), "the clock may overflow");
    }

    @Test
    void shouldBeginAnewAfterAnyMovement() {
        assertFalse(standstill.lasts(true));
        clock += 2 * SECOND;
        assertTrue(standstill.lasts(true));
        assertFalse(standstill.lasts(false), "the store goes on");
        assertFalse(standstill.lasts(true));
        clock += SECOND;
        assertFalse(standstill.lasts(true));
    }
}
