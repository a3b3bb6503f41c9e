/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.IOException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/// The `zapkv` command: looks into a store that no process has open, and moves entries in and out of it.
///
/// | exit code | meaning |
/// |---|---|
/// | 0 | done |
/// | 1 | a key asked for is absent |
/// | 2 | the command line is wrong |
/// | 3 | the store or a file could not be opened, read or written, or has bad content |
/// | 4 | verify found damage |
public final class Main {
    private Main() {}

    /// Runs one command and exits.
    public static void main(final String[] arguments) {
        final Terminal terminal = Terminal.system();
        final int exitCode = run(arguments, terminal);
        System.exit(exitCode);
    }

    private static int run(final String[] arguments, final Terminal terminal) {
        try {
            return execute(terminal, Arguments.exact(arguments));
        } catch (final CommandException e) {
            return Failure.report(terminal, e, false);
        }
    }

    /// Runs one command against the given streams.
    static int execute(final Terminal terminal, final String... arguments) {
        final CommandLine root = RootCommand.commandLine(terminal);
        final PrintWriter out = new PrintWriter(terminal.out(), false, terminal.charset());
        root.setOut(out);
        root.setErr(new PrintWriter(terminal.err(), true, terminal.err().charset()));
        root.setColorScheme(CommandLine.Help.defaultColorScheme(
                terminal.outIsTerminal() && !terminal.noColor() ? Ansi.ON : Ansi.OFF));
        root.setParameterExceptionHandler((e, rejected) -> Failure.reportUsage(terminal, e));
        root.setExecutionExceptionHandler((e, command, parsed) -> Failure.report(terminal, e, isVerbose(command)));
        final int exitCode = root.execute(arguments);
        out.flush();
        return flush(terminal, exitCode);
    }

    private static boolean isVerbose(final CommandLine command) {
        return command.getCommand() instanceof final StoreCommand store && store.isVerbose();
    }

    /// What was printed before a failure is still of use; that it could not be printed is a failure too.
    private static int flush(final Terminal terminal, final int exitCode) {
        try {
            terminal.out().flush();
            return exitCode;
        } catch (final IOException e) {
            return exitCode == ExitCode.OK ? Failure.report(terminal, e, false) : exitCode;
        }
    }
}
