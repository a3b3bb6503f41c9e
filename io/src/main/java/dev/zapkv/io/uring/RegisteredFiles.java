/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.uring;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The ring's table of registered files: commands name a slot ({@link SqeFlyweight#FLAG_FIXED_FILE}) and the
/// kernel need not look the descriptor up. A slot keeps its file open even after the descriptor was closed.
///
/// | offset | type | {@code io_uring_files_update} |
/// |---:|---|---|
/// | 0 | u32 | offset (slot) |
/// | 4 | u32 | resv, zero |
/// | 8 | u64 | fds: address of {@code s32[nr]}; -1 empties a slot |
public final class RegisteredFiles implements AutoCloseable {
    private static final int REGISTER_FILES = 2;
    private static final int REGISTER_UNREGISTER_FILES = 3;
    private static final int REGISTER_FILES_UPDATE = 6;
    private static final int UPDATE_LENGTH = 16;

    private final Ring ring;
    private final int slots;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment update = arena.allocate(UPDATE_LENGTH, Long.BYTES);
    private final MemorySegment descriptor = arena.allocate(Integer.BYTES, Integer.BYTES);

    private RegisteredFiles(final Ring ring, final int slots) {
        this.ring = ring;
        this.slots = slots;
    }

    /// Makes the ring's table, all slots empty.
    ///
    /// @throws DeviceException if the kernel refuses it, or the ring has one already
    public static RegisteredFiles create(final Ring ring, final int slots) {
        if (slots < 1) {
            throw new IllegalArgumentException("slots=" + slots + " must be positive");
        }
        try (Arena scratch = Arena.ofConfined()) {
            final MemorySegment empty = scratch.allocate(ValueLayout.JAVA_INT, slots);
            empty.fill((byte) -1);
            check(Libc.ioUringRegister(ring.fd(), REGISTER_FILES, empty.address(), slots));
        }
        return new RegisteredFiles(ring, slots);
    }

    /// Puts a descriptor into a slot, or empties it with -1.
    public void set(final int slot, final int fd) {
        if (slot < 0 || slot >= slots) {
            throw new IllegalArgumentException("slot=" + slot + " not in [0, " + slots + ")");
        }
        descriptor.set(ValueLayout.JAVA_INT, 0, fd);
        update.set(ValueLayout.JAVA_INT, 0, slot);
        update.set(ValueLayout.JAVA_LONG, 8, descriptor.address());
        check(Libc.ioUringRegister(ring.fd(), REGISTER_FILES_UPDATE, update.address(), 1));
    }

    /// Drops the table. Idempotent; does nothing after the ring was closed, which dropped it.
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
            if (!ring.isClosed()) {
                check(Libc.ioUringRegister(ring.fd(), REGISTER_UNREGISTER_FILES, 0, 0));
            }
        }
    }

    private static void check(final int result) {
        if (result < 0) {
            throw new DeviceException("registering files with the ring failed: " + Errno.describe(-result), -result);
        }
    }
}
