/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.zapkv.ZapKv;
import dev.zapkv.ZoneReport;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Draws the zones of a store.
@Command(
        name = "zones",
        description = {
            "Draw the zones of the store.",
            "A character each: its shade shows how much of what is written is still live, its colour what it holds. Up to 40 zones are listed in a table too.",
            "Colour is used on terminals, unless NO_COLOR is set. COLUMNS overrides the width of the terminal."
        },
        footer = {
            "",
            "Examples:",
            "  zapkv zones /data/store",
            "  zapkv zones /data/store --table",
            "  zapkv zones /data/store --json"
        })
final class ZonesCommand extends StoreCommand {
    private static final int FEW_ZONES = 40;

    @Option(names = "--table", description = "List every zone in a table, however many there are.")
    private boolean table;

    @Option(names = "--no-color", description = "Do not use colour.")
    private boolean noColor;

    ZonesCommand(final Terminal terminal) {
        super(terminal);
    }

    @Override
    int run() throws IOException {
        final List<ZoneReport> zones;
        try (ZapKv store = openToRead()) {
            zones = store.zones();
        }
        if (isJson()) {
            JsonReport.write(terminal().out(), fields -> writeJson(zones, fields));
        } else {
            terminal().print(format(zones));
        }
        return ExitCode.OK;
    }

    private String format(final List<ZoneReport> zones) {
        final Paint paint =
                new Paint(terminal().outIsTerminal() && !noColor && !terminal().noColor());
        return ZoneOverview.format(
                location().toString(),
                zones,
                ZoneGlyphs.of(terminal()),
                paint,
                terminal().width(),
                table || zones.size() <= FEW_ZONES);
    }

    private static void writeJson(final List<ZoneReport> zones, final JsonGenerator json) throws IOException {
        ZoneTotals.of(zones).writeJson(json);
        json.writeArrayFieldStart("zones");
        for (final ZoneReport zone : zones) {
            ZoneTable.writeJson(zone, json);
        }
        json.writeEndArray();
    }
}
