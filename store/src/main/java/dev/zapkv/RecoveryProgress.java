/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// How far an opening is.
///
/// @param phase      what is under way
/// @param doneBytes  read in this phase
/// @param totalBytes to be read in this phase; an upper bound while it is not known exactly
public record RecoveryProgress(Phase phase, long doneBytes, long totalBytes) {
    /// What an opening does, in this order.
    public enum Phase {
        /// The newest checkpoint of the index is read.
        CHECKPOINT,
        /// What was appended since is read and applied.
        LOG
    }
}
