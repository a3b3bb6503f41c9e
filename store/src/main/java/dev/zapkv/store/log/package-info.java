/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// The write path: records are claimed and filled in staging ({@link dev.zapkv.store.log.StagingLog}), sealed into
/// blocks, and appended and applied by the I/O agent ({@link dev.zapkv.store.log.AppendAgent}).
///
/// Threads: {@code StagingLog.claim} and {@code commit} are called by any number of writers, all else by whoever
/// drives the agent, one thread at a time.
package dev.zapkv.store.log;
