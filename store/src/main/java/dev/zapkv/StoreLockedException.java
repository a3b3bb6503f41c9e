/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// Another process (or another instance in this one) has the store open.
public final class StoreLockedException extends ZapKvException {
    private static final long serialVersionUID = 1L;

    /// What went wrong and what to do.
    public StoreLockedException(final String message) {
        super(message);
    }

    /// What went wrong and what to do, and why.
    public StoreLockedException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
