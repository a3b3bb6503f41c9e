/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.peer;

/// An engine failed; the cause is the library's own exception.
public final class EngineException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// What was being done, and why it failed.
    public EngineException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
