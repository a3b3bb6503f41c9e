/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// The store no longer takes writes because its device failed; the cause is kept. Reads go on where they can.
public final class StoreFailedException extends ZapKvException {
    private static final long serialVersionUID = 1L;

    /// What went wrong and what to do.
    public StoreFailedException(final String message) {
        super(message);
    }

    /// What went wrong and what to do, and why.
    public StoreFailedException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
