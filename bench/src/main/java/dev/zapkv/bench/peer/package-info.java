/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// The stores under measurement behind one small interface, {@link dev.zapkv.bench.peer.KvEngine}. An engine is
/// opened by {@link dev.zapkv.bench.peer.EngineKind} with the settings a production user would choose; it measures
/// nothing itself. Engines are used by several threads at once.
package dev.zapkv.bench.peer;
