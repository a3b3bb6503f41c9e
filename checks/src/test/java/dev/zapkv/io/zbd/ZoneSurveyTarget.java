/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zbd;

import dev.zapkv.checks.fuzz.FuzzInput;
import dev.zapkv.checks.fuzz.FuzzTarget;
import dev.zapkv.checks.fuzz.RawZones;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.linux.ReportBytes;
import dev.zapkv.io.linux.ZoneReport;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// The report of zones that the kernel passes on for a zoned block device.
public final class ZoneSurveyTarget implements FuzzTarget {
    private static final int ZONES = 8;
    private static final int BLOCK = 4096;
    private static final long SECTORS = 8192;
    private static final long ZONE_SIZE = SECTORS * 512;

    private final ZoneReport report = ReportBytes.report(Arena.ofAuto(), ZONES);

    @Override
    public List<byte[]> seeds() {
        final int[] conditions = {
            ZoneReport.CONDITION_EMPTY,
            ZoneReport.CONDITION_IMPLICITLY_OPEN,
            ZoneReport.CONDITION_EXPLICITLY_OPEN,
            ZoneReport.CONDITION_CLOSED,
            ZoneReport.CONDITION_READ_ONLY,
            ZoneReport.CONDITION_FULL,
            ZoneReport.CONDITION_OFFLINE,
            ZoneReport.CONDITION_EMPTY
        };
        final byte[] bytes = new byte[16 + ZONES * 64];
        final MemorySegment memory = MemorySegment.ofArray(bytes);
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, 8, ZONES);
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, 12, 1);
        for (int zone = 0; zone < ZONES; zone++) {
            final long at = 16 + zone * 64L;
            memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at, zone * SECTORS);
            memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at + 8, SECTORS);
            memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at + 16, zone * SECTORS + zone * 8L);
            memory.set(ValueLayout.JAVA_BYTE, at + 24, (byte) ZoneReport.TYPE_SEQUENTIAL);
            memory.set(ValueLayout.JAVA_BYTE, at + 25, (byte) conditions[zone]);
            memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at + 32, 6144);
        }
        return List.of(
                RawZones.concatenated(new byte[] {0, 0}, bytes), RawZones.concatenated(new byte[] {1, 3}, bytes));
    }

    @Override
    public void run(final byte[] bytes) {
        final FuzzInput input = new FuzzInput(bytes);
        final int first = input.u8() % ZONES;
        final ZoneRange range = new ZoneRange(first, 1 + input.u8() % (ZONES - first));
        ReportBytes.fill(report, input.rest());
        try {
            final ZoneSurvey.Builder builder = new ZoneSurvey.Builder("drive", ZONE_SIZE, ZONES, range, BLOCK);
            builder.add(0, report);
            check(builder.build());
        } catch (final DeviceException e) {
            // as documented
            return;
        }
    }

    private static void check(final ZoneSurvey survey) {
        survey.geometry("drive", BLOCK, 0, 0, BLOCK);
        for (final ZoneInfo zone : survey.zones()) {
            if (zone.writePointer() < 0
                    || zone.writePointer() > zone.capacity()
                    || zone.writePointer() % BLOCK != 0
                    || zone.capacity() > ZONE_SIZE) {
                throw new AssertionError(zone + " is out of bounds");
            }
        }
    }
}
