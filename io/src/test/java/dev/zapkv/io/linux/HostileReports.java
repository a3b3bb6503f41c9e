/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Zone reports as a drive might send them, for tests of other packages.
public final class HostileReports {
    private HostileReports() {}

    /// A report with room for so many zones.
    public static ZoneReport report(final Arena arena, final int zones) {
        final ZoneReport report = new ZoneReport(arena, zones);
        report.request(0);
        count(report, zones);
        report.memory().set(ValueLayout.JAVA_INT, 12, 1);
        return report;
    }

    /// Sets the number of zones the drive claims to report.
    public static void count(final ZoneReport report, final int count) {
        report.memory().set(ValueLayout.JAVA_INT, 8, count);
    }

    /// Says that capacities are not told.
    public static void untoldCapacity(final ZoneReport report) {
        report.memory().set(ValueLayout.JAVA_INT, 12, 0);
    }

    /// Sets a zone's fields, in sectors.
    public static void zone(
            final ZoneReport report,
            final int index,
            final long start,
            final long length,
            final long writePointer,
            final int type,
            final int condition,
            final long capacity) {
        final long at = 16 + index * 64L;
        final MemorySegment memory = report.memory();
        memory.set(ValueLayout.JAVA_LONG, at, start);
        memory.set(ValueLayout.JAVA_LONG, at + 8, length);
        memory.set(ValueLayout.JAVA_LONG, at + 16, writePointer);
        memory.set(ValueLayout.JAVA_BYTE, at + 24, (byte) type);
        memory.set(ValueLayout.JAVA_BYTE, at + 25, (byte) condition);
        memory.set(ValueLayout.JAVA_LONG, at + 32, capacity);
    }

    /// Overwrites everything.
    public static MemorySegment bytes(final ZoneReport report) {
        return report.memory();
    }
}
