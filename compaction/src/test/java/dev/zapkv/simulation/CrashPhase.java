/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

/// What a store was doing when it crashed. A crash may fall into several.
enum CrashPhase {
    /// Between two operations.
    REST,
    /// Any operation on the open store.
    OPERATION,
    /// A relocation: a read or an append of garbage collection, or its completion.
    COLLECTION,
    /// An append of a part of a checkpoint, or its completion.
    CHECKPOINT,
    /// A zone is being emptied.
    RESET,
    /// A device flush, or its completion.
    FLUSH,
    /// A store is being made.
    FORMAT,
    /// A store is being opened.
    RECOVERY,
    /// A store is being closed.
    CLOSE
}
