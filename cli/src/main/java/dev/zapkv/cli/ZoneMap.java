/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.ZoneReport;
import java.util.List;
import java.util.Locale;

/// Draws zones as a map, a character each, in rows that begin with the number of their first zone and are parted every
/// ten zones.
final class ZoneMap {
    private static final int GROUP = 10;
    private static final int MARGIN = 2;
    private static final int GAP = 2;

    private final ZoneGlyphs glyphs;
    private final Paint paint;
    private final int width;

    ZoneMap(final ZoneGlyphs glyphs, final Paint paint, final int width) {
        this.glyphs = glyphs;
        this.paint = paint;
        this.width = width;
    }

    /// The rows, each ended.
    String draw(final List<ZoneReport> zones) {
        final int labelColumns =
                Integer.toString(zones.isEmpty() ? 0 : zones.getLast().zone()).length();
        final int groups = Math.max(1, (width - MARGIN - labelColumns - GAP + 1) / (GROUP + 1));
        final StringBuilder text = new StringBuilder();
        for (int first = 0; first < zones.size(); first += groups * GROUP) {
            final int end = Math.min(zones.size(), first + groups * GROUP);
            final String label = String.format(
                    Locale.ROOT, "%" + labelColumns + "d", zones.get(first).zone());
            text.append(" ".repeat(MARGIN))
                    .append(paint.paint(Paint.Colour.FAINT, label))
                    .append(" ".repeat(GAP));
            drawRow(text, zones.subList(first, end));
            text.append('\n');
        }
        return text.toString();
    }

    /// Neighbours of one colour share one colour sequence: thousands of zones stay a small output.
    private void drawRow(final StringBuilder text, final List<ZoneReport> row) {
        final StringBuilder run = new StringBuilder();
        Paint.Colour colour = Paint.Colour.PLAIN;
        for (int i = 0; i < row.size(); i++) {
            final Paint.Colour next = ZoneGlyphs.colour(row.get(i));
            if (next != colour) {
                flush(text, run, colour);
                colour = next;
            }
            if (i > 0 && i % GROUP == 0) {
                run.append(' ');
            }
            run.append(glyphs.glyph(row.get(i)));
        }
        flush(text, run, colour);
    }

    private void flush(final StringBuilder text, final StringBuilder run, final Paint.Colour colour) {
        if (!run.isEmpty()) {
            text.append(paint.paint(colour, run.toString()));
            run.setLength(0);
        }
    }

    /// What the characters mean. The colours are explained by the table of streams, which wears them.
    String legend() {
        final String shades = glyphs.shades();
        return "  " + glyphs.empty() + " empty   " + glyphs.open() + " open   " + glyphs.metadata()
                + " metadata   R read-only   X offline\n"
                + "  live share of what is written: " + shades.charAt(0) + " nothing   " + shades.charAt(1)
                + " up to 25 %   "
                + shades.charAt(2) + " 50 %   " + shades.charAt(3) + " 75 %   " + shades.charAt(4) + " 100 %\n";
    }
}
