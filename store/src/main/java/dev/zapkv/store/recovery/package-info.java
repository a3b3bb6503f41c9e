/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// Rebuilds the index from the log: {@link dev.zapkv.store.recovery.Replay} decides what counts, {@link
/// dev.zapkv.store.recovery.ZoneScan} finds the blocks, {@link dev.zapkv.store.recovery.StagingReplay} finds what a
/// killed process left in staging. Runs once, on the thread that opens the store.
package dev.zapkv.store.recovery;
