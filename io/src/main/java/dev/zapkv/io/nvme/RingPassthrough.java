/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.command.RingWakeup;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.uring.CqeHandler;
import dev.zapkv.io.uring.RegisteredBuffers;
import dev.zapkv.io.uring.Ring;
import dev.zapkv.io.uring.RingOptions;
import dev.zapkv.io.uring.SqeFlyweight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Commands through io_uring's passthrough, {@code IORING_OP_URING_CMD}. The queues have room for one entry per slot
/// and one for the wake-up, so neither can be full.
final class RingPassthrough implements PassthroughEngine, CqeHandler {
    private static final int URING_CMD_IO = 0xC0484E80;
    private static final int BUFFER_SLOTS = 1024;
    private static final long WAKE_USER_DATA = -1;
    private static final long PROBE_USER_DATA = -2;
    private static final long PROBE_WAIT_NS = 30_000_000_000L;
    private static final long CLOSE_WAIT_NS = 1_000_000_000L;
    private static final int CLOSE_WAITS_MAX = 60;
    private static final int PAGE = 4096;
    private static final int NOTHING = Integer.MIN_VALUE;

    private final int fd;
    private final MemorySegment commands;
    private final Ring ring;
    private final RingWakeup wakeup;
    private final FixedBuffers fixed;
    private Completion completion;
    private int completions;

    private RingPassthrough(
            final int fd,
            final MemorySegment commands,
            final Ring ring,
            final RingWakeup wakeup,
            final FixedBuffers fixed) {
        this.fd = fd;
        this.commands = commands;
        this.ring = ring;
        this.wakeup = wakeup;
        this.fixed = fixed;
    }

    /// What passthrough with registered buffers can do.
    ///
    /// @param registrationMax largest buffer, 0: none
    /// @param value           what was found
    /// @param learnedBy       how
    /// @param fallback        what is done instead
    private record FixedBuffers(long registrationMax, String value, String learnedBy, String fallback) {}

    /// Sets a ring up and proves that it carries commands to this drive, by a report of a zone.
    ///
    /// @throws DeviceException with the reason if it does not
    static RingPassthrough open(final int fd, final MemorySegment commands, final int slots, final Drive drive) {
        final Ring ring = openRing(slots);
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment scratch = arena.allocate(2L * (drive.maxSegments() + 2) * PAGE, PAGE);
            final int status = report(ring, fd, drive, scratch, UNREGISTERED);
            if (status != 0) {
                throw new DeviceException(
                        "io_uring passthrough failed: "
                                + (status < 0 ? Errno.describe(-status) : NvmeStatus.describe(status))
                                + " (it needs Linux 5.19 or newer; before 6.2, CAP_SYS_ADMIN in the calling thread)",
                        status < 0 ? -status : Errno.EIO);
            }
            return new RingPassthrough(fd, commands, ring, RingWakeup.open(), probeFixed(ring, fd, drive, scratch));
        } catch (final Throwable t) {
            ring.close();
            throw t;
        }
    }

    private static Ring openRing(final int slots) {
        final Ring ring;
        try {
            ring = Ring.open(new RingOptions(slots + 1, 2 * (slots + 1), RingOptions.PASSTHROUGH_FLAGS, BUFFER_SLOTS));
        } catch (final DeviceException e) {
            if (e.errno() != Errno.EINVAL) {
                throw e;
            }
            throw new DeviceException(
                    "this kernel's io_uring has no big entries, which passthrough needs: use Linux 5.19 or newer",
                    Errno.EOPNOTSUPP,
                    e);
        }
        if (ring.completions().capacity() < slots + 1) {
            ring.close();
            throw new DeviceException("io_uring gave fewer than " + (slots + 1) + " completion entries", Errno.ENOMEM);
        }
        return ring;
    }

    /// A report of the first zone in use, on the calling thread.
    private static int report(
            final Ring ring, final int fd, final Drive drive, final MemorySegment target, final int bufferIndex) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment memory = arena.allocate(PassthroughCommand.LENGTH, Long.BYTES);
            new PassthroughCommand()
                    .wrap(memory, 0)
                    .zoneReport(drive.nsid(), drive.zoneBlock(0), target.address(), ZoneReport.length(1), true);
            submit(ring.next(), fd, memory, 0, bufferIndex, PROBE_USER_DATA);
            ring.submitAndWait(1, PROBE_WAIT_NS);
            final int[] status = {NOTHING};
            ring.reap((userData, result, flags) -> status[0] = result);
            if (status[0] == NOTHING) {
                throw new DeviceException(
                        "a zone report through io_uring did not complete within 30 seconds", Errno.ETIME);
            }
            return status[0];
        }
    }

    private static void submit(
            final SqeFlyweight sqe,
            final int fd,
            final MemorySegment commands,
            final long offset,
            final int bufferIndex,
            final long userData) {
        sqe.opcode(SqeFlyweight.OP_URING_CMD)
                .fd(fd)
                .commandOperation(URING_CMD_IO)
                .userData(userData)
                .command(commands, offset, PassthroughCommand.LENGTH_RING);
        if (bufferIndex != UNREGISTERED) {
            sqe.opFlags(SqeFlyweight.URING_CMD_FIXED).bufIndex(bufferIndex);
        }
    }

    /// Some kernels count a command's pieces of memory to the end of the registered buffer and not of the command:
    /// there only small buffers can be used. So this tries one with more pages than a command may have pieces, from
    /// its start, and then one with fewer.
    private static FixedBuffers probeFixed(
            final Ring ring, final int fd, final Drive drive, final MemorySegment scratch) {
        final String how = "zone report into registered memory";
        final long small = (drive.maxSegments() - 1L) * PAGE;
        final int large = tryFixed(ring, fd, drive, scratch);
        if (large == 0) {
            return new FixedBuffers(RegisteredBuffers.LENGTH_MAX, "yes", how, "");
        }
        if (tryFixed(ring, fd, drive, scratch.asSlice(0, small)) == 0) {
            return new FixedBuffers(
                    small,
                    "up to " + small + " bytes each",
                    how + " of " + scratch.byteSize() + " bytes: " + Errno.describe(-large),
                    "larger memory is registered in overlapping pieces");
        }
        return new FixedBuffers(
                0, "no", how + ": " + Errno.describe(-large), "memory is pinned for each command (Linux 6.1 has them)");
    }

    private static int tryFixed(final Ring ring, final int fd, final Drive drive, final MemorySegment memory) {
        final int index = ring.buffers().register(memory);
        if (index < 0) {
            return index;
        }
        try {
            return report(ring, fd, drive, memory, index);
        } finally {
            ring.buffers().unregister(index);
        }
    }

    @Override
    public String description() {
        return "io_uring";
    }

    @Override
    public List<Capability> capabilities() {
        return List.of(
                new Capability(
                        "io-uring-setup-flags", "0x" + Integer.toHexString(ring.setupFlags()), "io_uring_setup", ""),
                new Capability("io-uring-features", "0x" + Integer.toHexString(ring.features()), "io_uring_setup", ""),
                new Capability("passthrough", "io_uring", "zone report by IORING_OP_URING_CMD", ""),
                new Capability("registered-buffers", fixed.value(), fixed.learnedBy(), fixed.fallback()));
    }

    @Override
    public void start(final int slot, final int bufferIndex) {
        submit(next(), fd, commands, PassthroughEngine.offset(slot), bufferIndex, slot);
    }

    private SqeFlyweight next() {
        final SqeFlyweight sqe = ring.next();
        if (sqe == null) {
            throw new AssertionError("the submission queue is full although each slot has one entry at most");
        }
        return sqe;
    }

    @Override
    public int poll(final Completion target) {
        ring.submit();
        final int count = reap(target);
        if (count > 0) {
            ring.submit(); // what the completions started
        }
        return count;
    }

    @Override
    public int await(final Completion target, final long timeoutNs) {
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
    public boolean takeWakeup() {
        return wakeup.takeWakeup();
    }

    @Override
    public void wakeup() {
        wakeup.wakeup();
    }

    private int reap(final Completion target) {
        completion = target;
        completions = 0;
        ring.reap(this);
        return completions;
    }

    @Override
    public void onCompletion(final long userData, final int result, final int flags, final long extra) {
        if (userData == WAKE_USER_DATA) {
            wakeup.fired();
            return;
        }
        completions++;
        completion.onCommand((int) userData, result, extra);
    }

    @Override
    public void onCompletion(final long userData, final int result, final int flags) {
        throw new AssertionError("the ring has big completion entries");
    }

    @Override
    public long registrationMax() {
        return fixed.registrationMax();
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
                reap((slot, status, result) -> {});
            }
            idle = true;
        } finally {
            wakeup.close(idle);
            ring.close();
        }
    }
}
