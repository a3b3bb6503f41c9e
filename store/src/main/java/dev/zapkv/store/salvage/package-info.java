/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// Finds what a store holds without its metadata. Three readings of all zones: {@link
/// dev.zapkv.store.salvage.Survey} learns whose blocks lie there and which of them are left-overs, {@link
/// dev.zapkv.store.salvage.NewestRecords} finds the newest record of each key, {@link
/// dev.zapkv.store.salvage.Extraction} hands out their values. Nothing is ever written to the source.
package dev.zapkv.store.salvage;
