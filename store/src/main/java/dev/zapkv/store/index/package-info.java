/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// The point index: from a key's hash to where its newest record lies, off-heap, without the key.
///
/// {@link dev.zapkv.store.index.KeyHash} turns a key into 128 bits, {@link dev.zapkv.store.index.IndexEntry} says what
/// the 64 bits of an entry mean, {@link dev.zapkv.store.index.PointIndex} maps the one to the other. Nothing here reads
/// a record: that an entry belongs to the key at hand is for the reader of the record to verify.
package dev.zapkv.store.index;
