/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// A sequence lock in one 64-bit word of native memory: writers exclude each other, readers never wait for a writer
/// that merely replaces a word, and read again if entries moved meanwhile.
///
/// | bits  | meaning                                                          |
/// |-------|------------------------------------------------------------------|
/// | 0     | LOCKED: a writer is inside                                       |
/// | 1     | MOVING: that writer is changing which slot holds which entry     |
/// | 2..63 | how often entries moved                                          |
///
/// The word lies in native memory, not in an object, so that any use after the memory was unmapped is refused by the
/// segment's own liveness check.
final class ShardLatch {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final long LOCKED = 1;
    private static final long MOVING = 2;
    private static final long FLAGS = LOCKED | MOVING;
    private static final int SPINS_BEFORE_YIELD = 200;

    private ShardLatch() {}

    /// Waits until no entry moves.
    ///
    /// @return the stamp for {@link #validate}
    static long beginRead(final MemorySegment memory, final long latch) {
        int spins = 0;
        while (true) {
            // Acquire: the entries read below are at least as new as this state.
            final long state = (long) LONG.getAcquire(memory, latch);
            if ((state & MOVING) == 0) {
                return state & ~FLAGS;
            }
            spins = pause(spins);
        }
    }

    /// Whether no entry has moved since the stamp was taken: what was read in between is true.
    static boolean validate(final MemorySegment memory, final long latch, final long stamp) {
        // The reads of the entries must not sink below the second look at the state.
        VarHandle.acquireFence();
        return (((long) LONG.getOpaque(memory, latch)) & ~LOCKED) == stamp;
    }

    /// Enters as the only writer.
    static void lock(final MemorySegment memory, final long latch) {
        int spins = 0;
        while (true) {
            final long state = (long) LONG.getOpaque(memory, latch);
            // Acquire: sees everything the writer before did; its unlock is a release.
            if ((state & LOCKED) == 0 && LONG.weakCompareAndSetAcquire(memory, latch, state, state | LOCKED)) {
                return;
            }
            spins = pause(spins);
        }
    }

    /// Says, as the writer, that entries are about to move.
    static void startMoving(final MemorySegment memory, final long latch) {
        LONG.setOpaque(memory, latch, (long) LONG.getOpaque(memory, latch) | MOVING);
        // The flag must be visible before the first moved entry is: a reader who saw one finds the flag or a new count.
        VarHandle.storeStoreFence();
    }

    /// Leaves as the writer; readers who overlapped with moving entries will notice.
    static void unlock(final MemorySegment memory, final long latch) {
        final long state = (long) LONG.getOpaque(memory, latch);
        final long moved = (state & MOVING) == 0 ? 0 : FLAGS + 1;
        // Release: every changed entry is visible before the state that allows to read it.
        LONG.setRelease(memory, latch, (state & ~FLAGS) + moved);
    }

    @SuppressWarnings("ThreadPriorityCheck") // a writer that lost its processor inside must get it back
    private static int pause(final int spins) {
        if (spins < SPINS_BEFORE_YIELD) {
            Thread.onSpinWait();
            return spins + 1;
        }
        Thread.yield();
        return spins;
    }
}
