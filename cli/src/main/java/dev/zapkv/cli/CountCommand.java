/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.ZapKv;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Prints how many keys there are.
@Command(
        name = "count",
        description = "Print the number of keys.",
        footer = {"", "Examples:", "  zapkv count /data/store", "  zapkv count /data/store --json"})
final class CountCommand extends StoreCommand {
    @Mixin
    private final ProgressOptions progress = new ProgressOptions();

    CountCommand(final Terminal terminal) {
        super(terminal);
    }

    @Override
    int run() throws IOException {
        final long count = count();
        if (isJson()) {
            JsonReport.write(terminal().out(), fields -> fields.writeNumberField("count", count));
        } else {
            terminal().println(Long.toString(count));
        }
        return ExitCode.OK;
    }

    private long count() {
        final long startNs = terminal().nanoClock().getAsLong();
        try (StatusLine line = progress.statusLine(terminal());
                Ticker _ = new Ticker(
                        line,
                        () -> "count  " + Human.clock(terminal().nanoClock().getAsLong() - startNs));
                ZapKv store = openToRead()) {
            return store.count();
        }
    }
}
