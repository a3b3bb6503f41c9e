/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneDevice;

/// The engine's single point of contact with the device's queue: hands completions to whoever owns the token's kind.
/// A sink only notes what arrived, so a caller may wait for its own completion while others arrive. Belongs to the
/// I/O agent.
public final class DevicePort implements CompletionHandler {
    /// Attributes of appends for writers: of all data the youngest is overwritten first.
    public static final int HOST = IoAttributes.LIFETIME_SHORT | IoAttributes.TIMED;
    /// Attributes of appends of garbage collection: what it had to copy has lived long already.
    public static final int RELOCATED = IoAttributes.BACKGROUND | IoAttributes.LIFETIME_LONG;
    /// Attributes of metadata images: the next one supersedes them.
    public static final int METADATA = IoAttributes.DURABLE | IoAttributes.LIFETIME_SHORT;

    private static final int KIND_SHIFT = 56;
    private static final long ID_MASK = (1L << KIND_SHIFT) - 1;
    private static final int WAITED = 0;
    private static final long PENDING = Long.MIN_VALUE;
    private static final long WAIT_NS = 100_000_000L;

    private final ZoneDevice device;
    private final Sink[] sinks = new Sink[8];
    private long waitedResult = PENDING;
    // Written by the agent, read by anybody.
    private volatile long slowestNs;

    /// A port to a device.
    public DevicePort(final ZoneDevice device) {
        this.device = device;
        sinks[WAITED] = (id, result) -> waitedResult = result;
    }

    /// Notes a completion.
    @FunctionalInterface
    public interface Sink {
        /// One command is done.
        ///
        /// @param id     as given to {@link #token}
        /// @param result see {@link CompletionHandler#onResult}
        void completed(long id, long result);

        /// The command's memory is free.
        ///
        /// @param bounceCopy see {@link CompletionHandler#onBufferReleased}
        default void released(final long id, final boolean bounceCopy) {}
    }

    /// The device.
    public ZoneDevice device() {
        return device;
    }

    /// Sets the sink of a kind of commands, 1 to 7.
    public void sink(final int kind, final Sink sink) {
        sinks[kind] = sink;
    }

    /// Token of a command.
    ///
    /// @param id below 2^56
    public static long token(final int kind, final long id) {
        return (long) kind << KIND_SHIFT | id;
    }

    /// Longest time that a timed command took; 0 if the device does not tell. Any thread.
    public long slowestNs() {
        return slowestNs;
    }

    /// Submits what is queued and notes completions.
    public int poll() {
        return device.poll(this);
    }

    /// As {@link #poll}, waiting for a completion.
    public int await(final long timeoutNs) {
        return device.await(this, timeoutNs);
    }

    /// Appends and waits for the result.
    ///
    /// @return device address, or {@code -errno}
    public long appendAndWait(final int zone, final IoBuffer buffer, final int length, final int attributes) {
        waitedResult = PENDING;
        while (!device.append(zone, buffer, 0, length, attributes, token(WAITED, 0))) {
            device.await(this, WAIT_NS);
        }
        while (waitedResult == PENDING) {
            device.await(this, WAIT_NS);
        }
        return waitedResult;
    }

    /// Flushes and waits.
    ///
    /// @throws DeviceException if the flush failed
    public void flushAndWait() {
        waitedResult = PENDING;
        while (!device.flush(token(WAITED, 0))) {
            device.await(this, WAIT_NS);
        }
        while (waitedResult == PENDING) {
            device.await(this, WAIT_NS);
        }
        if (waitedResult < 0) {
            throw new DeviceException("the device failed to flush, errno " + -waitedResult, (int) -waitedResult);
        }
    }

    @Override
    public void onTimed(final long token, final long elapsedNs) {
        if (elapsedNs > slowestNs) {
            slowestNs = elapsedNs;
        }
    }

    @Override
    public void onBufferReleased(final long token, final boolean bounceCopy) {
        sinks[(int) (token >>> KIND_SHIFT)].released(token & ID_MASK, bounceCopy);
    }

    @Override
    public void onResult(final long token, final long result, final int answers) {
        sinks[(int) (token >>> KIND_SHIFT)].completed(token & ID_MASK, result);
    }
}
