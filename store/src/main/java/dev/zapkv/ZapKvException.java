/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// Base of all failures of a store. Unchecked; the message says what happened, to which object, and what to do.
public class ZapKvException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// What went wrong and what to do.
    public ZapKvException(final String message) {
        super(message);
    }

    /// What went wrong and what to do, and why.
    public ZapKvException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
