/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;

/// Positional reads and writes on a few threads.
public final class ThreadEngine extends CommandThreads implements IoEngine {
    private static final int THREADS_MAX = 4;
    private static final int OP_WRITE = 1;
    private static final int OP_WRITE_DURABLE = 2;
    private static final int OP_READ = 3;
    private static final int OP_SYNC = 4;

    private final int[] operations;
    private final int[] fds;
    private final long[] addresses;
    private final int[] lengths;
    private final long[] offsets;

    private ThreadEngine(final int slots, final String reason) {
        super(slots, THREADS_MAX, reason);
        operations = new int[slots];
        fds = new int[slots];
        addresses = new long[slots];
        lengths = new int[slots];
        offsets = new long[slots];
    }

    /// Starts the threads.
    ///
    /// @param slots  commands that may be in flight
    /// @param reason why this engine is in use, for the capabilities
    public static ThreadEngine open(final int slots, final String reason) {
        final ThreadEngine engine = new ThreadEngine(slots, reason);
        engine.startThreads();
        return engine;
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
        enqueue(
                slot,
                (attributes & IoAttributes.DURABLE) != 0 ? OP_WRITE_DURABLE : OP_WRITE,
                fd,
                address,
                length,
                offset);
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
        enqueue(slot, OP_READ, fd, address, length, offset);
    }

    @Override
    public void sync(final int slot, final int fd) {
        enqueue(slot, OP_SYNC, fd, 0, 0, 0);
    }

    private void enqueue(
            final int slot,
            final int operation,
            final int fd,
            final long address,
            final int length,
            final long offset) {
        operations[slot] = operation;
        fds[slot] = fd;
        addresses[slot] = address;
        lengths[slot] = length;
        offsets[slot] = offset;
        enqueue(slot);
    }

    @Override
    protected int execute(final int slot) {
        final int fd = fds[slot];
        return switch (operations[slot]) {
            case OP_WRITE -> (int) Libc.pwrite(fd, addresses[slot], lengths[slot], offsets[slot]);
            case OP_READ -> (int) Libc.pread(fd, addresses[slot], lengths[slot], offsets[slot]);
            case OP_SYNC -> Libc.fdatasync(fd);
            case OP_WRITE_DURABLE -> {
                final int written = (int) Libc.pwrite(fd, addresses[slot], lengths[slot], offsets[slot]);
                final int synced = written < 0 ? 0 : Libc.fdatasync(fd);
                yield synced < 0 ? synced : written;
            }
            default -> -Errno.EINVAL;
        };
    }
}
