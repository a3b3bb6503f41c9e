/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

/// A command stops with one clear line for the user and an exit code.
final class CommandException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    private CommandException(final int exitCode, final String message, final Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
    }

    /// The command line asks for something that cannot be.
    static CommandException usage(final String message) {
        return new CommandException(ExitCode.USAGE, message, null);
    }

    /// The store or a file does not allow it.
    static CommandException failed(final String message) {
        return new CommandException(ExitCode.FAILED, message, null);
    }

    /// The store or a file does not allow it, and why.
    static CommandException failed(final String message, final Throwable cause) {
        return new CommandException(ExitCode.FAILED, message, cause);
    }

    int exitCode() {
        return exitCode;
    }
}
