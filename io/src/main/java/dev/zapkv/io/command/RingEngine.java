/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.uring.RegisteredBuffers;
import dev.zapkv.io.uring.Ring;
import dev.zapkv.io.uring.RingOptions;
import dev.zapkv.io.uring.RingProbe;
import dev.zapkv.io.uring.SqeFlyweight;
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

    private final RingProbe probe;

    private RingEngine(final Ring ring, final RingProbe probe) {
        super(ring);
        this.probe = probe;
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
            return new RingEngine(ring, probe);
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
}
