/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.salvage;

import dev.zapkv.FormatException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.store.meta.MetadataSearch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Zones of a drive, which keeps their states itself.
public final class DeviceZones implements SourceZones {
    private final ZoneDevice device;
    private final List<String> problems = new ArrayList<>();

    /// @param device closed with this
    public DeviceZones(final ZoneDevice device) {
        this.device = device;
    }

    @Override
    public int zoneCount() {
        return device.geometry().zoneCount();
    }

    @Override
    public int blockSize() {
        return device.geometry().blockSize();
    }

    @Override
    public ZoneInfo report(final int zone) {
        return device.report(zone);
    }

    @Override
    public boolean statesKnown() {
        return true;
    }

    @Override
    public MetadataSearch.Found metadataElsewhere() {
        if (device.conventional().isEmpty()) {
            return null;
        }
        try {
            return MetadataSearch.find(device);
        } catch (final FormatException e) {
            problems.add(e.getMessage());
            return null;
        }
    }

    @Override
    public List<String> problems() {
        return problems;
    }

    @Override
    public void read(
            final int zone, final long offset, final MemorySegment target, final long targetOffset, final int length) {
        device.readSync(device.geometry().address(zone, offset), target, targetOffset, length);
    }

    @Override
    public void close() {
        device.close();
    }
}
