/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// The store put together: {@link dev.zapkv.store.engine.OpenStore} owns everything, {@link
/// dev.zapkv.store.engine.IoAgent} drives it.
package dev.zapkv.store.engine;
