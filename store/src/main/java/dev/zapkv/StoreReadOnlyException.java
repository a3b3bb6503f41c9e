/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// Something was asked of a store that was opened read-only which would write to it, see
/// {@link Context#readOnly}.
/// Nothing was changed.
public final class StoreReadOnlyException extends ZapKvException {
    private static final long serialVersionUID = 1L;

    /// What was asked and what to do.
    public StoreReadOnlyException(final String message) {
        super(message);
    }
}
