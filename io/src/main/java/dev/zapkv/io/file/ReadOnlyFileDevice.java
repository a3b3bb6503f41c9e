/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.Capabilities;
import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.ReadOnlyZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.emulated.CommandChecks;
import dev.zapkv.io.emulated.EmulatedZones;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A directory's zones, to be read alone: nothing is created, changed or deleted, not even when it is closed.
final class ReadOnlyFileDevice extends ReadOnlyZoneDevice {
    private final ZoneGeometry geometry;
    private final EmulatedZones zones;
    private final ZoneFiles files;

    ReadOnlyFileDevice(final ZoneGeometry geometry, final EmulatedZones zones, final ZoneFiles files) {
        this.geometry = geometry;
        this.zones = zones;
        this.files = files;
    }

    @Override
    public ZoneGeometry geometry() {
        return geometry;
    }

    @Override
    public Capabilities capabilities() {
        return new Capabilities(
                "file",
                false,
                true,
                "not used: opened read-only",
                List.of(new Capability("read-only", "yes", "by request", "")));
    }

    @Override
    public void readSync(final long address, final MemorySegment target, final long targetOffset, final int length) {
        CommandChecks.addresses(geometry, address, length);
        files.readSync(geometry.zoneOf(address), geometry.offsetOf(address), target, targetOffset, length);
    }

    @Override
    public ZoneInfo report(final int zone) {
        CommandChecks.zone(geometry, zone);
        return zones.report(zone);
    }

    @Override
    public void close() {
        files.close();
    }
}
