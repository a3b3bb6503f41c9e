/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

/// An engine did not do what a workload asked of it; nothing measured in that phase counts.
public final class PhaseFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PhaseFailedException(final String message) {
        super(message);
    }

    PhaseFailedException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
