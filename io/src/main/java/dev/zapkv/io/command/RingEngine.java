/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import dev.zapkv.io.uring.RegisteredBuffers;
import dev.zapkv.io.uring.Ring;
import dev.zapkv.io.uring.RingOptions;
import dev.zapkv.io.uring.RingProbe;
import dev.zapkv.io.uring.SqeFlyweight;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/// Positional reads and writes through io_uring.
public final class RingEngine extends RingCommands implements IoEngine {
    private static final int BUFFER_SLOTS = 256;
    private static final long NOP_USER_DATA = -2;
    private static final long NOP_WAIT_NS = 1_000_000_000L;
    private static final int[] NEEDED = {
        SqeFlyweight.OP_NOP,
        SqeFlyweight.OP_READ,
        SqeFlyweight.OP_WRITE,
        SqeFlyweight.OP_READ_FIXED,
        SqeFlyweight.OP_WRITE_FIXED,
        SqeFlyweight.OP_FSYNC
    };

    /// Best effort, lowest level. Not the idle class: schedulers keep the writes of a class in order, and those of one
    /// zone must not be in two.
    private static final int PRIORITY_BACKGROUND = 2 << 13 | 7;

    private final RingProbe probe;
    private final boolean prioritises;

    private RingEngine(final Ring ring, final RingProbe probe, final boolean prioritises) {
        super(ring);
        this.probe = probe;
        this.prioritises = prioritises;
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
            requireCompletions(ring, slots);
            roundTrip(ring);
            return new RingEngine(ring, probe, takesPriority(ring));
        } catch (final Throwable t) {
            ring.close();
            throw t;
        }
    }

    /// Set-up may be allowed and submission forbidden.
    private static void roundTrip(final Ring ring) {
        ring.next().opcode(SqeFlyweight.OP_NOP).userData(NOP_USER_DATA);
        ring.submitAndWait(1, NOP_WAIT_NS);
        ring.reap((userData, result, flags) -> {
            if (userData != NOP_USER_DATA || result != 0) {
                throw new DeviceException("io_uring no-op returned " + result, Errno.EIO);
            }
        });
        if (ring.inFlight() != 0) {
            throw new DeviceException("an io_uring no-op did not complete within a second", Errno.ETIME);
        }
    }

    /// Reads nothing, at the priority of the background.
    private static boolean takesPriority(final Ring ring) {
        final int fd = Libc.open("/dev/zero", Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (fd < 0) {
            return false;
        }
        final Descriptor file = new Descriptor(fd);
        final int[] result = {-Errno.ETIME};
        try (Arena arena = Arena.ofConfined()) {
            ring.next()
                    .opcode(SqeFlyweight.OP_READ)
                    .fd(fd)
                    .addr(arena.allocate(Long.BYTES).address())
                    .ioprio(PRIORITY_BACKGROUND)
                    .userData(NOP_USER_DATA);
            ring.submitAndWait(1, NOP_WAIT_NS);
            ring.reap((userData, read, flags) -> result[0] = read);
        } finally {
            file.close();
        }
        return result[0] >= 0;
    }

    @Override
    public Capability priority() {
        return new Capability(
                "priority-class",
                prioritises ? "accepted" : "unsupported",
                "io_uring read with a priority",
                prioritises ? "a device without an I/O scheduler makes nothing of it" : "commands go in turn");
    }

    @Override
    public int unsupportedAttributes() {
        return prioritises ? IoAttributes.NONE : IoAttributes.BACKGROUND;
    }

    @Override
    public List<Capability> capabilities() {
        final List<Capability> list = new ArrayList<>(setupCapabilities());
        list.add(new Capability(
                "io-uring-last-opcode", Integer.toString(probe.lastOpcode()), "IORING_REGISTER_PROBE", ""));
        list.add(new Capability(
                "registered-buffers",
                Integer.toString(bufferSlots()),
                "IORING_REGISTER_BUFFERS2",
                bufferSlots() > 0 ? "" : "memory is pinned for each command"));
        return list;
    }

    @Override
    public long registrationMax() {
        return bufferSlots() > 0 ? RegisteredBuffers.LENGTH_MAX : 0;
    }

    @Override
    public void write(
            final int slot,
            final int fd,
            final long address,
            final int length,
            final long offset,
            final int attributes,
            final int bufferIndex) {
        transfer(slot, fd, address, length, offset, bufferIndex, SqeFlyweight.OP_WRITE, SqeFlyweight.OP_WRITE_FIXED)
                .ioprio(priorityOf(attributes))
                .opFlags((attributes & IoAttributes.DURABLE) != 0 ? SqeFlyweight.RWF_DSYNC : 0);
    }

    @Override
    public void read(
            final int slot,
            final int fd,
            final long address,
            final int length,
            final long offset,
            final int attributes,
            final int bufferIndex) {
        transfer(slot, fd, address, length, offset, bufferIndex, SqeFlyweight.OP_READ, SqeFlyweight.OP_READ_FIXED)
                .ioprio(priorityOf(attributes));
    }

    private int priorityOf(final int attributes) {
        return (attributes & IoAttributes.BACKGROUND) != 0 && prioritises ? PRIORITY_BACKGROUND : 0;
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
}
