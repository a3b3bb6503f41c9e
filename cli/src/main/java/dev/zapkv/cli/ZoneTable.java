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
    private static final List<String> STREAMS = List.of("metadata", "host", "gc", "none");

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
                    zone.stream(),
                    Human.bytes(zone.writtenBytes()),
                    Human.bytes(zone.liveBytes()),
                    Human.percent(zone.liveBytes(), zone.writtenBytes()),
                    zone.generation());
            text.append(paint.paint(ZoneGlyphs.colour(zone), (row + "  " + bar(zone)).stripTrailing()))
                    .append('\n');
        }
        return text.toString();
    }

    private String bar(final ZoneReport zone) {
        return zone.writtenBytes() == 0 ? "" : glyphs.bar(zone.liveBytes(), zone.writtenBytes(), SMALL_BAR_COLUMNS);
    }

    /// A row for each stream that has zones, and one for all of them. The bar is the live share.
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
        for (final String stream : STREAMS) {
            final List<ZoneReport> own =
                    zones.stream().filter(zone -> zone.stream().equals(stream)).toList();
            if (!own.isEmpty()) {
                appendSum(text, ZoneGlyphs.streamColour(stream), stream.equals("none") ? "empty" : stream, own);
            }
        }
        appendSum(text, Paint.Colour.PLAIN, "all", zones);
        return text.toString();
    }

    private void appendSum(
            final StringBuilder text, final Paint.Colour colour, final String name, final List<ZoneReport> zones) {
        final ZoneTotals sum = ZoneTotals.of(zones);
        final String row = String.format(
                Locale.ROOT,
                "  %-8s  %6d  %10s  %10s  %10s",
                name,
                sum.zones(),
                Human.bytes(sum.writtenBytes()),
                Human.bytes(sum.liveBytes()),
                Human.bytes(sum.writtenBytes() - sum.liveBytes()));
        text.append(paint.paint(colour, row));
        if (sum.writtenBytes() > 0) {
            text.append("  ")
                    .append(paint.paint(colour, glyphs.bar(sum.liveBytes(), sum.writtenBytes(), BAR_COLUMNS)))
                    .append(' ')
                    .append(Human.percent(sum.liveBytes(), sum.writtenBytes()))
                    .append(" live");
        }
        text.append('\n');
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
