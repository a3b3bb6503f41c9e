/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.VerifyListener;
import dev.zapkv.VerifyOptions;
import dev.zapkv.VerifyReport;
import dev.zapkv.ZapKv;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Reads everything and says what is damaged.
@Command(
        name = "verify",
        description = {
            "Read the whole store and say what is damaged.",
            "Every block and record up to the write pointers, the index against the log, values in chunks, checkpoints, and the accounts of the zones. The store stays as it is."
        },
        exitCodeList = {
            "0:Nothing is damaged.",
            "2:The command line is wrong.",
            "3:The store could not be opened or read.",
            "4:Damage was found."
        },
        footer = {
            "",
            "Examples:",
            "  zapkv verify /data/store",
            "  zapkv verify /data/store --rate 100m",
            "  zapkv verify /data/store --json"
        })
final class VerifyCommand extends StoreCommand {
    @Option(
            names = "--rate",
            paramLabel = "SIZE",
            converter = SizeConverter.class,
            description = "Read at most so many bytes per second, for example 100m. Default: no limit.")
    private Long rate;

    @Mixin
    private final ProgressOptions progress = new ProgressOptions();

    VerifyCommand(final Terminal terminal) {
        super(terminal);
    }

    @Override
    int run() throws IOException {
        final VerifyReport report;
        try (ZapKv store = openToRead();
                StatusLine line = progress.statusLine(terminal())) {
            report = store.verify(new VerifyOptions(rate == null ? 0 : rate), listener(line));
        }
        if (isJson()) {
            JsonReport.write(terminal().out(), fields -> VerifyText.writeJson(report, fields));
        } else {
            terminal().print(VerifyText.format(location().toString(), report));
        }
        return report.isDamaged() ? ExitCode.DAMAGED : ExitCode.OK;
    }

    private static VerifyListener listener(final StatusLine line) {
        return new VerifyListener() {
            @Override
            public void progress(final String step, final long bytesRead, final long bytesTotal, final long suspects) {
                if (line.isDue()) {
                    line.show(
                            "verify  " + step + "  " + Human.bytes(bytesRead) + " of " + Human.bytes(bytesTotal) + "  "
                                    + Human.percent(bytesRead, bytesTotal) + "  "
                                    + Human.count(suspects, "suspect", "suspects"));
                }
            }
        };
    }
}
