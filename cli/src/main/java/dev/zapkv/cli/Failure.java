/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.ZapKvException;
import dev.zapkv.io.DeviceException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine.ParameterException;

/// Turns what went wrong into one line on standard error and an exit code.
final class Failure {
    private Failure() {}

    /// A command that was understood and failed.
    static int report(final Terminal terminal, final Exception failure, final boolean verbose) {
        final Exception known =
                failure instanceof final UncheckedIOException unchecked ? unchecked.getCause() : failure;
        terminal.err().println("zapkv: " + describe(known));
        if (verbose) {
            failure.printStackTrace(terminal.err());
        }
        terminal.err().flush();
        return exitCode(known);
    }

    /// A command line that was not understood.
    static int reportUsage(final Terminal terminal, final ParameterException failure) {
        final String name = failure.getCommandLine().getCommandSpec().qualifiedName();
        terminal.err().println(name + ": " + failure.getMessage());
        terminal.err().println("See " + name + " --help.");
        terminal.err().flush();
        return ExitCode.USAGE;
    }

    private static int exitCode(final Exception failure) {
        return switch (failure) {
            case final CommandException command -> command.exitCode();
            // the store's word for a key, value or setting that cannot be
            case final IllegalArgumentException _ -> ExitCode.USAGE;
            default -> ExitCode.FAILED;
        };
    }

    private static String describe(final Exception failure) {
        return switch (failure) {
            case final NoSuchFileException file -> file.getFile() + ": no such file or directory";
            case final AccessDeniedException file -> file.getFile() + ": permission denied";
            case final FileSystemException file -> file.getMessage();
            case final IOException io -> "input or output failed: " + io.getMessage();
            case final CommandException command -> command.getMessage();
            case final ZapKvException store -> store.getMessage();
            case final DeviceException device -> device.getMessage();
            case final IllegalArgumentException argument -> argument.getMessage();
            default -> "unexpected " + failure + "; --verbose shows where. Nothing more was done.";
        };
    }
}
