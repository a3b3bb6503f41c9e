/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

/// What the process returns. Scripts rely on these numbers; they are part of the documentation.
final class ExitCode {
    /// Done.
    static final int OK = 0;
    /// A key asked for is absent.
    static final int NOT_FOUND = 1;
    /// The command line is wrong.
    static final int USAGE = 2;
    /// The store, or a file, could not be opened, read or written, or has bad content.
    static final int FAILED = 3;
    /// The store is damaged: {@code verify} found so.
    static final int DAMAGED = 4;

    private ExitCode() {}
}
