/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// Hears how {@link ZapKv#verify} gets on, on the thread that called it.
public interface VerifyListener {
    /// Hears nothing.
    VerifyListener SILENT = new VerifyListener() {};

    /// Called now and then, at least once per zone.
    ///
    /// @param step       what is being checked: {@code blocks}, {@code index}, {@code checkpoints}
    /// @param bytesRead  from the device so far
    /// @param bytesTotal to be read; 0 if it is not known
    /// @param suspects   places so far at which something may be wrong
    default void progress(final String step, final long bytesRead, final long bytesTotal, final long suspects) {}

    /// Called for each finding, as soon as it is known what it means.
    default void found(final Finding finding) {}
}
