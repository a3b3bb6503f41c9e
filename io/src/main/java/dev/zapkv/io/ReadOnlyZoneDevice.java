/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// A device that is read on the callers' threads and never written: {@link #report}, {@link #readSync} and
/// {@link
/// #readForgotten} work, every other command is refused with {@link DeviceException#EROFS}.
///
/// All methods may be called by any number of threads.
public abstract class ReadOnlyZoneDevice implements ZoneDevice {
    /// For subclasses.
    protected ReadOnlyZoneDevice() {}

    /// The same device without the means to write to it. Closing it closes the other one.
    public static ReadOnlyZoneDevice of(final ZoneDevice device) {
        return new Wrapped(device);
    }

    /// The same conventional zones without the means to write to them.
    protected static Optional<ConventionalZones> readOnly(final Optional<ConventionalZones> zones) {
        return zones.map(ReadOnlyConventionalZones::new);
    }

    private record ReadOnlyConventionalZones(ConventionalZones zones) implements ConventionalZones {
        @Override
        public int count() {
            return zones.count();
        }

        @Override
        public long capacity() {
            return zones.capacity();
        }

        @Override
        public void read(final int zone, final long offset, final MemorySegment target, final int length) {
            zones.read(zone, offset, target, length);
        }

        @Override
        public void write(final int zone, final long offset, final MemorySegment source, final int length) {
            throw refused("write to conventional zone " + zone);
        }
    }

    private static DeviceException refused(final String operation) {
        return new DeviceException(operation + " on a device that was opened read-only", DeviceException.EROFS);
    }

    @Override
    public final IoBuffer register(final MemorySegment memory) {
        throw refused("registering memory");
    }

    @Override
    public final boolean append(
            final int zone,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        throw refused("append to zone " + zone);
    }

    @Override
    public final boolean read(
            final long address,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        throw refused("queued read");
    }

    @Override
    public final boolean flush(final long token) {
        throw refused("flush");
    }

    @Override
    public final int poll(final CompletionHandler handler) {
        return 0;
    }

    @Override
    public final int await(final CompletionHandler handler, final long timeoutNs) {
        return 0;
    }

    @Override
    public final void wakeup() {
        // Nobody waits.
    }

    @Override
    public final int inFlight() {
        return 0;
    }

    @Override
    public final void open(final int zone) {
        throw refused("open of zone " + zone);
    }

    @Override
    public final void finish(final int zone) {
        throw refused("finish of zone " + zone);
    }

    @Override
    public final void reset(final int zone) {
        throw refused("reset of zone " + zone);
    }

    @Override
    public final void release(final int zone) {
        throw refused("release of zone " + zone);
    }

    private static final class Wrapped extends ReadOnlyZoneDevice {
        private final ZoneDevice device;

        Wrapped(final ZoneDevice device) {
            this.device = device;
        }

        @Override
        public ZoneGeometry geometry() {
            return device.geometry();
        }

        @Override
        public Capabilities capabilities() {
            return device.capabilities();
        }

        @Override
        public void readSync(
                final long address, final MemorySegment target, final long targetOffset, final int length) {
            device.readSync(address, target, targetOffset, length);
        }

        @Override
        public int readForgotten(final int zone, final MemorySegment target, final int length) {
            return device.readForgotten(zone, target, length);
        }

        @Override
        public Optional<ConventionalZones> conventional() {
            return readOnly(device.conventional());
        }

        @Override
        public synchronized ZoneInfo report(final int zone) {
            return device.report(zone);
        }

        @Override
        public void close() {
            device.close();
        }
    }
}
