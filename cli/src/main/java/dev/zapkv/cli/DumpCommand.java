/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.ZapKv;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Writes all entries as JSON lines.
@Command(
        name = "dump",
        description = {
            "Write all entries as JSON lines.",
            "zapkv load reads them back as the same bytes. A file is written under a temporary name beside it and renamed when it is whole. The summary goes to standard error"
                    + " if the entries go to standard output."
        },
        footer = {
            "",
            "Examples:",
            "  zapkv dump /data/store entries.jsonl",
            "  zapkv dump /data/store --sorted | gzip > entries.jsonl.gz",
            "  zapkv dump /data/store - | zapkv load /data/copy -"
        })
final class DumpCommand extends StoreCommand {
    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "FILE",
            defaultValue = EntryFile.STANDARD_INPUT,
            description = "The file to write; - or nothing for standard output.")
    private String file;

    @Option(
            names = "--sorted",
            description = "In the order of the key bytes; needs memory for all keys. Default: in no particular order.")
    private boolean sorted;

    @Option(names = "--force", description = "Replace the file if it exists.")
    private boolean force;

    @Mixin
    private final ProgressOptions progress = new ProgressOptions();

    DumpCommand(final Terminal terminal) {
        super(terminal);
    }

    @Override
    int run() throws IOException {
        try (ZapKv store = openToRead()) {
            if (file.equals(EntryFile.STANDARD_INPUT)) {
                dump(store, terminal().out(), terminal().err());
            } else {
                try (OutputFile output = OutputFile.create(Path.of(file), force)) {
                    dump(store, output.stream(), null);
                    output.commit();
                }
            }
        }
        return ExitCode.OK;
    }

    private void dump(final ZapKv store, final OutputStream out, final OutputStream reportTo) throws IOException {
        final EntryProgress entryProgress;
        final Dumper dumper;
        try (StatusLine line = progress.statusLine(terminal())) {
            entryProgress = new EntryProgress(line, "dump", terminal().nanoClock());
            dumper = new Dumper(store, entryProgress);
            dumper.dump(out, sorted);
        }
        report(dumper, entryProgress.elapsedNs(), reportTo == null ? terminal().out() : reportTo);
    }

    private void report(final Dumper dumper, final long elapsedNs, final OutputStream target) throws IOException {
        if (isJson()) {
            JsonReport.write(target, fields -> {
                fields.writeNumberField("entries", dumper.entries());
                fields.writeNumberField("bytes", dumper.bytes());
                fields.writeStringField("file", file);
                fields.writeNumberField("duration_ns", elapsedNs);
            });
            return;
        }
        final String summary = Human.count(dumper.entries(), "entry", "entries") + " dumped ("
                + Human.bytes(dumper.bytes()) + ") in " + Human.seconds(elapsedNs) + '\n';
        target.write(summary.getBytes(StandardCharsets.US_ASCII));
    }
}
