/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.Capabilities;
import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.DeviceCounters;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.emulated.CommandChecks;
import java.lang.foreign.MemorySegment;

/// A device whose commands go through an engine: checks arguments and the device's own state, queues, polls, waits,
/// closes. A subclass adds the zones.
public abstract class CommandDevice implements ZoneDevice {
    private static final long CLOSE_WAIT_NS = 1_000_000_000L;
    private static final CompletionHandler NOBODY = (token, result, honoured) -> {};

    /// The device's sizes.
    protected final ZoneGeometry geometry;

    private final String name;
    private final Capabilities capabilities;
    private final CommandEngine engine;
    private final CommandQueue commands;
    private boolean closed;

    /// An open device.
    ///
    /// @param name names the device in messages
    protected CommandDevice(
            final String name,
            final ZoneGeometry geometry,
            final Capabilities capabilities,
            final CommandEngine engine,
            final CommandQueue commands) {
        this.name = name;
        this.geometry = geometry;
        this.capabilities = capabilities;
        this.engine = engine;
        this.commands = commands;
    }

    /// Nothing is in flight any more: saves what has to be saved.
    protected abstract void shutDown();

    /// Gives back everything but the engine, which is closed.
    protected abstract void releaseMedia();

    @Override
    public final ZoneGeometry geometry() {
        return geometry;
    }

    @Override
    public Capabilities capabilities() {
        return capabilities;
    }

    @Override
    public final DeviceCounters counters() {
        return commands.counters();
    }

    @Override
    public final IoBuffer register(final MemorySegment memory) {
        requireOpen();
        CommandChecks.memory(geometry, memory);
        return LeasedBuffer.register(this, engine, memory, geometry.maxAppend());
    }

    @Override
    public final boolean append(
            final int zone,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        requireOpen();
        final LeasedBuffer own = LeasedBuffer.of(this, buffer);
        CommandChecks.append(geometry, zone, own.memory().byteSize(), offset, length, attributes);
        if (commands.isFull()) {
            return false;
        }
        commands.append(zone, own, offset, length, attributes, token);
        return true;
    }

    @Override
    public final boolean read(
            final long address,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        requireOpen();
        final LeasedBuffer own = LeasedBuffer.of(this, buffer);
        CommandChecks.read(geometry, address, own.memory().byteSize(), offset, length, attributes);
        if (commands.isFull()) {
            return false;
        }
        commands.read(address, own, offset, length, attributes, token);
        return true;
    }

    @Override
    public final boolean flush(final long token) {
        requireOpen();
        if (commands.isFull()) {
            return false;
        }
        commands.flush(token);
        return true;
    }

    @Override
    public final int poll(final CompletionHandler handler) {
        requireOpen();
        return commands.poll(handler, -1);
    }

    @Override
    public final int await(final CompletionHandler handler, final long timeoutNs) {
        requireOpen();
        final long startNs = System.nanoTime();
        long leftNs = Math.max(0, timeoutNs);
        while (true) {
            if (commands.inFlight() == 0) {
                engine.takeWakeup();
                return 0;
            }
            final int count = commands.poll(handler, leftNs);
            if (engine.takeWakeup() || count > 0) {
                return count;
            }
            leftNs = timeoutNs - (System.nanoTime() - startNs);
            if (leftNs <= 0) {
                return 0;
            }
        }
    }

    @Override
    public final void wakeup() {
        engine.wakeup();
    }

    @Override
    public final int inFlight() {
        return commands.inFlight();
    }

    /// Refuses anything after close.
    protected final void requireOpen() {
        if (closed) {
            throw new DeviceException(name + " is closed", 0);
        }
    }

    /// Refuses anything after close, and zones that are not there.
    protected final void requireZone(final int zone) {
        requireOpen();
        CommandChecks.zone(geometry, zone);
    }

    /// Refuses to release a zone that is not empty.
    protected static void requireEmpty(final int zone, final ZoneState state) {
        if (state != ZoneState.EMPTY) {
            throw new IllegalStateException("release of zone=" + zone + " in state " + state + ": reset it first");
        }
    }

    @Override
    public final void close() {
        if (closed) {
            return;
        }
        if (commands.isPolling()) {
            throw new IllegalStateException("a completion handler must not close the device");
        }
        closed = true;
        try {
            while (commands.inFlight() > 0) {
                commands.poll(NOBODY, CLOSE_WAIT_NS);
                engine.takeWakeup();
            }
            shutDown();
        } finally {
            try {
                engine.close();
            } finally {
                releaseMedia();
            }
        }
    }
}
