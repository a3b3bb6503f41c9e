/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Commands through blocking calls on a few daemon threads: the fall-back where io_uring is missing or forbidden. Same
/// semantics, more hand-overs. A subclass carries them out.
///
/// One lock guards both queues; a slot's parameters are written before the slot is queued and read after it was taken,
/// and its results the other way round, so the lock publishes them.
public abstract class CommandThreads implements CommandEngine {
    private final String reason;
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
    /// @param count  threads
    /// @param reason why this engine is in use, for the capabilities
    protected CommandThreads(final int slots, final int count, final String reason) {
        this.reason = reason;
        results = new int[slots];
        reported = new int[slots];
        requests = new IntQueue(slots);
        completions = new IntQueue(slots);
        for (int i = 0; i < Math.min(count, slots); i++) {
            threads.add(Thread.ofPlatform().daemon().name("zapkv-io-" + i).unstarted(this::run));
        }
    }

    /// Carries out the command of a slot. Called on one of the threads; blocks.
    ///
    /// @return its result
    protected abstract int execute(int slot);

    /// Second result of a command that was carried out.
    protected long extra(final int slot) {
        return 0;
    }

    /// Starts the threads; apart from the constructor, so that they see a finished object.
    protected final void startThreads() {
        threads.forEach(Thread::start);
    }

    @Override
    public final String description() {
        return reason.isEmpty() ? "threads" : "threads (" + reason + ")";
    }

    @Override
    public final Capability priority() {
        return new Capability(
                "priority-class", "unsupported", "blocking calls have their thread's priority", "commands go in turn");
    }

    @Override
    public int unsupportedAttributes() {
        return IoAttributes.BACKGROUND;
    }

    @Override
    public final List<Capability> capabilities() {
        return List.of(
                new Capability("io-threads", Integer.toString(threads.size()), "fixed", ""),
                new Capability("registered-buffers", "0", "needs io_uring", "memory is pinned for each command"));
    }

    /// Queues the command of a slot.
    protected final void enqueue(final int slot) {
        lock.lock();
        try {
            requests.add(slot);
            requested.signal();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
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

    @Override
    public final int poll(final Completion target) {
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
            target.onCommand(reported[i], results[reported[i]], extra(reported[i]));
        }
        return count;
    }

    @Override
    public final int await(final Completion target, final long timeoutNs) {
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
        final int count = poll(target);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return count;
    }

    @Override
    public final boolean takeWakeup() {
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
    public final void wakeup() {
        lock.lock();
        try {
            woken = true;
            completed.signal();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public final long registrationMax() {
        return 0;
    }

    @Override
    public final int register(final MemorySegment memory) {
        return -Errno.EOPNOTSUPP;
    }

    @Override
    public final void unregister(final int index) {
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
