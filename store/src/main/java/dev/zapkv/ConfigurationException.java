/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// A setting or the environment (JVM flags, permissions, shared memory) does not allow what was asked.
public final class ConfigurationException extends ZapKvException {
    private static final long serialVersionUID = 1L;

    /// What went wrong and what to do.
    public ConfigurationException(final String message) {
        super(message);
    }

    /// What went wrong and what to do, and why.
    public ConfigurationException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
