/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zonefs;

import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.linux.SysfsDirectory;
import java.util.List;

/// How many zones may be open for writing and active, and how many of them others use. 0 is no limit.
///
/// @param maxOpen       files that may be open for writing
/// @param openOutside   files that others have open for writing
/// @param maxActive     files that may be partly written
/// @param activeOutside partly written files outside the range
/// @param learnedBy     where the limits were read
record ZonefsLimits(int maxOpen, int openOutside, int maxActive, int activeOutside, String learnedBy) {
    static ZonefsLimits of(final ZonefsMount mount, final SysfsDirectory queue, final List<ZoneInfo> zones) {
        return of(mount.limits(), queue, zones);
    }

    static ZonefsLimits of(final SysfsDirectory own, final SysfsDirectory queue, final List<ZoneInfo> zones) {
        if (!own.has("max_wro_seq_files")) { // before 5.19
            return new ZonefsLimits(
                    number(queue, "max_open_zones"),
                    0,
                    number(queue, "max_active_zones"),
                    0,
                    queue.path().toString());
        }
        int active = 0;
        for (final ZoneInfo zone : zones) {
            active += zone.state() == ZoneState.CLOSED ? 1 : 0;
        }
        return new ZonefsLimits(
                number(own, "max_wro_seq_files"),
                number(own, "nr_wro_seq_files"),
                number(own, "max_active_seq_files"),
                Math.max(0, number(own, "nr_active_seq_files") - active),
                own.path().toString());
    }

    private static int number(final SysfsDirectory directory, final String name) {
        return (int) directory.number(name, 0, Integer.MAX_VALUE, 0);
    }
}
