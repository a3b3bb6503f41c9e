/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.GcReport;
import dev.zapkv.StoreStats;
import dev.zapkv.ZapKv;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Collects garbage now.
@Command(
        name = "gc",
        description = {
            "Collect garbage.",
            "Full zones that hold enough garbage are emptied: live records are copied, the zones are reset."
        },
        footer = {
            "",
            "Examples:",
            "  zapkv gc /data/store",
            "  zapkv gc /data/store --min-garbage 0.5",
            "  zapkv gc /data/store --json"
        })
final class GcCommand extends StoreCommand {
    @Option(
            names = "--min-garbage",
            paramLabel = "SHARE",
            defaultValue = "0.05",
            description = "Collect zones whose garbage is at least this share of what was written, 0.0 to 1.0."
                    + " Default: ${DEFAULT-VALUE}.")
    private double minGarbage;

    @Mixin
    private final ProgressOptions progress = new ProgressOptions();

    GcCommand(final Terminal terminal) {
        super(terminal);
    }

    @Override
    int run() throws IOException {
        // written so that NaN is refused too
        if (!(minGarbage >= 0.0 && minGarbage <= 1.0)) {
            throw CommandException.usage(
                    "--min-garbage " + minGarbage + " is out of range; give a share from 0.0 to 1.0.");
        }
        try (ZapKv store = open()) {
            final GcReport report = collect(store);
            print(report, store.stats());
        }
        return ExitCode.OK;
    }

    private GcReport collect(final ZapKv store) {
        final StoreStats before = store.stats();
        try (StatusLine line = progress.statusLine(terminal());
                Ticker _ = new Ticker(line, () -> status(before, store.stats()))) {
            return store.collect(minGarbage);
        }
    }

    private static String status(final StoreStats before, final StoreStats now) {
        return "gc  "
                + Human.count(now.zonesCollected() - before.zonesCollected(), "zone", "zones") + " collected  "
                + Human.bytes(now.relocatedBytes() - before.relocatedBytes()) + " relocated";
    }

    private void print(final GcReport report, final StoreStats after) throws IOException {
        if (isJson()) {
            JsonReport.write(terminal().out(), fields -> {
                fields.writeNumberField("zones_collected", report.zonesCollected());
                fields.writeNumberField("relocated_bytes", report.relocatedBytes());
                fields.writeNumberField("freed_bytes", report.freedBytes());
                fields.writeNumberField("garbage_bytes", after.garbageBytes());
                fields.writeNumberField("duration_ns", report.durationNs());
            });
            return;
        }
        final String left = Human.bytes(after.garbageBytes()) + " of garbage left";
        if (report.zonesCollected() == 0) {
            terminal()
                    .println("nothing collected: no full zone has a garbage share of " + minGarbage + " or more; "
                            + left);
            return;
        }
        terminal()
                .println(Human.count(report.zonesCollected(), "zone", "zones") + " collected in "
                        + Human.seconds(report.durationNs()) + ": " + Human.bytes(report.relocatedBytes())
                        + " relocated, "
                        + Human.bytes(report.freedBytes()) + " freed; " + left);
    }
}
