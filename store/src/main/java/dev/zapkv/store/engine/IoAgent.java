/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.Durability;
import dev.zapkv.StoreClosedException;
import dev.zapkv.StoreFailedException;
import dev.zapkv.StoreFullException;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.store.log.DevicePort;
import dev.zapkv.store.log.StagingLog;
import dev.zapkv.store.spi.Collector;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/// Drives the append agent and the collector: on its own thread, or on the thread of a writer that waits for
/// the device and finds nobody driving, which saves two thread switches. One thread at a time, by a lock.
///
/// A failure stops the store for writes: the cause is kept and thrown to every later writer; reads go on.
final class IoAgent implements StagingLog.Backpressure {
    private static final long LINGER_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long IDLE_PARK_NS = TimeUnit.MILLISECONDS.toNanos(50);
    // While writers are active the agent looks by itself for sealed blocks: being woken for each costs the writer a
    // system call, and on a virtual machine an interrupt to the other processor, more than the write itself.
    private static final long ACTIVE_PARK_NS = TimeUnit.MICROSECONDS.toNanos(500);
    private static final long ACTIVE_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long DRAIN_WAIT_NS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long DEVICE_WAIT_NS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long WAITER_PARK_NS = TimeUnit.MICROSECONDS.toNanos(30);
    private static final int FULL_AFTER_WAITS = 500;
    // States of the question whether a full file system has space by now: no writer is refused before it was asked.
    private static final int ANSWERED = 0;
    private static final int ASKED = 1;
    private static final int ASKING = 2;

    private final ReentrantLock lock = new ReentrantLock();
    private final LongSupplier nanoClock;
    private final DevicePort port;
    private final Thread thread;
    private final Standstill standstill;
    private final AtomicInteger asking = new AtomicInteger(ANSWERED);

    private AppendAgent append;
    private Collector collector;
    private IntSupplier housekeeping;
    private BooleanSupplier checkpointing;
    private BooleanSupplier lastResort;
    private long openSince;
    private long openBlock = -1;

    private volatile boolean running = true;
    private volatile boolean parked;
    private volatile boolean dozing;
    private volatile Throwable failure;
    private volatile boolean full;
    private volatile String fileSystemRefusal = "";
    private volatile boolean outOfRoom;
    private volatile boolean standing;
    private volatile long stalls;

    /// An agent that {@link #start} will set going.
    ///
    /// @param name      of the thread
    /// @param threaded  false: nothing runs but what waiting writers and {@link #cycle} drive
    IoAgent(final DevicePort port, final LongSupplier nanoClock, final String name, final boolean threaded) {
        this.port = port;
        this.nanoClock = nanoClock;
        standstill = new Standstill(nanoClock);
        thread = threaded ? Thread.ofPlatform().name(name).daemon(true).unstarted(this::run) : null;
    }

    /// Sets the agent going.
    ///
    /// @param afterAppends run in each duty cycle between the two
    /// @param isCheckpointing whether a checkpoint is under way or due: its end may make room
    /// @param emptiesAZone    asked when nothing else can bring one: gives up what the store can do without
    void start(
            final AppendAgent appendAgent,
            final Collector gc,
            final IntSupplier afterAppends,
            final BooleanSupplier isCheckpointing,
            final BooleanSupplier emptiesAZone) {
        append = appendAgent;
        collector = gc;
        housekeeping = afterAppends;
        checkpointing = isCheckpointing;
        lastResort = emptiesAZone;
        if (thread != null) {
            thread.start();
        }
    }

    /// Waits until a block has reached a level, driving if nobody else does.
    void await(final long block, final Durability level) {
        if (level == Durability.PROCESS) {
            return;
        }
        final boolean flush = level == Durability.FLUSHED;
        append.want(block, flush);
        while ((flush ? append.flushed() : append.frontier()) < block) {
            checkUsable();
            if (lock.tryLock()) {
                try {
                    driveOnce();
                } finally {
                    lock.unlock();
                }
            } else {
                LockSupport.parkNanos(this, WAITER_PARK_NS);
            }
            if (outOfRoom) {
                throw storeFull();
            }
        }
    }

    /// Whether a block that was written to will find no room: nothing can be collected, or not before the block is
    /// appended.
    boolean outOfRoom() {
        return outOfRoom;
    }

    /// Whether the store waits for a zone that no collection will empty: none of them will end.
    boolean isStanding() {
        return standing;
    }

    /// Whether a block has reached a level.
    boolean reached(final long block, final Durability level) {
        return switch (level) {
            case PROCESS -> true;
            case DEVICE -> append.frontier() >= block;
            case FLUSHED -> append.flushed() >= block;
        };
    }

    /// One duty cycle on the caller's thread, waiting for the device at most a millisecond.
    ///
    /// @return amount of work done
    int cycle() {
        lock.lock();
        try {
            return driveOnce();
        } finally {
            lock.unlock();
        }
    }

    /// Waits until no command is in the device any more, once the agent was stopped.
    void awaitDevice() {
        lock.lock();
        try {
            while (failure == null && port.device().inFlight() > 0) {
                port.await(DRAIN_WAIT_NS);
            }
        } catch (final RuntimeException | Error e) {
            failure = e;
        } finally {
            lock.unlock();
        }
    }

    /// Runs something that belongs to the agent.
    <T> T exclusively(final Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    /// Throws what keeps the store from taking writes.
    void checkUsable() {
        final Throwable cause = failure;
        if (cause != null) {
            throw new StoreFailedException(
                    "the store takes no more writes, its device failed: " + cause.getMessage()
                            + ". Reads go on; close the store, check the device, open it again",
                    cause);
        }
        if (!running) {
            throw new StoreClosedException("the store is closed");
        }
    }

    Throwable failure() {
        return failure;
    }

    long stalls() {
        return stalls;
    }

    /// Lets the thread end; the caller drives alone from here on.
    void stop() {
        running = false;
        wake();
        if (thread != null) {
            boolean interrupted = false;
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (final InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    void wake() {
        if (parked || dozing) {
            LockSupport.unpark(thread);
        }
    }

    @Override
    public void sealed(final long block, final int length) {
        if (parked) {
            LockSupport.unpark(thread);
        }
    }

    @Override
    public void stalled(final int waits) {
        if (waits == 0) {
            countStall();
            asking.set(ASKED);
        }
        checkUsable();
        if (thread == null) {
            cycle();
        } else {
            wake();
        }
        if (waits > FULL_AFTER_WAITS && full && asking.get() == ANSWERED) {
            throw storeFull();
        }
    }

    private synchronized void countStall() {
        stalls++;
    }

    private StoreFullException storeFull() {
        final String refusal = fileSystemRefusal;
        if (!refusal.isEmpty()) {
            return new StoreFullException("the store is full: " + refusal
                    + ", or delete keys: reads and deletes go on, and writes as soon as there is room. What was written"
                    + " before is kept");
        }
        return new StoreFullException(
                "the store is full: every zone holds live data and the file system or the capacity"
                        + " bound has no room for another; delete keys, raise capacityBytes in a new store, or free disk space."
                        + " What was written before is kept");
    }

    private void run() {
        long workedAt = nanoClock.getAsLong();
        while (running && failure == null) {
            final int work;
            lock.lock();
            try {
                work = driveOnce();
            } finally {
                lock.unlock();
            }
            if (work > 0) {
                workedAt = nanoClock.getAsLong();
            } else if (port.device().inFlight() == 0) {
                park(nanoClock.getAsLong() - workedAt < ACTIVE_NS);
            }
        }
    }

    private void park(final boolean briefly) {
        if (briefly) {
            dozing = true;
            LockSupport.parkNanos(this, ACTIVE_PARK_NS);
            dozing = false;
            return;
        }
        parked = true;
        // A block sealed before parked was set is seen here; one sealed later unparks.
        if (append.isIdle() && running) {
            LockSupport.parkNanos(this, IDLE_PARK_NS);
        } else {
            LockSupport.parkNanos(this, WAITER_PARK_NS);
        }
        parked = false;
    }

    private int driveOnce() {
        if (failure != null) {
            return 0;
        }
        try {
            if (asking.compareAndSet(ASKED, ASKING)) {
                append.askAgain();
            }
            int work = append.doWork(lingered());
            work += housekeeping.getAsInt();
            work += collector.doWork();
            standing = standstill.lasts(work == 0 && isWaitingForAZone());
            if (standing && lastResort.getAsBoolean()) {
                standing = standstill.lasts(false);
            }
            fileSystemRefusal = append.fileSystemRefusal();
            full = standing || (append.isStuck() && collector.isExhausted());
            asking.compareAndSet(ASKING, ANSWERED);
            outOfRoom = append.outOfRoom() && (standing || collector.isExhausted());
            if (work == 0 && port.device().inFlight() > 0) {
                work += port.await(DEVICE_WAIT_NS);
            }
            return work;
        } catch (final RuntimeException | Error e) {
            failure = e;
            return 0;
        }
    }

    /// Whether nothing but an empty zone lets the log or a collection go on, and nothing is under way that may
    /// bring one: no command, no checkpoint, and no collection, unless that waits for a zone or for the log itself.
    private boolean isWaitingForAZone() {
        return (append.outOfRoom() || (append.isStuck() && !append.isRepeating()) || collector.isOutOfRoom())
                && port.device().inFlight() == 0
                && collector.isBlocked()
                && !checkpointing.getAsBoolean();
    }

    /// Whether the open block has held records for long enough to be appended though it is not full.
    private boolean lingered() {
        final StagingLog staging = append.staging();
        if (!staging.openBlockHasRecords()) {
            openBlock = -1;
            return false;
        }
        final long block = staging.openBlock();
        if (block != openBlock) {
            openBlock = block;
            openSince = nanoClock.getAsLong();
            return false;
        }
        return nanoClock.getAsLong() - openSince > LINGER_NS;
    }
}
