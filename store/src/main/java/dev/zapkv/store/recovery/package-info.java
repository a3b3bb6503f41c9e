/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// Rebuilds the index from the log: {@link dev.zapkv.store.recovery.Replay} decides what counts, {@code ZoneScan} finds
/// the blocks, {@code BlockReader} takes the records out of them, {@code ShardReplay} applies these to the index;
/// {@link
/// dev.zapkv.store.recovery.StagingReplay} finds what a killed process left in staging. Runs once, on the thread that
/// opens the store and its helpers.
package dev.zapkv.store.recovery;
