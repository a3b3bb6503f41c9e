/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.command.RingCommands;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.uring.RegisteredBuffers;
import dev.zapkv.io.uring.Ring;
import dev.zapkv.io.uring.RingOptions;
import dev.zapkv.io.uring.SqeFlyweight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Commands through io_uring's passthrough, {@code IORING_OP_URING_CMD}.
final class RingPassthrough extends RingCommands implements PassthroughEngine {
    private static final int URING_CMD_IO = 0xC0484E80;
    private static final int BUFFER_SLOTS = 1024;
    private static final long PROBE_USER_DATA = -2;
    private static final long PROBE_WAIT_NS = 30_000_000_000L;
    private static final int PAGE = 4096;
    private static final int NOTHING = Integer.MIN_VALUE;

    private final int fd;
    private final Arena arena;
    private final MemorySegment commands;
    private final FixedBuffers fixed;

    private RingPassthrough(
            final Ring ring, final int fd, final Arena arena, final MemorySegment commands, final FixedBuffers fixed) {
        super(ring);
        this.fd = fd;
        this.arena = arena;
        this.commands = commands;
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
    /// @param arena    of the commands; closed with the engine
    /// @param commands memory of the commands
    /// @throws DeviceException with the reason if it does not
    static RingPassthrough open(
            final int fd, final Arena arena, final MemorySegment commands, final int slots, final Drive drive) {
        final Ring ring = openRing(slots);
        try (Arena probing = Arena.ofConfined()) {
            requireCompletions(ring, slots);
            final MemorySegment scratch = probing.allocate(2L * (drive.maxSegments() + 2) * PAGE, PAGE);
            final int status = report(ring, fd, drive, scratch, UNREGISTERED);
            if (status != 0) {
                throw new DeviceException(
                        "io_uring passthrough failed: "
                                + (status < 0 ? Errno.describe(-status) : NvmeStatus.describe(status))
                                + " (it needs Linux 5.19 or newer; before 6.2, CAP_SYS_ADMIN in the calling thread)",
                        status < 0 ? -status : Errno.EIO);
            }
            return new RingPassthrough(ring, fd, arena, commands, probeFixed(ring, fd, drive, scratch));
        } catch (final Throwable t) {
            ring.close();
            throw t;
        }
    }

    private static Ring openRing(final int slots) {
        try {
            return Ring.open(new RingOptions(slots + 1, 2 * (slots + 1), RingOptions.PASSTHROUGH_FLAGS, BUFFER_SLOTS));
        } catch (final DeviceException e) {
            if (e.errno() != Errno.EINVAL) {
                throw e;
            }
            throw new DeviceException(
                    "this kernel's io_uring has no big entries, which passthrough needs: use Linux 5.19 or newer",
                    Errno.EOPNOTSUPP,
                    e);
        }
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
    public Capability priority() {
        return new Capability(
                "priority-class", "unsupported", "a driver's command carries no priority", "commands go in turn");
    }

    @Override
    public int unsupportedAttributes() {
        return IoAttributes.BACKGROUND;
    }

    @Override
    public List<Capability> capabilities() {
        final List<Capability> list = new ArrayList<>(setupCapabilities());
        list.add(new Capability("passthrough", "io_uring", "zone report by IORING_OP_URING_CMD", ""));
        list.add(new Capability("registered-buffers", fixed.value(), fixed.learnedBy(), fixed.fallback()));
        return list;
    }

    @Override
    public void start(final int slot, final int bufferIndex) {
        submit(next(), fd, commands, PassthroughEngine.offset(slot), bufferIndex, slot);
    }

    @Override
    public long registrationMax() {
        return fixed.registrationMax();
    }

    @Override
    public void close() {
        super.close();
        arena.close(); // not after a failure: a command might still be under way
    }
}
