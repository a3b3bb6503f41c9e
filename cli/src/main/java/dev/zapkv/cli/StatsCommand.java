/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.StoreStats;
import dev.zapkv.ZapKv;
import java.io.IOException;
import picocli.CommandLine.Command;

/// Prints the figures of a store.
@Command(
        name = "stats",
        description = {
            "Print the figures of the store.",
            "Data, memory, and what opening the store found. Counters start at opening."
        },
        footer = {"", "Examples:", "  zapkv stats /data/store", "  zapkv stats /data/store --json"})
final class StatsCommand extends StoreCommand {
    StatsCommand(final Terminal terminal) {
        super(terminal);
    }

    @Override
    int run() throws IOException {
        final StoreStats stats;
        try (ZapKv store = openToRead()) {
            stats = store.stats();
        }
        if (isJson()) {
            JsonReport.write(terminal().out(), fields -> StatsReport.writeJson(stats, fields));
        } else {
            terminal().print(StatsReport.format(location().toString(), stats));
        }
        return ExitCode.OK;
    }
}
