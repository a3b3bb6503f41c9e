/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

/// A line that is not what its format wants.
final class MalformedEntryException extends Exception {
    private static final long serialVersionUID = 1L;

    private final long line;

    MalformedEntryException(final long line, final String reason) {
        super(reason);
        this.line = line;
    }

    MalformedEntryException(final long line, final String reason, final Throwable cause) {
        super(reason, cause);
        this.line = line;
    }

    /// Counted from 1.
    long line() {
        return line;
    }
}
