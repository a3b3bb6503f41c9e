/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// Stored bytes are not what was written (a checksum, a key or a bound does not hold), or the device cannot read them
/// (then the cause is its failure). Nothing was returned or changed. The store goes on.
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
