/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// Passes everything on to another device. To be extended by devices that watch, delay, refuse or falsify some of it.
/// Closing it closes the other one.
public abstract class ForwardingZoneDevice implements ZoneDevice {
    private final ZoneDevice device;

    /// @param device gets every call that is not overridden
    protected ForwardingZoneDevice(final ZoneDevice device) {
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
    public DeviceCounters counters() {
        return device.counters();
    }

    @Override
    public IoBuffer register(final MemorySegment memory) {
        return device.register(memory);
    }

    @Override
    public boolean append(
            final int zone,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        return device.append(zone, buffer, offset, length, attributes, token);
    }

    @Override
    public boolean read(
            final long address,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        return device.read(address, buffer, offset, length, attributes, token);
    }

    @Override
    public boolean flush(final long token) {
        return device.flush(token);
    }

    @Override
    public int poll(final CompletionHandler handler) {
        return device.poll(handler);
    }

    @Override
    public int await(final CompletionHandler handler, final long timeoutNs) {
        return device.await(handler, timeoutNs);
    }

    @Override
    public void wakeup() {
        device.wakeup();
    }

    @Override
    public int inFlight() {
        return device.inFlight();
    }

    @Override
    public void readSync(final long address, final MemorySegment target, final long targetOffset, final int length) {
        device.readSync(address, target, targetOffset, length);
    }

    @Override
    public Optional<ConventionalZones> conventional() {
        return device.conventional();
    }

    @Override
    public ZoneInfo report(final int zone) {
        return device.report(zone);
    }

    @Override
    public void open(final int zone) {
        device.open(zone);
    }

    @Override
    public void reserve(final int zone) {
        device.reserve(zone);
    }

    @Override
    public void finish(final int zone) {
        device.finish(zone);
    }

    @Override
    public void reset(final int zone) {
        device.reset(zone);
    }

    @Override
    public void release(final int zone) {
        device.release(zone);
    }

    @Override
    public void close() {
        device.close();
    }
}
