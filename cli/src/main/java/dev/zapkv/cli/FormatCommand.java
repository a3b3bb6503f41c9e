/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.zapkv.DriveSummary;
import dev.zapkv.ZapKv;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Makes an empty store on the zones of a drive.
@Command(
        name = "format",
        description = {
            "Make an empty store on the zones of a drive. Everything in these zones is erased.",
            "Says first what would be erased, and asks. Refuses a drive that is mounted or otherwise in use."
        },
        footer = {
            "",
            "Examples:",
            "  zapkv format nvme:/dev/ng0n1",
            "  zapkv format zbd:/dev/nvme0n1 --zones 0-63 --force",
        })
final class FormatCommand extends StoreCommand {
    @Option(names = "--force", description = "Erase without asking.")
    private boolean force;

    FormatCommand(final Terminal terminal) {
        super(terminal);
    }

    @Override
    int run() throws IOException {
        if (!location().isDrive()) {
            throw CommandException.usage(location() + " is a directory: zapkv put and zapkv load make a store there;"
                    + " format is for drives, such as nvme:/dev/ng0n1.");
        }
        final DriveSummary before = ZapKv.examine(context());
        if (!isJson()) {
            terminal().println(describe(before));
            // Before the question, and before a refusal.
            terminal().out().flush();
        }
        if (!before.obstacle().isEmpty()) {
            throw CommandException.failed(before.obstacle() + "; nothing was changed");
        }
        if (before.isInUse() && !force && !terminal().confirm("Erase all of it? Type yes: ")) {
            throw CommandException.failed("Nothing was changed. To erase without being asked, give --force.");
        }
        ZapKv.format(context(), true);
        if (isJson()) {
            JsonReport.write(terminal().out(), fields -> write(before, fields));
        } else {
            terminal().println(location() + " is an empty store now.");
        }
        return ExitCode.OK;
    }

    private String describe(final DriveSummary summary) {
        final String failed = summary.zonesFailed() == 0
                ? ""
                : "; " + Human.count(summary.zonesFailed(), "zone has", "zones have") + " failed and will not be used";
        final String zones = location() + ": " + Human.count(summary.geometry().zoneCount(), "zone", "zones") + " of "
                + Human.bytes(summary.geometry().zoneCapacity())
                + (summary.conventionalZones() == 0
                        ? ""
                        : ", and " + summary.conventionalZones() + " conventional zones for metadata")
                + failed + ". ";
        if (!summary.isInUse()) {
            return zones + "All are empty.";
        }
        return zones
                + Human.count(summary.zonesInUse(), "of them is not empty and holds", "of them are not empty and hold")
                + ' '
                + Human.bytes(summary.bytesWritten())
                + (summary.conventionalInUse() ? ", and the conventional zones hold something, too" : "")
                + (summary.holdsStore() ? ": a ZapKV store." : ".");
    }

    private void write(final DriveSummary before, final JsonGenerator fields) throws IOException {
        fields.writeStringField("store", location().toString());
        fields.writeNumberField("zones", before.geometry().zoneCount());
        fields.writeNumberField("zone_capacity_bytes", before.geometry().zoneCapacity());
        fields.writeNumberField("zones_erased", before.zonesInUse());
        fields.writeNumberField("bytes_erased", before.bytesWritten());
        fields.writeNumberField("zones_failed", before.zonesFailed());
        fields.writeNumberField("conventional_zones", before.conventionalZones());
        fields.writeBooleanField("conventional_zones_in_use", before.conventionalInUse());
        fields.writeBooleanField("held_store", before.holdsStore());
    }
}
