/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A report of the kernel with any bytes in it, for targets of other packages.
public final class ReportBytes {
    private ReportBytes() {}

    /// A report with room for so many zones.
    public static ZoneReport report(final Arena arena, final int zones) {
        return new ZoneReport(arena, zones);
    }

    /// What the kernel could have filled in.
    public static void fill(final ZoneReport report, final byte[] bytes) {
        final MemorySegment memory = report.memory();
        memory.fill((byte) 0);
        final long length = Math.min(bytes.length, memory.byteSize());
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, (int) length);
    }

    /// The bytes of a report.
    public static byte[] bytes(final ZoneReport report) {
        return report.memory().toArray(ValueLayout.JAVA_BYTE);
    }
}
