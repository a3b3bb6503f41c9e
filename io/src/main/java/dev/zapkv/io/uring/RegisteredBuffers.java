/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.uring;

import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/// The ring's table of registered ("fixed") buffers: memory the kernel holds pinned, so that commands need
/// not pin it each time. The table is sparse (5.19): memory comes and goes while the ring works.
///
/// | offset | type | {@code io_uring_rsrc_register} | offset | type | {@code io_uring_rsrc_update2} |
/// |---:|---|---|---:|---|---|
/// | 0 | u32 | nr | 0 | u32 | offset (slot) |
/// | 4 | u32 | flags: 1 = sparse | 4 | u32 | resv, zero |
/// | 8 | u64 | resv2, zero | 8 | u64 | data: address of {@code iovec[nr]} |
/// | 16 | u64 | data, zero if sparse | 16 | u64 | tags, zero |
/// | 24 | u64 | tags, zero | 24 | u32 | nr |
/// | | | | 28 | u32 | resv2, zero |
public final class RegisteredBuffers {
    /// Largest single buffer the kernel takes.
    public static final long LENGTH_MAX = 1L << 30;

    private static final int REGISTER_UNREGISTER_BUFFERS = 1;
    private static final int REGISTER_BUFFERS2 = 15;
    private static final int REGISTER_BUFFERS_UPDATE = 16;
    private static final int RSRC_LENGTH = 32;
    private static final int RSRC_SPARSE = 1;

    private final int ringFd;
    private final int slots;
    private final BitSet used;
    private final MemorySegment rsrc;
    private final MemorySegment iovec;

    private RegisteredBuffers(final int ringFd, final int slots, final Arena arena) {
        this.ringFd = ringFd;
        this.slots = slots;
        used = new BitSet(slots);
        rsrc = arena.allocate(RSRC_LENGTH, Long.BYTES);
        iovec = arena.allocate(2 * Long.BYTES, Long.BYTES);
    }

    /// A kernel that refuses the table (older, or a memory limit) leaves it without slots.
    static RegisteredBuffers create(final int ringFd, final int slots, final Arena arena) {
        if (slots > 0) {
            final MemorySegment register = arena.allocate(RSRC_LENGTH, Long.BYTES);
            register.set(ValueLayout.JAVA_INT, 0, slots);
            register.set(ValueLayout.JAVA_INT, 4, RSRC_SPARSE);
            if (Libc.ioUringRegister(ringFd, REGISTER_BUFFERS2, register.address(), RSRC_LENGTH) >= 0) {
                return new RegisteredBuffers(ringFd, slots, arena);
            }
        }
        return new RegisteredBuffers(ringFd, 0, arena);
    }

    /// Size of the table, 0 if the kernel has none.
    public int slots() {
        return slots;
    }

    /// Registers memory.
    ///
    /// @return its slot, or {@code -errno}: ENOMEM (memory-lock limit), ENOSPC (no slot left)
    public int register(final MemorySegment memory) {
        final int slot = used.nextClearBit(0);
        if (slot >= slots || memory.byteSize() > LENGTH_MAX) {
            return -Errno.ENOSPC;
        }
        final int result = update(slot, memory.address(), memory.byteSize());
        if (result < 0) {
            return result;
        }
        used.set(slot);
        return slot;
    }

    /// Gives a slot back. Commands that use it must have completed.
    public void unregister(final int slot) {
        if (slot < 0 || slot >= slots || !used.get(slot)) {
            throw new IllegalArgumentException("no buffer is registered in slot=" + slot);
        }
        final int result = update(slot, 0, 0);
        if (result >= 0) {
            used.clear(slot); // otherwise the slot stays taken until the ring is closed, which is harmless
        }
    }

    private int update(final int slot, final long address, final long length) {
        iovec.set(ValueLayout.JAVA_LONG, 0, address);
        iovec.set(ValueLayout.JAVA_LONG, Long.BYTES, length);
        rsrc.fill((byte) 0);
        rsrc.set(ValueLayout.JAVA_INT, 0, slot);
        rsrc.set(ValueLayout.JAVA_LONG, 8, iovec.address());
        rsrc.set(ValueLayout.JAVA_INT, 24, 1);
        return Libc.ioUringRegister(ringFd, REGISTER_BUFFERS_UPDATE, rsrc.address(), RSRC_LENGTH);
    }

    void close() {
        if (slots > 0) {
            Libc.ioUringRegister(ringFd, REGISTER_UNREGISTER_BUFFERS, 0, 0); // closing the ring does it in any case
        }
    }
}
