/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

/// A key as the index knows it.
record IndexKey(int shard, long fingerprint) {}
