/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.store.engine.OpenStore;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Completes the futures of asynchronous writes: one thread, started with the first of them, waits for the lowest
/// block that any future waits for. Futures of the process level are complete at once.
final class AsyncWaiter implements AutoCloseable {
    private final OpenStore store;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final PriorityQueue<Pending> pending = new PriorityQueue<>(Comparator.comparingLong(Pending::block));
    private Thread thread;
    private boolean closed;

    private record Pending(long block, Durability level, CompletableFuture<Void> future) {}

    AsyncWaiter(final OpenStore store) {
        this.store = store;
    }

    CompletableFuture<Void> future(final long block, final Durability level) {
        if (store.reached(block, level)) {
            return CompletableFuture.completedFuture(null);
        }
        final CompletableFuture<Void> future = new CompletableFuture<>();
        lock.lock();
        try {
            if (closed) {
                throw new StoreClosedException("the store is closed");
            }
            pending.add(new Pending(block, level, future));
            if (thread == null) {
                thread = Thread.ofPlatform().name("zapkv-async").daemon(true).start(this::run);
            }
            changed.signal();
        } finally {
            lock.unlock();
        }
        return future;
    }

    private void run() {
        while (true) {
            final Pending next = take();
            if (next == null) {
                return;
            }
            try {
                store.engine().await(next.block(), next.level());
                next.future().complete(null);
            } catch (final RuntimeException e) {
                next.future().completeExceptionally(e);
            }
        }
    }

    private Pending take() {
        lock.lock();
        try {
            while (pending.isEmpty() && !closed) {
                changed.awaitUninterruptibly();
            }
            return pending.poll();
        } finally {
            lock.unlock();
        }
    }

    /// Lets the thread end when it has completed what is pending, well or with the store's closing.
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
