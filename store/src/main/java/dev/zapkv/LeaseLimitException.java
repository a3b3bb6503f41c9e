/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// Open leases hold as much memory as they may: put or close some, then try again.
public final class LeaseLimitException extends ZapKvException {
    private static final long serialVersionUID = 1L;

    /// @param message says what is leased, and how much may be
    public LeaseLimitException(final String message) {
        super(message);
    }
}
