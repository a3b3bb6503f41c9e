/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// Stored bytes are not what was written: a checksum, a key or a bound does not hold. Nothing was returned or
/// changed.
public final class CorruptionException extends ZapKvException {
    private static final long serialVersionUID = 1L;

    /// What went wrong and what to do.
    public CorruptionException(final String message) {
        super(message);
    }

    /// What went wrong and what to do, and why.
    public CorruptionException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
