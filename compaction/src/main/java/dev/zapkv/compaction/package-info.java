/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// Garbage collection: {@link dev.zapkv.compaction.GcAgent} decides when, {@link dev.zapkv.compaction.VictimPolicy}
/// decides which zone, {@link dev.zapkv.compaction.ZoneCollection} moves what is live out of it and has it emptied.
/// All of it runs on the store's I/O agent, in bounded steps between the appends of writers.
package dev.zapkv.compaction;
