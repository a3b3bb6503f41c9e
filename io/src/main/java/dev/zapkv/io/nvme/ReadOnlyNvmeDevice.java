/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.Capabilities;
import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.ReadOnlyZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.emulated.CommandChecks;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// The zones of an NVMe drive, to be read alone: the only commands are reads and reports.
final class ReadOnlyNvmeDevice extends ReadOnlyZoneDevice {
    private final NvmeNode node;
    private final Drive drive;
    private final NvmeZones zones;
    private final SyncReads syncReads;

    ReadOnlyNvmeDevice(final NvmeNode node, final Drive drive) {
        this.node = node;
        this.drive = drive;
        syncReads = SyncReads.of(drive, node);
        zones = new NvmeZones(
                drive,
                new NodeCalls(node.passthrough().fd()),
                node.path().node().toString(),
                new StatusCounts());
    }

    @Override
    public ZoneGeometry geometry() {
        return drive.geometry();
    }

    @Override
    public Capabilities capabilities() {
        final List<Capability> list = new ArrayList<>();
        list.add(new Capability("read-only", "yes", "by request", ""));
        list.add(syncReads.capability());
        list.add(node.exclusive());
        list.addAll(drive.details());
        return new Capabilities("nvme", true, drive.volatileCache(), "not used: opened read-only", list);
    }

    @Override
    public void readSync(final long address, final MemorySegment target, final long targetOffset, final int length) {
        CommandChecks.addresses(drive.geometry(), address, length);
        syncReads.read(address, target, targetOffset, length);
    }

    @Override
    public synchronized ZoneInfo report(final int zone) {
        CommandChecks.zone(drive.geometry(), zone);
        return zones.report(zone);
    }

    @Override
    public void close() {
        zones.close();
        node.close();
    }
}
