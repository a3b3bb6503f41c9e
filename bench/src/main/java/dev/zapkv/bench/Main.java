/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench;

import dev.zapkv.bench.jmh.JmhCommand;
import dev.zapkv.bench.recovery.CheckpointCommand;
import dev.zapkv.bench.recovery.RecoveryChild;
import dev.zapkv.bench.recovery.RecoveryCommand;
import dev.zapkv.bench.ycsb.ChildCommand;
import dev.zapkv.bench.ycsb.YcsbCommand;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// {@code zapkv bench}: benchmarks of ZapKV and its peers.
@Command(
        name = "zapkv bench",
        description = "Benchmarks of ZapKV and its peers.",
        subcommands = {
            YcsbCommand.class,
            RecoveryCommand.class,
            CheckpointCommand.class,
            JmhCommand.class,
            ChildCommand.class,
            RecoveryChild.class
        })
public final class Main implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    /// For the command line parser.
    public Main() {}

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "name a benchmark: ycsb, recovery, checkpoint or jmh; --help says more");
    }

    /// Runs and ends the process with 0, with 1 if the benchmark failed, or with 2 if it was called wrongly.
    public static void main(final String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /// The command line parser; a mistake of the caller and a failure are one line each.
    static CommandLine commandLine() {
        final CommandLine root = new CommandLine(new Main());
        addHelp(root);
        addHelp(root.getSubcommands().get("ycsb"));
        addHelp(root.getSubcommands().get("recovery"));
        addHelp(root.getSubcommands().get("checkpoint"));
        return root.setParameterExceptionHandler(
                        (e, arguments) -> complain(e.getCommandLine(), e.getMessage(), CommandLine.ExitCode.USAGE))
                .setExecutionExceptionHandler((e, commandLine, result) ->
                        complain(commandLine, e.getMessage(), CommandLine.ExitCode.SOFTWARE));
    }

    private static void addHelp(final CommandLine command) {
        command.getCommandSpec()
                .addOption(OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .description("Show this help.")
                        .build());
    }

    private static int complain(final CommandLine commandLine, final String message, final int exitCode) {
        final PrintWriter error = commandLine.getErr();
        error.println(commandLine.getCommandSpec().qualifiedName() + ": " + message);
        error.flush();
        return exitCode;
    }
}
