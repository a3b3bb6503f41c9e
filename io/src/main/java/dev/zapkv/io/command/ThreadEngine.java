/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Commands through a few daemon threads with positional reads and writes: the fall-back where io_uring is
/// missing or forbidden. Same semantics, more hand-overs.
///
/// One lock guards both queues; a slot's parameters are written before the slot is queued and read after it
/// was taken, so the lock publishes them.
public final class ThreadEngine implements IoEngine {
    private static final int THREADS_MAX = 4;
    private static final int OP_WRITE = 1;
    private static final int OP_WRITE_DURABLE = 2;
    private static final int OP_READ = 3;
    private static final int OP_SYNC = 4;

    private final String reason;
    private final int[] operations;
    private final int[] fds;
    private final long[] addresses;
    private final int[] lengths;
    private final long[] offsets;
    private final int[] results;
    private final int[] reported;
    private final List<Thread> threads = new ArrayList<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition requested = lock.newCondition();
    private final Condition completed = lock.newCondition();
    private final IntQueue requests; // guarded by lock
    private final IntQueue completions; // guarded by lock
    private boolean woken; // guarded by lock
    private boolean closed; // guarded by lock

    /// An engine whose threads are not started.
    ///
    /// @param slots  commands that may be in flight
    /// @param reason why this engine is in use, for the capabilities
    public ThreadEngine(final int slots, final String reason) {
        this.reason = reason;
        operations = new int[slots];
        fds = new int[slots];
        addresses = new long[slots];
        lengths = new int[slots];
        offsets = new long[slots];
        results = new int[slots];
        reported = new int[slots];
        requests = new IntQueue(slots);
        completions = new IntQueue(slots);
        for (int i = 0; i < Math.min(THREADS_MAX, slots); i++) {
            threads.add(Thread.ofPlatform().daemon().name("zapkv-io-" + i).unstarted(this::work));
        }
    }

    /// Starts the threads; apart from the constructor, so that they see a finished object.
    public ThreadEngine start() {
        threads.forEach(Thread::start);
        return this;
    }

    @Override
    public String description() {
        return reason.isEmpty() ? "threads" : "threads (" + reason + ")";
    }

    @Override
    public List<Capability> capabilities() {
        return List.of(
                new Capability("io-threads", Integer.toString(threads.size()), "fixed", ""),
                new Capability("registered-buffers", "0", "needs io_uring", "memory is pinned for each command"));
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
        enqueue(slot, durable ? OP_WRITE_DURABLE : OP_WRITE, fd, address, length, offset);
    }

    @Override
    public void read(
            final int slot,
            final int fd,
            final long address,
            final int length,
            final long offset,
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
        lock.lock();
        try {
            requests.add(slot);
            requested.signal();
        } finally {
            lock.unlock();
        }
    }

    private void work() {
        int done = -1;
        while (true) {
            final int slot;
            lock.lock();
            try {
                if (done >= 0) {
                    completions.add(done);
                    completed.signal();
                }
                while (requests.isEmpty() && !closed) {
                    requested.awaitUninterruptibly();
                }
                if (requests.isEmpty()) {
                    return;
                }
                slot = requests.remove();
            } finally {
                lock.unlock();
            }
            results[slot] = execute(slot);
            done = slot;
        }
    }

    private int execute(final int slot) {
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

    @Override
    public int poll(final IoCompletion completion) {
        int count = 0;
        lock.lock();
        try {
            while (!completions.isEmpty()) {
                reported[count++] = completions.remove();
            }
        } finally {
            lock.unlock();
        }
        for (int i = 0; i < count; i++) {
            completion.onIo(reported[i], results[reported[i]]);
        }
        return count;
    }

    @Override
    public int await(final IoCompletion completion, final long timeoutNs) {
        // A device does not end its work half way: an interrupt is kept for whoever looks at it next.
        boolean interrupted = Thread.interrupted();
        lock.lock();
        try {
            long leftNs = timeoutNs;
            while (completions.isEmpty() && !woken && leftNs > 0) {
                leftNs = completed.awaitNanos(leftNs);
            }
        } catch (final InterruptedException e) {
            interrupted = true;
        } finally {
            lock.unlock();
        }
        final int count = poll(completion);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return count;
    }

    @Override
    public boolean takeWakeup() {
        lock.lock();
        try {
            final boolean taken = woken;
            woken = false;
            return taken;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void wakeup() {
        lock.lock();
        try {
            woken = true;
            completed.signal();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int register(final MemorySegment memory) {
        return -Errno.EOPNOTSUPP;
    }

    @Override
    public void unregister(final int index) {
        throw new IllegalArgumentException("no buffer is registered: index=" + index);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            requested.signalAll();
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        for (final Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (final InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
