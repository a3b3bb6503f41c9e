/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// Checks that what concurrent callers of a running store observe could have come from one after the other. Single
/// operations are checked by Lincheck, batches and reads of several keys by recorded histories.
package dev.zapkv.checks.linearizability;
