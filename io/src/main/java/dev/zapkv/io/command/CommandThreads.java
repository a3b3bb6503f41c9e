/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// A few daemon threads that carry out blocking commands, each named by its slot, and hand the slots back.
///
/// One lock guards both queues; a slot's parameters are written before the slot is queued and read after it was taken,
/// and its results the other way round, so the lock publishes them.
public final class CommandThreads {
    private final Work work;
    private final int[] reported;
    private final List<Thread> threads = new ArrayList<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition requested = lock.newCondition();
    private final Condition completed = lock.newCondition();
    private final IntQueue requests; // guarded by lock
    private final IntQueue completions; // guarded by lock
    private boolean woken; // guarded by lock
    private boolean closed; // guarded by lock

    /// @param slots commands that may be in flight
    /// @param count threads
    public CommandThreads(final int slots, final int count, final Work work) {
        this.work = work;
        reported = new int[slots];
        requests = new IntQueue(slots);
        completions = new IntQueue(slots);
        for (int i = 0; i < Math.min(count, slots); i++) {
            threads.add(Thread.ofPlatform().daemon().name("zapkv-io-" + i).unstarted(this::run));
        }
    }

    /// Carries out a command.
    @FunctionalInterface
    public interface Work {
        /// Called on one of the threads; blocks.
        void execute(int slot);
    }

    /// Receives commands that were carried out.
    @FunctionalInterface
    public interface Done {
        /// May queue further commands.
        void done(int slot);
    }

    /// Starts the threads; apart from the constructor, so that they see a finished object.
    public CommandThreads start() {
        threads.forEach(Thread::start);
        return this;
    }

    /// Number of threads.
    public int size() {
        return threads.size();
    }

    /// Queues a command.
    public void execute(final int slot) {
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
            work.execute(slot);
            done = slot;
        }
    }

    /// Hands out what is done.
    ///
    /// @return number of commands
    public int poll(final Done target) {
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
            target.done(reported[i]);
        }
        return count;
    }

    /// Waits once for a command that is done, a wake-up, the time-out or an interrupt, then hands out what is done.
    ///
    /// @return number of commands
    public int await(final Done target, final long timeoutNs) {
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

    /// Whether {@link #wakeup} was called since this was last asked.
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

    /// Makes a present or the next {@link #await} return. Any thread, any time.
    public void wakeup() {
        lock.lock();
        try {
            woken = true;
            completed.signal();
        } finally {
            lock.unlock();
        }
    }

    /// Ends the threads; no command is in flight.
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
