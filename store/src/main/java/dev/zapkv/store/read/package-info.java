/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// From an index entry to a verified value: {@link dev.zapkv.store.read.RecordReader}. Any thread; no locks.
package dev.zapkv.store.read;
