/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import dev.zapkv.io.uring.CqeHandler;
import dev.zapkv.io.uring.Ring;
import dev.zapkv.io.uring.RingOptions;
import dev.zapkv.io.uring.RingProbe;
import dev.zapkv.io.uring.SqeFlyweight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;

/// Commands through io_uring. The queues have room for one entry per slot and one for the wake-up, so neither
/// can be full.
///
/// *Wake-up.* A read of an eventfd is kept outstanding on the ring while somebody waits; {@link #wakeup}
/// completes it. The eventfd is written only if a waiter announced itself.
public final class RingEngine implements IoEngine, CqeHandler {
    private static final int BUFFER_SLOTS = 256;
    private static final long WAKE_USER_DATA = -1;
    private static final long NOP_USER_DATA = -2;
    private static final long CLOSE_WAIT_NS = 1_000_000_000L;
    private static final int CLOSE_WAITS_MAX = 30;
    private static final int[] NEEDED = {
        SqeFlyweight.OP_NOP,
        SqeFlyweight.OP_READ,
        SqeFlyweight.OP_WRITE,
        SqeFlyweight.OP_READ_FIXED,
        SqeFlyweight.OP_WRITE_FIXED,
        SqeFlyweight.OP_FSYNC
    };

    /// What is written to the eventfd. Never freed: a late {@link #wakeup} may race with {@link #close}.
    private static final MemorySegment ONE = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1L);

    private static final int WAKE_IDLE = 0;
    private static final int WAKE_WAITING = 1;
    private static final int WAKE_CALLED = 2;
    private static final VarHandle WAKE_STATE;

    static {
        try {
            WAKE_STATE = MethodHandles.lookup().findVarHandle(RingEngine.class, "wakeState", int.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Ring ring;
    private final RingProbe probe;
    private final Descriptor eventfd;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment wakeRead = arena.allocate(Long.BYTES, Long.BYTES);
    private boolean wakeArmed;
    private IoCompletion completion;
    private int completions;

    /// Written by callers of wakeup and by the one waiter, only through WAKE_STATE.
    @SuppressWarnings("unused") // through WAKE_STATE
    private volatile int wakeState;

    private RingEngine(final Ring ring, final RingProbe probe, final int eventfd) {
        this.ring = ring;
        this.probe = probe;
        this.eventfd = new Descriptor(eventfd);
    }

    /// Sets a ring up and proves that it works.
    ///
    /// @throws DeviceException with the reason if io_uring cannot be used
    public static RingEngine open(final int slots) {
        final Ring ring =
                Ring.open(new RingOptions(slots + 1, 2 * (slots + 1), RingOptions.DEFAULT_FLAGS, BUFFER_SLOTS));
        try {
            final RingProbe probe = RingProbe.of(ring);
            for (final int opcode : NEEDED) {
                if (!probe.supports(opcode)) {
                    throw new DeviceException("io_uring lacks opcode " + opcode, Errno.EOPNOTSUPP);
                }
            }
            if (ring.completions().capacity() < slots + 1) {
                throw new DeviceException(
                        "io_uring gave only " + ring.completions().capacity() + " completion entries", Errno.ENOMEM);
            }
            roundTrip(ring);
            final int eventfd = Libc.eventfd(0, Libc.EFD_CLOEXEC);
            if (eventfd < 0) {
                throw new DeviceException("eventfd failed: " + Errno.describe(-eventfd), -eventfd);
            }
            return new RingEngine(ring, probe, eventfd);
        } catch (final Throwable t) {
            ring.close();
            throw t;
        }
    }

    /// Set-up may be allowed and submission forbidden.
    private static void roundTrip(final Ring ring) {
        ring.next().opcode(SqeFlyweight.OP_NOP).userData(NOP_USER_DATA);
        ring.submitAndWait(1, CLOSE_WAIT_NS);
        ring.reap((userData, result, flags) -> {
            if (userData != NOP_USER_DATA || result != 0) {
                throw new DeviceException("io_uring no-op returned " + result, Errno.EIO);
            }
        });
        if (ring.inFlight() != 0) {
            throw new DeviceException("an io_uring no-op did not complete within a second", Errno.ETIME);
        }
    }

    @Override
    public String description() {
        return "io_uring";
    }

    @Override
    public List<Capability> capabilities() {
        final int slots = ring.buffers().slots();
        return List.of(
                new Capability(
                        "io-uring-setup-flags", "0x" + Integer.toHexString(ring.setupFlags()), "io_uring_setup", ""),
                new Capability("io-uring-features", "0x" + Integer.toHexString(ring.features()), "io_uring_setup", ""),
                new Capability(
                        "io-uring-last-opcode", Integer.toString(probe.lastOpcode()), "IORING_REGISTER_PROBE", ""),
                new Capability(
                        "registered-buffers",
                        Integer.toString(slots),
                        "IORING_REGISTER_BUFFERS2",
                        slots > 0 ? "" : "memory is pinned for each command"));
    }

    @Override
    public void write(
            final int slot,
            final int fd,
            final long address,
            final int length,
            final long offset,
            final boolean durable,
            final int bufferIndex) {
        transfer(slot, fd, address, length, offset, bufferIndex, SqeFlyweight.OP_WRITE, SqeFlyweight.OP_WRITE_FIXED)
                .opFlags(durable ? SqeFlyweight.RWF_DSYNC : 0);
    }

    @Override
    public void read(
            final int slot,
            final int fd,
            final long address,
            final int length,
            final long offset,
            final int bufferIndex) {
        transfer(slot, fd, address, length, offset, bufferIndex, SqeFlyweight.OP_READ, SqeFlyweight.OP_READ_FIXED);
    }

    private SqeFlyweight transfer(
            final int slot,
            final int fd,
            final long address,
            final int length,
            final long offset,
            final int bufferIndex,
            final int opcode,
            final int opcodeFixed) {
        final SqeFlyweight sqe =
                next().fd(fd).addr(address).len(length).off(offset).userData(slot);
        return bufferIndex == UNREGISTERED
                ? sqe.opcode(opcode)
                : sqe.opcode(opcodeFixed).bufIndex(bufferIndex);
    }

    @Override
    public void sync(final int slot, final int fd) {
        next().opcode(SqeFlyweight.OP_FSYNC)
                .fd(fd)
                .opFlags(SqeFlyweight.FSYNC_DATASYNC)
                .userData(slot);
    }

    private SqeFlyweight next() {
        final SqeFlyweight sqe = ring.next();
        if (sqe == null) {
            throw new AssertionError("the submission queue is full although each slot has one entry at most");
        }
        return sqe;
    }

    @Override
    public int poll(final IoCompletion target) {
        ring.submit();
        final int count = reap(target);
        if (count > 0) {
            ring.submit(); // what the completions started
        }
        return count;
    }

    @Override
    public int await(final IoCompletion target, final long timeoutNs) {
        // Full fence of the exchange, pairs with the one in wakeup: either we see its call, or it sees that
        // we wait.
        if (!WAKE_STATE.compareAndSet(this, WAKE_IDLE, WAKE_WAITING)) {
            return poll(target);
        }
        try {
            armWake();
            ring.submitAndWait(1, timeoutNs);
        } finally {
            WAKE_STATE.compareAndSet(this, WAKE_WAITING, WAKE_IDLE);
        }
        return poll(target);
    }

    private void armWake() {
        if (!wakeArmed) {
            next().opcode(SqeFlyweight.OP_READ)
                    .fd(eventfd.fd()) // stays open until close
                    .addr(wakeRead.address())
                    .len(Long.BYTES)
                    .userData(WAKE_USER_DATA);
            wakeArmed = true;
        }
    }

    @Override
    public boolean takeWakeup() {
        return WAKE_STATE.compareAndSet(this, WAKE_CALLED, WAKE_IDLE);
    }

    @Override
    public void wakeup() {
        if ((int) WAKE_STATE.getAndSet(this, WAKE_CALLED) == WAKE_WAITING) {
            signalEventfd();
        }
    }

    private void signalEventfd() {
        if (eventfd.acquire()) {
            try {
                final long result = Libc.write(eventfd.fd(), ONE.address(), Long.BYTES);
                assert result == Long.BYTES : "write to eventfd: " + result;
            } finally {
                eventfd.release();
            }
        }
    }

    private int reap(final IoCompletion target) {
        completion = target;
        completions = 0;
        ring.reap(this);
        return completions;
    }

    @Override
    public void onCompletion(final long userData, final int result, final int flags) {
        if (userData == WAKE_USER_DATA) {
            wakeArmed = false; // fired, or cancelled because the thread that armed it ended
            return;
        }
        completions++;
        completion.onIo((int) userData, result);
    }

    @Override
    public int register(final MemorySegment memory) {
        return ring.buffers().register(memory);
    }

    @Override
    public void unregister(final int index) {
        ring.buffers().unregister(index);
    }

    @Override
    public void close() {
        try {
            if (wakeArmed) {
                signalEventfd();
            }
            for (int i = 0; ring.inFlight() > 0; i++) {
                if (i == CLOSE_WAITS_MAX) {
                    throw new DeviceException(
                            ring.inFlight() + " io_uring commands did not end within " + i + " seconds", Errno.EBUSY);
                }
                ring.submitAndWait(1, CLOSE_WAIT_NS);
                reap((slot, result) -> {});
            }
        } finally {
            eventfd.close();
            ring.close();
        }
        arena.close(); // not after a failure: the kernel might still write to it
    }
}
