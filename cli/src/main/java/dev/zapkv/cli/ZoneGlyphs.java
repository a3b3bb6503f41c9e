/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.ZoneReport;
import java.util.Locale;

/// The one character that stands for a zone: its state, and for written zones the live share of what is written.
///
/// @param shades   for nothing live, then for up to each quarter
/// @param empty    of a zone with nothing in it
/// @param open     of a zone that takes appends
/// @param metadata of a zone with metadata, of which no live share is kept
/// @param barDone  of the filled part of a bar
/// @param barRest  of the rest of a bar
record ZoneGlyphs(String shades, char empty, char open, char metadata, char barDone, char barRest) {
    /// For terminals that show Unicode.
    static final ZoneGlyphs BLOCKS = new ZoneGlyphs("□░▒▓█", '·', '▸', '◆', '█', '░');
    /// For all others.
    static final ZoneGlyphs ASCII = new ZoneGlyphs("0-=%#", '.', '>', 'M', '#', '.');

    private static final char READ_ONLY = 'R';
    private static final char OFFLINE = 'X';

    /// The blocks where the terminal can show them.
    static ZoneGlyphs of(final Terminal terminal) {
        return terminal.canShow(BLOCKS.shades + BLOCKS.empty + BLOCKS.open + BLOCKS.metadata) ? BLOCKS : ASCII;
    }

    char glyph(final ZoneReport zone) {
        return switch (zone.state()) {
            case "EMPTY" -> empty;
            case "READ_ONLY" -> READ_ONLY;
            case "OFFLINE" -> OFFLINE;
            case "OPEN" -> isMetadata(zone) ? metadata : open;
            default -> isMetadata(zone) ? metadata : shade(zone.liveBytes(), zone.writtenBytes());
        };
    }

    /// Whether a zone holds metadata: of these bytes no live share is kept.
    static boolean isMetadata(final ZoneReport zone) {
        return zone.stream().equals("metadata");
    }

    /// The shade for a live share: none, up to a quarter, a half, three quarters, more.
    char shade(final long liveBytes, final long writtenBytes) {
        if (liveBytes <= 0 || writtenBytes <= 0) {
            return shades.charAt(0);
        }
        final double share = (double) liveBytes / writtenBytes;
        return shades.charAt(share <= 0.25 ? 1 : share <= 0.5 ? 2 : share <= 0.75 ? 3 : 4);
    }

    /// A bar of {@code columns} for a share of a whole.
    String bar(final long part, final long whole, final int columns) {
        final double share = whole <= 0 ? 0 : Math.clamp((double) part / whole, 0, 1);
        final int done = (int) Math.round(share * columns);
        return String.valueOf(barDone).repeat(done) + String.valueOf(barRest).repeat(columns - done);
    }

    /// The colour of what a zone holds; trouble and emptiness have their own.
    static Paint.Colour colour(final ZoneReport zone) {
        return switch (zone.state()) {
            case "EMPTY" -> Paint.Colour.FAINT;
            case "READ_ONLY", "OFFLINE" -> Paint.Colour.ALARM;
            default -> streamColour(zone.stream());
        };
    }

    static Paint.Colour streamColour(final String stream) {
        return switch (stream.toLowerCase(Locale.ROOT)) {
            case "metadata" -> Paint.Colour.METADATA;
            case "host" -> Paint.Colour.HOST;
            case "gc" -> Paint.Colour.GC;
            default -> Paint.Colour.PLAIN;
        };
    }
}
