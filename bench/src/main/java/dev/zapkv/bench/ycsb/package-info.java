/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// Drives YCSB's own {@code CoreWorkload} against a {@link dev.zapkv.bench.peer.KvEngine}. The parent process
/// ({@link dev.zapkv.bench.ycsb.YcsbCommand}) starts one child JVM per engine and repetition ({@link
/// dev.zapkv.bench.ycsb.ChildCommand}); the child runs the phases ({@code EngineRun}, {@code Phase}) and reports
/// JSON lines; the parent takes medians and prints.
package dev.zapkv.bench.ycsb;
