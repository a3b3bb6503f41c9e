/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.Context;
import dev.zapkv.Location;
import dev.zapkv.Salvage;
import dev.zapkv.SalvageReport;
import dev.zapkv.ZapKv;
import dev.zapkv.io.ZoneRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Gets out of a store what can be got without its metadata.
@Command(
        name = "salvage",
        description = {
            "Get out of a store whose metadata is gone or unreadable what can be got, and put it into another store.",
            "All zones of STORE are read three times; nothing is written there. The report says what was found and what"
                    + " nobody can know without metadata: deleted keys may be back, for instance."
        },
        footer = {
            "",
            "Examples:",
            "  zapkv salvage /data/store --dry-run",
            "  zapkv salvage /data/store /data/salvaged",
            "  zapkv salvage nvme:/dev/ng0n1 /data/salvaged --memory 4g"
        })
final class SalvageCommand extends StoreCommand {
    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "TARGET",
            converter = LocationConverter.class,
            description = "A new or empty directory, or a drive that was formatted and holds no keys.")
    private Location target;

    @Option(
            names = "--target-zones",
            paramLabel = "RANGE",
            converter = ZoneRangeConverter.class,
            description = "The zones of the drive that are the target's. Default: all.")
    private ZoneRange targetZones;

    @Option(
            names = "--store",
            paramLabel = "ID",
            description = "The identity of the store to salvage, if blocks of several are there.")
    private String storeId;

    @Option(
            names = "--staging",
            paramLabel = "FILE",
            description = "The staging file of the killed process. Default: searched for in shared memory and in the"
                    + " directory.")
    private Path staging;

    @Option(names = "--dry-run", description = "Only report what would be found.")
    private boolean dryRun;

    @Option(names = "--force", description = "Salvage a store, too, whose metadata can be read.")
    private boolean force;

    @Mixin
    private final CreateOptions create = new CreateOptions();

    @Mixin
    private final ProgressOptions progress = new ProgressOptions();

    SalvageCommand(final Terminal terminal) {
        super(terminal);
    }

    @Override
    int run() throws IOException {
        checkTarget();
        final SalvageReport report;
        try (Salvage salvage = Salvage.of(context());
                StatusLine line = progress.statusLine(terminal());
                Ticker _ = new Ticker(line, () -> status(salvage.status()))) {
            salvage.force(force);
            if (storeId != null) {
                salvage.store(storeId);
            }
            if (staging != null) {
                salvage.staging(staging);
            }
            report = dryRun ? salvage.examine() : salvage(salvage);
        }
        new SalvageSummary(report, location(), dryRun ? null : target).print(terminal(), isJson());
        return ExitCode.OK;
    }

    private SalvageReport salvage(final Salvage salvage) {
        // Whatever speaks against it is found out before the target is made.
        final int blockBytes = salvage.survey();
        final Context context = new Context().location(target);
        create.apply(context);
        if (targetZones != null) {
            context.zones(targetZones);
        }
        if (blockBytes > 0 && !target.isDrive()) {
            context.blockBytes(blockBytes);
        }
        try (ZapKv store = ZapKv.open(context)) {
            return salvage.into(store);
        }
    }

    private static String status(final Salvage.Status now) {
        return "salvage  " + now.phase() + "  " + Human.percent(now.bytesRead(), now.bytesTotal()) + " of "
                + Human.bytes(now.bytesTotal()) + "  " + Human.count(now.keys(), "key", "keys");
    }

    private void checkTarget() throws IOException {
        if (dryRun) {
            return;
        }
        if (target == null) {
            throw CommandException.usage("A target is missing: name a new directory, or give --dry-run.");
        }
        if (target.isDrive() && create.isGiven()) {
            throw CommandException.usage("--capacity and --zone-size do not go with a drive: see zapkv format.");
        }
        if (isSameAsSource()) {
            throw CommandException.usage("The target is, or lies in, the store to salvage: name another place.");
        }
        if (!target.isDrive() && !isMissingOrEmpty(target.path())) {
            throw CommandException.failed(target + " exists and is not empty: name a new or empty directory.");
        }
    }

    private boolean isSameAsSource() throws IOException {
        if (!Files.exists(location().path())) {
            return false;
        }
        final Path source = location().path().toRealPath();
        for (Path at = target.path().toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.exists(at)) {
                return location().isDrive()
                        ? at.toRealPath().equals(source) && !differInZones()
                        : at.toRealPath().startsWith(source);
            }
        }
        return false;
    }

    private boolean differInZones() {
        return zones() != null && targetZones != null && !zones().overlaps(targetZones);
    }

    private static boolean isMissingOrEmpty(final Path path) throws IOException {
        if (!Files.exists(path)) {
            return true;
        }
        if (!Files.isDirectory(path)) {
            return false;
        }
        try (Stream<Path> entries = Files.list(path)) {
            return entries.findAny().isEmpty();
        }
    }
}
