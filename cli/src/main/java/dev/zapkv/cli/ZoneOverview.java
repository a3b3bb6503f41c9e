/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.ZoneReport;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// Everything that `zones` prints for people.
final class ZoneOverview {
    private static final List<String> STATES = List.of("OPEN", "CLOSED", "FULL", "EMPTY", "READ_ONLY", "OFFLINE");

    private ZoneOverview() {}

    static String format(
            final String name,
            final List<ZoneReport> zones,
            final ZoneGlyphs glyphs,
            final Paint paint,
            final int width,
            final boolean withTable) {
        final ZoneMap map = new ZoneMap(glyphs, paint, width);
        final ZoneTable table = new ZoneTable(glyphs, paint);
        final StringBuilder text = new StringBuilder(heading(name, zones)).append("\n\n");
        text.append(map.draw(zones)).append('\n');
        text.append(map.legend()).append('\n');
        text.append(table.streams(zones));
        if (withTable) {
            text.append('\n').append(table.zones(zones));
        }
        return text.toString();
    }

    /// `/data/store: 96 zones of 64.0 MiB: 1 open, 80 full, 15 empty`.
    private static String heading(final String name, final List<ZoneReport> zones) {
        final String states = STATES.stream()
                .filter(state -> count(zones, state) > 0)
                .map(state -> count(zones, state) + " "
                        + state.toLowerCase(Locale.ROOT).replace('_', '-'))
                .collect(Collectors.joining(", "));
        return name + ": " + Human.count(zones.size(), "zone", "zones") + size(zones)
                + (states.isEmpty() ? "" : ": " + states);
    }

    private static long count(final List<ZoneReport> zones, final String state) {
        return zones.stream().filter(zone -> zone.state().equals(state)).count();
    }

    private static String size(final List<ZoneReport> zones) {
        final long largest =
                zones.stream().mapToLong(ZoneReport::capacityBytes).max().orElse(0);
        return largest == 0 ? "" : " of " + Human.bytes(largest);
    }
}
