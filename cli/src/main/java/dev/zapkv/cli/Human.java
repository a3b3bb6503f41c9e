/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.util.Locale;

/// Numbers as a person reads them. The exact ones are in the JSON output.
final class Human {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    private static final double NS_PER_SECOND = 1e9;

    private Human() {}

    /// `1.5 MiB`.
    static String bytes(final long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        double scaled = bytes;
        int unit = 0;
        // 1023.95 would be printed as 1024.0
        while (scaled >= 1023.95 && unit < UNITS.length - 1) {
            scaled /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", scaled, UNITS[unit]);
    }

    /// `1,234,567`.
    static String count(final long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }

    /// `1 zone`, `2 zones`.
    static String count(final long count, final String one, final String many) {
        return count(count) + ' ' + (count == 1 ? one : many);
    }

    /// `71.4 %`, or `-` of nothing.
    static String percent(final long part, final long whole) {
        return whole <= 0 ? "-" : String.format(Locale.ROOT, "%.1f %%", 100.0 * part / whole);
    }

    /// `0.01 s`.
    static String seconds(final long durationNs) {
        return String.format(Locale.ROOT, "%.2f s", durationNs / NS_PER_SECOND);
    }

    /// `1:02:03` or `2:03`.
    static String clock(final long durationNs) {
        final long seconds = Math.max(0, Math.round(durationNs / NS_PER_SECOND));
        final long hours = seconds / 3600;
        final long minutes = seconds % 3600 / 60;
        return hours > 0
                ? String.format(Locale.ROOT, "%d:%02d:%02d", hours, minutes, seconds % 60)
                : String.format(Locale.ROOT, "%d:%02d", minutes, seconds % 60);
    }
}
