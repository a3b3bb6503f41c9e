/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.TestGeometries;
import dev.zapkv.io.linux.Errno;
import org.junit.jupiter.api.Test;

/// Group commit of flushes, and failed syncs.
final class FlushRoundsTest {
    private final FlushRounds rounds = new FlushRounds(TestGeometries.ZONES, 8);

    private void syncNext(final int zone, final int result) {
        assertEquals(zone, rounds.nextZone());
        rounds.syncStarted();
        rounds.syncEnded(zone, result);
    }

    @Test
    void shouldServeAFlushAtOnceIfNothingIsDirty() {
        rounds.add(3);
        rounds.begin();
        assertEquals(-1, rounds.nextZone());
        assertEquals(3, rounds.takeServed());
        assertEquals(0, rounds.roundResult());
        assertEquals(-1, rounds.takeServed());
    }

    @Test
    void shouldSyncEachDirtyZoneOnceForAllWaitingFlushes() {
        rounds.written(1);
        rounds.written(2);
        rounds.written(1);
        rounds.add(0);
        rounds.add(1);
        rounds.begin();
        assertEquals(1, rounds.nextZone());
        rounds.syncStarted();
        assertEquals(-1, rounds.takeServed());
        rounds.syncEnded(1, 0);
        assertEquals(-1, rounds.takeServed(), "zone 2 is not synced yet");
        syncNext(2, 0);
        assertEquals(-1, rounds.nextZone());
        assertEquals(0, rounds.takeServed());
        assertEquals(1, rounds.takeServed());
        assertEquals(-1, rounds.takeServed());
    }

    @Test
    void shouldLeaveLaterWritesAndFlushesToTheNextRound() {
        rounds.written(1);
        rounds.add(0);
        rounds.begin();
        assertEquals(1, rounds.nextZone());
        rounds.syncStarted();
        rounds.written(1);
        rounds.add(1);
        rounds.begin();
        assertTrue(rounds.isDirty(1));
        rounds.syncEnded(1, 0);
        assertEquals(0, rounds.takeServed());
        assertEquals(-1, rounds.takeServed());
        rounds.begin();
        assertFalse(rounds.isDirty(1));
        syncNext(1, 0);
        assertEquals(1, rounds.takeServed());
    }

    @Test
    void shouldFailEveryFlushAfterAFailedSyncUntilTheZoneIsReset() {
        rounds.written(4);
        rounds.add(0);
        rounds.begin();
        syncNext(4, -Errno.EIO);
        assertEquals(0, rounds.takeServed());
        assertEquals(-Errno.EIO, rounds.roundResult());
        rounds.add(1);
        rounds.begin();
        assertEquals(1, rounds.takeServed());
        assertEquals(-Errno.EIO, rounds.roundResult());
        assertEquals(-Errno.EIO, rounds.failure());
        rounds.reset(4);
        rounds.add(2);
        rounds.begin();
        assertEquals(2, rounds.takeServed());
        assertEquals(0, rounds.roundResult());
        assertEquals(0, rounds.failure());
    }
}
