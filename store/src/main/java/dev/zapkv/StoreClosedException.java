/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// The store was closed, or another thread is closing it.
public final class StoreClosedException extends ZapKvException {
    private static final long serialVersionUID = 1L;

    /// What went wrong and what to do.
    public StoreClosedException(final String message) {
        super(message);
    }

    /// What went wrong and what to do, and why.
    public StoreClosedException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
