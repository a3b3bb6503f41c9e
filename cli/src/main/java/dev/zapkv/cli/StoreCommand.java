/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.Context;
import dev.zapkv.FormatException;
import dev.zapkv.Location;
import dev.zapkv.RecoveryProgress;
import dev.zapkv.ZapKv;
import dev.zapkv.io.ZoneRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// What every command on a store shares: where it lies, and how it is opened and reported on.
@Command(
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        usageHelpWidth = 100,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:Done.",
            "1:A key asked for is absent (get, delete).",
            "2:The command line is wrong.",
            "3:The store or a file could not be opened, read or written, or has bad content."
        })
abstract class StoreCommand implements Callable<Integer> {
    private static final String HOW_TO_CREATE = "zapkv put and zapkv load create a store in an empty or new directory.";

    private static final long MIN_MEMORY_BYTES = 32L << 20;

    private final Terminal terminal;

    @Parameters(
            index = "0",
            paramLabel = "STORE",
            converter = LocationConverter.class,
            description = "Where the store lies: a directory, or a drive as nvme:/dev/ng0n1, zbd:/dev/nvme0n1 or"
                    + " zonefs:/mnt/zones.")
    private Location location;

    @Option(
            names = "--zones",
            paramLabel = "RANGE",
            converter = ZoneRangeConverter.class,
            description = "The zones of the drive that are the store's, for example 0-63. Default: all.")
    private ZoneRange zones;

    @Option(names = "--json", description = "Report as JSON.")
    private boolean json;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            converter = SizeConverter.class,
            description = "Memory for index and staging while the command runs, at least 32m, for example 1g.")
    private Long memoryBytes;

    @Option(
            names = {"-v", "--verbose"},
            description = "Show the stack trace of an error.")
    private boolean verbose;

    StoreCommand(final Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public final Integer call() throws IOException {
        final int exitCode = run();
        terminal.out().flush();
        return exitCode;
    }

    /// Does the work and returns an {@link ExitCode}.
    abstract int run() throws IOException;

    final Terminal terminal() {
        return terminal;
    }

    final Location location() {
        return location;
    }

    /// The zones that were named, or null.
    final ZoneRange zones() {
        return zones;
    }

    final boolean isJson() {
        return json;
    }

    final boolean isVerbose() {
        return verbose;
    }

    /// Opens the store, which must exist, to write to it.
    final ZapKv open() {
        return open(context());
    }

    /// Opens the store, which must exist, to read it alone: it stays as it is, byte by byte.
    final ZapKv openToRead() {
        return open(context().readOnly(true));
    }

    private ZapKv open(final Context context) {
        if (location.isDrive()) {
            return opened(context);
        }
        final Path directory = location.path();
        if (!Files.isDirectory(directory)) {
            final String what = Files.exists(directory) ? " is not a directory. " : " does not exist. ";
            throw CommandException.failed(directory + what + HOW_TO_CREATE);
        }
        try {
            return opened(context.createIfMissing(false));
        } catch (final FormatException e) {
            throw CommandException.failed(e.getMessage() + "; " + HOW_TO_CREATE, e);
        }
    }

    /// Opens the store, and makes it first if there is none.
    final ZapKv openOrCreate(final CreateOptions options) {
        if (location.isDrive()) {
            if (options.isGiven()) {
                throw CommandException.usage("--capacity and --zone-size do not go with a drive: see zapkv format.");
            }
            return opened(context());
        }
        final Context context = context().createIfMissing(true);
        options.apply(context);
        final boolean isNew = isMissingOrEmpty();
        final ZapKv store = opened(context);
        if (!isNew && options.isGiven()) {
            terminal.err()
                    .println("zapkv: the store exists already; --capacity and --zone-size count for new stores only");
        }
        return store;
    }

    /// Opens, and shows how far that is where it takes long.
    private ZapKv opened(final Context context) {
        final AtomicReference<RecoveryProgress> latest = new AtomicReference<>();
        try (StatusLine line = new StatusLine(terminal, null);
                Ticker _ = new Ticker(line, () -> openingStatus(latest.get()))) {
            return ZapKv.open(context.recoveryListener(latest::set));
        }
    }

    /// What the status line shows while a store is opened.
    static String openingStatus(final RecoveryProgress progress) {
        if (progress == null) {
            return "opening";
        }
        final String what = switch (progress.phase()) {
            case CHECKPOINT -> "reading the checkpoint";
            case LOG -> "replaying what was written since";
        };
        return "opening: " + what + "  " + Human.bytes(progress.doneBytes()) + " of "
                + Human.bytes(progress.totalBytes());
    }

    private boolean isMissingOrEmpty() {
        if (!Files.isDirectory(location.path())) {
            return true;
        }
        try (Stream<Path> entries = Files.list(location.path())) {
            return entries.findAny().isEmpty();
        } catch (final IOException e) {
            throw CommandException.failed(location + " cannot be read: " + e.getMessage(), e);
        }
    }

    /// The context of one opening.
    final Context context() {
        if (memoryBytes != null && memoryBytes < MIN_MEMORY_BYTES) {
            throw CommandException.usage("--memory " + memoryBytes + " is less than 32m.");
        }
        final Context context = new Context().location(location);
        if (zones != null) {
            if (!location.isDrive()) {
                throw CommandException.usage("--zones names zones of a drive, but " + location + " is a directory.");
            }
            context.zones(zones);
        }
        return memoryBytes == null ? context : context.memoryBytes(memoryBytes);
    }
}
