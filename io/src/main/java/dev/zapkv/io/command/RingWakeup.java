/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import dev.zapkv.io.uring.SqeFlyweight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// Makes a thread that waits on a ring return: a read of an eventfd is kept outstanding on the ring while somebody
/// waits, and {@link #wakeup} completes it. The eventfd is written only if a waiter announced itself.
///
/// {@link #wakeup} may be called by any thread at any time, also after {@link #close}; all else belongs to the ring's
/// owner.
public final class RingWakeup {
    /// What is written to the eventfd. Never freed: a late {@link #wakeup} may race with {@link #close}.
    private static final MemorySegment ONE = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1L);

    private static final int IDLE = 0;
    private static final int WAITING = 1;
    private static final int CALLED = 2;
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(RingWakeup.class, "state", int.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Descriptor eventfd;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment target = arena.allocate(Long.BYTES, Long.BYTES);
    private boolean armed;

    /// Written by callers of wakeup and by the one waiter, only through STATE.
    @SuppressWarnings("unused") // through STATE
    private volatile int state;

    private RingWakeup(final int eventfd) {
        this.eventfd = new Descriptor(eventfd);
    }

    /// A wake-up that is not armed.
    ///
    /// @throws DeviceException if there is no eventfd to be had
    public static RingWakeup open() {
        final int eventfd = Libc.eventfd(0, Libc.EFD_CLOEXEC);
        if (eventfd < 0) {
            throw new DeviceException("eventfd failed: " + Errno.describe(-eventfd), -eventfd);
        }
        return new RingWakeup(eventfd);
    }

    /// Announces a wait.
    ///
    /// @return false if {@link #wakeup} was called already: do not wait, and do not call {@link #endWait}
    public boolean beginWait() {
        // Full fence of the exchange, pairs with the one in wakeup: either we see its call, or it sees that we wait.
        return STATE.compareAndSet(this, IDLE, WAITING);
    }

    /// Ends an announced wait.
    public void endWait() {
        STATE.compareAndSet(this, WAITING, IDLE);
    }

    /// Whether the read is outstanding on the ring.
    public boolean isArmed() {
        return armed;
    }

    /// Fills an entry with the read. It counts as outstanding until {@link #fired}.
    public void arm(final SqeFlyweight sqe, final long userData) {
        sqe.opcode(SqeFlyweight.OP_READ)
                .fd(eventfd.fd()) // stays open until close
                .addr(target.address())
                .len(Long.BYTES)
                .userData(userData);
        armed = true;
    }

    /// The read completed, or was cancelled because the thread that armed it ended.
    public void fired() {
        armed = false;
    }

    /// Whether {@link #wakeup} was called since this was last asked.
    public boolean takeWakeup() {
        return STATE.compareAndSet(this, CALLED, IDLE);
    }

    /// Makes a present or the next wait return.
    public void wakeup() {
        if ((int) STATE.getAndSet(this, CALLED) == WAITING) {
            signal();
        }
    }

    /// Completes the outstanding read.
    public void signal() {
        if (eventfd.acquire()) {
            try {
                final long result = Libc.write(eventfd.fd(), ONE.address(), Long.BYTES);
                assert result == Long.BYTES : "write to eventfd: " + result;
            } finally {
                eventfd.release();
            }
        }
    }

    /// Releases everything.
    ///
    /// @param idle false if the read may still be outstanding: the kernel might write to its memory
    public void close(final boolean idle) {
        eventfd.close();
        if (idle) {
            arena.close();
        }
    }
}
