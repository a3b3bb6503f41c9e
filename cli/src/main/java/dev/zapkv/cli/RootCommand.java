/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `zapkv` without a command: says what there is.
@Command(
        name = "zapkv",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        usageHelpWidth = 100,
        synopsisSubcommandLabel = "COMMAND",
        description = "Look into a ZapKV store that no process has open, and move entries in and out of it.",
        footer = {
            "",
            "Also: zapkv bench ycsb compares the engine with RocksDB; see zapkv bench --help.",
            "",
            "Examples:",
            "  zapkv load /data/store /var/lib/dpkg/status",
            "  zapkv get /data/store bash",
            "  zapkv zones /data/store",
            "  zapkv load --help",
            "",
            "Options of a command come after its name. Exit codes: 0 done, 1 key absent, 2 wrong command line,",
            "3 the store or a file could not be opened, read or written, or has bad content, 4 verify found damage."
        })
final class RootCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    private RootCommand() {}

    /// The whole command line.
    static CommandLine commandLine(final Terminal terminal) {
        final CommandLine root = new CommandLine(new RootCommand());
        root.addSubcommand(new PutCommand(terminal))
                .addSubcommand(new GetCommand(terminal))
                .addSubcommand(new DeleteCommand(terminal))
                .addSubcommand(new CountCommand(terminal))
                .addSubcommand(new LoadCommand(terminal))
                .addSubcommand(new DumpCommand(terminal))
                .addSubcommand(new StatsCommand(terminal))
                .addSubcommand(new ZonesCommand(terminal))
                .addSubcommand(new GcCommand(terminal))
                .addSubcommand(new VerifyCommand(terminal))
                .addSubcommand(new SalvageCommand(terminal))
                .addSubcommand(new FormatCommand(terminal))
                .addSubcommand(new DevicesCommand(terminal));
        // A key such as @name is a key, not a file of arguments.
        return root.setExpandAtFiles(false).setCaseInsensitiveEnumValuesAllowed(true);
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "A command is missing.");
    }
}
