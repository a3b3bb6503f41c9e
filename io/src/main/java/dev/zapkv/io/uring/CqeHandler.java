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
}
