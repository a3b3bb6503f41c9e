/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// Reads a store that nobody changes, and compares everything with everything: {@link
/// dev.zapkv.store.verify.Verifier}.
package dev.zapkv.store.verify;
