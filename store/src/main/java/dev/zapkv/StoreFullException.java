/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// No room: the store's capacity, its file system or its index memory is used up. Reads and deletes go on; nothing
/// is lost.
public final class StoreFullException extends ZapKvException {
    private static final long serialVersionUID = 1L;

    /// What went wrong and what to do.
    public StoreFullException(final String message) {
        super(message);
    }

    /// What went wrong and what to do, and why.
    public StoreFullException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
