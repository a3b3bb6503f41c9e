/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.uring.CqeHandler;
import dev.zapkv.io.uring.Ring;
import dev.zapkv.io.uring.SqeFlyweight;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Commands through io_uring. The queues have room for one entry per slot and one for the wake-up, so neither can be
/// full. A subclass says what an entry looks like.
public abstract class RingCommands implements CommandEngine {
    private static final long WAKE_USER_DATA = -1;
    private static final long CLOSE_WAIT_NS = 1_000_000_000L;
    private static final int CLOSE_WAITS_MAX = 60;

    private final Ring ring;
    private final RingWakeup wakeup;
    private final CqeHandler onEntry = new CqeHandler() {
        @Override
        public void onCompletion(final long userData, final int result, final int flags) {
            onCompletion(userData, result, flags, 0);
        }

        @Override
        public void onCompletion(final long userData, final int result, final int flags, final long extra) {
            onEntry(userData, result, extra);
        }
    };
    private Completion completion;
    private int completions;
    private boolean closed;

    /// Takes a ring over that was proved to work.
    ///
    /// @throws DeviceException if there is no wake-up to be had
    protected RingCommands(final Ring ring) {
        this.ring = ring;
        wakeup = RingWakeup.open();
    }

    /// Refuses a ring that might lose completions.
    ///
    /// @throws DeviceException with the numbers
    protected static void requireCompletions(final Ring ring, final int slots) {
        if (ring.completions().capacity() < slots + 1) {
            throw new DeviceException(
                    "io_uring gave " + ring.completions().capacity() + " completion entries, " + (slots + 1)
                            + " are needed",
                    Errno.ENOMEM);
        }
    }

    @Override
    public final String description() {
        return "io_uring";
    }

    /// What set-up found.
    protected final List<Capability> setupCapabilities() {
        return List.of(
                new Capability(
                        "io-uring-setup-flags", "0x" + Integer.toHexString(ring.setupFlags()), "io_uring_setup", ""),
                new Capability("io-uring-features", "0x" + Integer.toHexString(ring.features()), "io_uring_setup", ""));
    }

    /// Entries of the table of registered buffers.
    protected final int bufferSlots() {
        return ring.buffers().slots();
    }

    /// The next entry, zeroed.
    protected final SqeFlyweight next() {
        final SqeFlyweight sqe = ring.next();
        if (sqe == null) {
            throw new AssertionError("the submission queue is full although each slot has one entry at most");
        }
        return sqe;
    }

    @Override
    public final int poll(final Completion target) {
        ring.submit();
        final int count = reap(target);
        if (count > 0) {
            ring.submit(); // what the completions started
        }
        return count;
    }

    @Override
    public final int await(final Completion target, final long timeoutNs) {
        if (!wakeup.beginWait()) {
            return poll(target);
        }
        try {
            if (!wakeup.isArmed()) {
                wakeup.arm(next(), WAKE_USER_DATA);
            }
            ring.submitAndWait(1, timeoutNs);
        } finally {
            wakeup.endWait();
        }
        return poll(target);
    }

    @Override
    public final boolean takeWakeup() {
        return wakeup.takeWakeup();
    }

    @Override
    public final void wakeup() {
        wakeup.wakeup();
    }

    private int reap(final Completion target) {
        completion = target;
        completions = 0;
        ring.reap(onEntry);
        return completions;
    }

    private void onEntry(final long userData, final int result, final long extra) {
        if (userData == WAKE_USER_DATA) {
            wakeup.fired();
            return;
        }
        completions++;
        completion.onCommand((int) userData, result, extra);
    }

    @Override
    public final int register(final MemorySegment memory) {
        return ring.buffers().register(memory);
    }

    @Override
    public final void unregister(final int index) {
        if (!closed) {
            ring.buffers().unregister(index);
        }
    }

    @Override
    public void close() {
        closed = true;
        boolean idle = false;
        try {
            if (wakeup.isArmed()) {
                wakeup.signal();
            }
            for (int i = 0; ring.inFlight() > 0; i++) {
                if (i == CLOSE_WAITS_MAX) {
                    throw new DeviceException(
                            ring.inFlight() + " io_uring commands did not end within " + i + " seconds", Errno.EBUSY);
                }
                ring.submitAndWait(1, CLOSE_WAIT_NS);
                reap((slot, result, extra) -> {});
            }
            idle = true;
        } finally {
            wakeup.close(idle);
            ring.close();
        }
    }
}
