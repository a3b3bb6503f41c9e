/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.checks.fuzz.FuzzInput;
import dev.zapkv.checks.fuzz.FuzzTarget;
import dev.zapkv.checks.fuzz.RawZones;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneInfo;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/// The report of zones that an NVMe drive sends.
public final class NvmeReportTarget implements FuzzTarget {
    private static final long ZONE_BLOCKS = 0x4000;

    @Override
    public List<byte[]> seeds() {
        final byte[] report = new byte[ZoneReport.length(8)];
        final MemorySegment memory = MemorySegment.ofArray(report);
        final ValueLayout.OfLong u64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        memory.set(u64, 0, 8);
        final int[] states = {1, 2, 3, 4, 0xD, 0xE, 0xF, 1};
        for (int zone = 0; zone < states.length; zone++) {
            final long at = ZoneReport.length(zone);
            memory.set(ValueLayout.JAVA_BYTE, at, (byte) 2);
            memory.set(ValueLayout.JAVA_BYTE, at + 1, (byte) (states[zone] << 4));
            memory.set(u64, at + 8, 0x3E00);
            memory.set(u64, at + 16, zone * ZONE_BLOCKS);
            memory.set(u64, at + 24, zone * ZONE_BLOCKS + zone);
        }
        return List.of(RawZones.concatenated(new byte[] {12}, report), RawZones.concatenated(new byte[] {9}, report));
    }

    @Override
    public void run(final byte[] bytes) {
        final FuzzInput input = new FuzzInput(bytes);
        final ZoneReport.Layout layout = new ZoneReport.Layout(9 + input.u8() % 8, ZONE_BLOCKS);
        final byte[] report = input.rest();
        if (report.length < ZoneReport.HEADER_LENGTH) {
            return;
        }
        final ZoneReport parsed = new ZoneReport(MemorySegment.ofArray(report));
        final int count = parsed.descriptors();
        for (int zone = 0; zone < count; zone++) {
            try {
                check(parsed.zone(zone, zone, zone * ZONE_BLOCKS, layout), layout);
            } catch (final DeviceException e) {
                // as documented; the next zone may be right
            }
        }
    }

    private static void check(final ZoneInfo zone, final ZoneReport.Layout layout) {
        if (zone.writePointer() < 0
                || zone.writePointer() > zone.capacity()
                || zone.capacity() <= 0
                || zone.capacity() > layout.zoneBlocks() << layout.blockShift()) {
            throw new AssertionError(zone + " is out of bounds");
        }
    }
}
