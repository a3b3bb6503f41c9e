/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.uring;

/// Receives completions.
@FunctionalInterface
public interface CqeHandler {
    /// One command completed. May prepare further entries; must not reap.
    ///
    /// @param userData as given with the submission
    /// @param result   result, or {@code -errno}
    /// @param flags    flags of the completion
    void onCompletion(long userData, int result, int flags);

    /// As {@link #onCompletion(long, int, int)}, which it calls unless overridden, with the second result of a ring
    /// that has big completion entries.
    ///
    /// @param extra second result; 0 on a ring with ordinary entries
    default void onCompletion(final long userData, final int result, final int flags, final long extra) {
        onCompletion(userData, result, flags);
    }
}
