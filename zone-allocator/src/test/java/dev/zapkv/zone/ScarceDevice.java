/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.zone;

import dev.zapkv.io.Capabilities;
import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// A device whose zones take space from a file system when they are opened for the first time, as a directory's do.
/// Space that was given to a zone stays with it.
final class ScarceDevice implements ZoneDevice {
    final List<Integer> opened = new ArrayList<>();
    int openCalls;
    int spareZones = Integer.MAX_VALUE;

    private final ZoneDevice device;
    private final Set<Integer> backed = new HashSet<>();

    ScarceDevice(final ZoneDevice device) {
        this.device = device;
    }

    @Override
    public void open(final int zone) {
        openCalls++;
        if (!backed.contains(zone)) {
            if (spareZones == 0) {
                throw new DeviceException("no space left for zone " + zone, DeviceException.ENOSPC);
            }
            spareZones--;
            backed.add(zone);
        }
        device.open(zone);
        opened.add(zone);
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
    public ZoneInfo report(final int zone) {
        return device.report(zone);
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
