/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// Checkpoints: the index as it was at some block, so that opening replays only what came after.
///
/// {@link dev.zapkv.store.checkpoint.CheckpointWriter} writes them in the background, {@link
/// dev.zapkv.store.checkpoint.CheckpointLoader} reads them at opening. Their format is described in {@link
/// dev.zapkv.store.format.CheckpointPart}, why they suffice in docs/checkpoints.md.
package dev.zapkv.store.checkpoint;
