/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sequential;

import dev.zapkv.io.Capabilities;
import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.ConventionalZones;
import dev.zapkv.io.ReadOnlyZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.emulated.CommandChecks;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLongArray;

/// {@link SequentialMedia} to be read alone: zones stay in the state they are in.
public final class ReadOnlySequentialDevice extends ReadOnlyZoneDevice {
    private static final int APPEND_MAX = 1 << 20;

    private final String backend;
    private final ZoneGeometry geometry;
    private final SequentialMedia media;
    private final Runnable releaseLock;
    private final AtomicLongArray written;
    private final SequentialReader reader;

    /// @param backend     its short name
    /// @param name        names the device in messages
    /// @param geometry    see {@link #geometry}
    /// @param releaseLock lets others use the zones
    public ReadOnlySequentialDevice(
            final String backend,
            final String name,
            final ZoneGeometry geometry,
            final SequentialMedia media,
            final Runnable releaseLock) {
        this.backend = backend;
        this.geometry = geometry;
        this.media = media;
        this.releaseLock = releaseLock;
        written = new AtomicLongArray(geometry.zoneCount());
        reader = new SequentialReader(name, geometry, media, written::getAcquire);
        for (int zone = 0; zone < geometry.zoneCount(); zone++) {
            report(zone);
        }
    }

    /// Sizes of a device that takes no appends: limits mean nothing, and the largest append is that of any
    /// writer.
    public static ZoneGeometry geometry(
            final int block, final long zoneSize, final long capacity, final int zoneCount) {
        return new ZoneGeometry(block, zoneSize, capacity, zoneCount, 0, 0, (int) Math.min(APPEND_MAX, capacity));
    }

    @Override
    public ZoneGeometry geometry() {
        return geometry;
    }

    @Override
    public Capabilities capabilities() {
        return new Capabilities(
                backend,
                false,
                true,
                "not used: opened read-only",
                List.of(new Capability("read-only", "yes", "by request", "")));
    }

    @Override
    public void readSync(final long address, final MemorySegment target, final long targetOffset, final int length) {
        CommandChecks.addresses(geometry, address, length);
        reader.read(address, target, targetOffset, length);
    }

    @Override
    public int readForgotten(final int zone, final MemorySegment target, final int length) {
        CommandChecks.zone(geometry, zone);
        return media.readForgotten(zone, target, length);
    }

    @Override
    public Optional<ConventionalZones> conventional() {
        return readOnly(media.conventional());
    }

    @Override
    public synchronized ZoneInfo report(final int zone) {
        CommandChecks.zone(geometry, zone);
        final ZoneInfo info = media.inspect(zone);
        written.setRelease(zone, info.writePointer());
        return info;
    }

    @Override
    public void close() {
        media.close();
        releaseLock.run();
    }
}
