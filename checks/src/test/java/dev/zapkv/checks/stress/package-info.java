/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// The pieces that run without locks, under jcstress: two threads at a time, millions of times, under all the
/// compilation modes it knows. `zapkv stress` runs them.
package dev.zapkv.checks.stress;
