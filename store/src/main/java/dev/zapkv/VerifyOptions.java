/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// How {@link ZapKv#verify} goes about it.
///
/// @param bytesPerSecond most that is read from the device per second; 0: no limit
public record VerifyOptions(long bytesPerSecond) {
    /// As fast as the device is.
    public static final VerifyOptions DEFAULT = new VerifyOptions(0);

    /// Checks the range.
    public VerifyOptions {
        if (bytesPerSecond < 0) {
            throw new IllegalArgumentException("bytesPerSecond=" + bytesPerSecond + " is negative");
        }
    }
}
