/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// On-device and staging formats: blocks, records, the metadata image. Pure functions over memory; depends on
/// nothing else of the store. All integers are little-endian. Validation returns a reason or a flag and never throws
/// on bytes.
///
/// Read {@link dev.zapkv.store.format.RecordFormat} and {@link dev.zapkv.store.format.BlockFormat} first; the tables
/// are repeated in {@code docs/formats.md}.
package dev.zapkv.store.format;
