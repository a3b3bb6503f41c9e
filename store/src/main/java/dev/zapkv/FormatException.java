/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// The directory or device holds no store, one of another format version, or one of another geometry.
public final class FormatException extends ZapKvException {
    private static final long serialVersionUID = 1L;

    /// What went wrong and what to do.
    public FormatException(final String message) {
        super(message);
    }

    /// What went wrong and what to do, and why.
    public FormatException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
