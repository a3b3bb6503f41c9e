/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.zapkv.ZoneReport;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/// Zones as rows, one by one or summed by stream.
final class ZoneTable {
    private static final int BAR_COLUMNS = 20;
    private static final int SMALL_BAR_COLUMNS = 10;
    private static final List<String> STREAMS = List.of("metadata", "host", "gc", "checkpoint");

    private final ZoneGlyphs glyphs;
    private final Paint paint;

    ZoneTable(final ZoneGlyphs glyphs, final Paint paint) {
        this.glyphs = glyphs;
        this.paint = paint;
    }

    /// A row for each zone.
    String zones(final List<ZoneReport> zones) {
        final StringBuilder text = new StringBuilder(paint.paint(
                Paint.Colour.STRONG,
                String.format(
                        Locale.ROOT,
                        "  %6s  %-9s  %-8s  %10s  %10s  %7s  %10s",
                        "zone",
                        "state",
                        "stream",
                        "written",
                        "live",
                        "live %",
                        "generation")));
        text.append('\n');
        for (final ZoneReport zone : zones) {
            final String row = String.format(
                    Locale.ROOT,
                    "  %6d  %-9s  %-8s  %10s  %10s  %7s  %10d",
                    zone.zone(),
                    zone.state().toLowerCase(Locale.ROOT).replace('_', '-'),
                    isEmpty(zone) ? "-" : zone.stream(),
                    zone.writtenBytes() == 0 ? "-" : Human.bytes(zone.writtenBytes()),
                    hasLive(zone) ? Human.bytes(zone.liveBytes()) : "-",
                    hasLive(zone) ? Human.percent(zone.liveBytes(), zone.writtenBytes()) : "-",
                    zone.generation());
            text.append(paint.paint(ZoneGlyphs.colour(zone), (row + "  " + bar(zone)).stripTrailing()))
                    .append('\n');
        }
        return text.toString();
    }

    private String bar(final ZoneReport zone) {
        return hasLive(zone) ? glyphs.bar(zone.liveBytes(), zone.writtenBytes(), SMALL_BAR_COLUMNS) : "";
    }

    private static boolean hasLive(final ZoneReport zone) {
        return zone.writtenBytes() > 0 && !ZoneGlyphs.isMetadata(zone);
    }

    /// A row for each stream that has zones, and one for all data. The bar is the live share.
    String streams(final List<ZoneReport> zones) {
        final StringBuilder text = new StringBuilder(paint.paint(
                Paint.Colour.STRONG,
                String.format(
                        Locale.ROOT,
                        "  %-8s  %6s  %10s  %10s  %10s",
                        "stream",
                        "zones",
                        "written",
                        "live",
                        "garbage")));
        text.append('\n');
        final List<ZoneReport> written =
                zones.stream().filter(zone -> !isEmpty(zone)).toList();
        for (final String stream : STREAMS) {
            appendSum(
                    text,
                    stream,
                    written.stream()
                            .filter(zone -> zone.stream().equals(stream))
                            .toList());
        }
        appendSum(
                text,
                "all data",
                written.stream().filter(zone -> !ZoneGlyphs.isMetadata(zone)).toList());
        appendSum(text, "empty", zones.stream().filter(ZoneTable::isEmpty).toList());
        return text.toString();
    }

    private static boolean isEmpty(final ZoneReport zone) {
        return zone.state().equals("EMPTY");
    }

    private void appendSum(final StringBuilder text, final String name, final List<ZoneReport> zones) {
        if (zones.isEmpty()) {
            return;
        }
        final ZoneTotals sum = ZoneTotals.of(zones);
        final boolean hasLive = sum.writtenBytes() > 0 && !ZoneGlyphs.isMetadata(zones.getFirst());
        final String row = String.format(
                Locale.ROOT,
                "  %-8s  %6d  %10s  %10s  %10s",
                name,
                sum.zones(),
                sum.writtenBytes() == 0 ? "-" : Human.bytes(sum.writtenBytes()),
                hasLive ? Human.bytes(sum.liveBytes()) : "-",
                hasLive ? Human.bytes(sum.writtenBytes() - sum.liveBytes()) : "-");
        final String bar = hasLive
                ? "  " + glyphs.bar(sum.liveBytes(), sum.writtenBytes(), BAR_COLUMNS) + ' '
                        + Human.percent(sum.liveBytes(), sum.writtenBytes()) + " live"
                : "";
        final Paint.Colour colour = name.equals("empty") ? Paint.Colour.FAINT : ZoneGlyphs.streamColour(name);
        text.append(paint.paint(colour, row + bar)).append('\n');
    }

    /// One zone as a JSON object.
    static void writeJson(final ZoneReport zone, final JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField("zone", zone.zone());
        json.writeStringField("state", zone.state());
        json.writeStringField("stream", zone.stream());
        json.writeNumberField("capacity_bytes", zone.capacityBytes());
        json.writeNumberField("written_bytes", zone.writtenBytes());
        json.writeNumberField("live_bytes", zone.liveBytes());
        json.writeNumberField("generation", zone.generation());
        json.writeEndObject();
    }
}
