/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// The benchmark launcher. Read {@link dev.zapkv.bench.Main}, then {@code dev.zapkv.bench.ycsb.YcsbCommand}.
package dev.zapkv.bench;
