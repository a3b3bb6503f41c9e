/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.ZapKv;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Puts the entries of files into a store.
@Command(
        name = "load",
        description = {
            "Put the entries of files into the store.",
            "A store is made if there is none.",
            "Reads JSON lines, {\"key\":\"...\",\"value\":\"...\"} with key64 and value64 for bytes in Base64, and Debian control"
                    + " files (key: the package, value: its paragraph); either may be compressed with gzip.",
            "Of several entries with one key the last wins. A bad line stops the load; what was before it stays loaded."
        },
        footer = {
            "",
            "Examples:",
            "  zapkv load /data/store entries.jsonl",
            "  zapkv load /data/store /var/lib/dpkg/status",
            "  zapkv load /data/store --capacity 4g --zone-size 64m *_Packages.gz",
            "  /usr/lib/apt/apt-helper cat-file /var/lib/apt/lists/*_Packages.lz4 | zapkv load /data/store -"
        })
final class LoadCommand extends StoreCommand {
    @Parameters(index = "1..*", arity = "1..*", paramLabel = "FILE", description = "Files, or - for standard input.")
    private List<String> files;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            converter = InputFormat.Converter.class,
            description = "json-lines or debian-control. Default: told from the content.")
    private InputFormat format;

    @Mixin
    private final DurabilityOption durability = new DurabilityOption();

    @Mixin
    private final CreateOptions create = new CreateOptions();

    @Mixin
    private final ProgressOptions progress = new ProgressOptions();

    LoadCommand(final Terminal terminal) {
        super(terminal);
    }

    @Override
    int run() throws IOException {
        if (Collections.frequency(files, EntryFile.STANDARD_INPUT) > 1) {
            throw CommandException.usage("Standard input can be loaded once only.");
        }
        // All files are opened first: a missing one stops the load before anything is changed.
        try (EntryFiles opened = EntryFiles.open(files, terminal().in(), format);
                ZapKv store = openOrCreate(create)) {
            load(store, opened);
        }
        return ExitCode.OK;
    }

    private void load(final ZapKv store, final EntryFiles opened) throws IOException {
        final long keysBefore = store.count();
        final EntryProgress entryProgress;
        final Loader loader;
        try (StatusLine line = progress.statusLine(terminal())) {
            entryProgress = new EntryProgress(line, "load", terminal().nanoClock());
            loader = new Loader(store, durability.level(), entryProgress);
            loader.load(opened);
        }
        report(loader, entryProgress.elapsedNs(), keysBefore, store.count());
    }

    private void report(final Loader loader, final long elapsedNs, final long keysBefore, final long keysAfter)
            throws IOException {
        final long newKeys = keysAfter - keysBefore;
        final long replaced = loader.entries() - newKeys;
        if (isJson()) {
            JsonReport.write(terminal().out(), fields -> {
                fields.writeNumberField("files", files.size());
                fields.writeNumberField("entries", loader.entries());
                fields.writeNumberField("bytes", loader.bytes());
                fields.writeNumberField("new_keys", newKeys);
                fields.writeNumberField("replaced", replaced);
                fields.writeNumberField("repeated_packages", loader.repeatedPackages());
                fields.writeNumberField("keys", keysAfter);
                fields.writeNumberField("duration_ns", elapsedNs);
            });
            return;
        }
        terminal()
                .println(Human.count(loader.entries(), "entry", "entries") + " loaded ("
                        + Human.bytes(loader.bytes()) + ") in " + Human.seconds(elapsedNs) + ": " + Human.count(newKeys)
                        + " new, "
                        + Human.count(replaced) + " replaced; " + Human.count(keysAfter, "key", "keys")
                        + " in the store");
        if (loader.repeatedPackages() > 0) {
            terminal()
                    .println(Human.count(loader.repeatedPackages(), "paragraph", "paragraphs")
                            + " had a package named before (another version or architecture); the last one was kept");
        }
    }
}
