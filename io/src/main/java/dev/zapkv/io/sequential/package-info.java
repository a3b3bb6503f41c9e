/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
/// What backends share whose zones take writes only at the write pointer, by plain writes: zoned block devices and
/// zonefs. Not exported.
///
/// {@link dev.zapkv.io.sequential.SequentialCommands} gives an append its place when it leaves the zone's queue,
/// and finds out after a failure where the zone really stands. {@link dev.zapkv.io.sequential.SequentialMedia} is
/// what the two backends do differently.
///
/// *Threads.* One caller at a time; synchronous reads may run on any thread at any time.
package dev.zapkv.io.sequential;
