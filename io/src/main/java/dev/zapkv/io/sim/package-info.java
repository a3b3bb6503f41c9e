/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
/// A zoned device in memory for tests and simulation: seeded, without threads and without a clock. The same
/// seed and the same calls give the same completions.
///
/// | fault | where |
/// |---|---|
/// | completions late and in any order | {@link dev.zapkv.io.sim.SimZoneDevice} |
/// | append addresses in another order than the commands | {@link dev.zapkv.io.sim.SimZoneDevice} |
/// | appends that fail, leaving nothing, a hole, or their data | {@link dev.zapkv.io.sim.SimZoneDevice} |
/// | appends and flushes that fail on demand | {@link dev.zapkv.io.sim.SimZoneDevice} |
/// | zones that become full early, read-only or offline; bits that flip; reads that fail | {@link
/// dev.zapkv.io.sim.SimMedia} |
/// | a process that dies, a power cut that loses or tears what was not flushed | {@link
/// dev.zapkv.io.sim.SimMedia#crash} |
///
/// *Threads.* As {@link dev.zapkv.io.ZoneDevice} says: synchronous reads from any thread, everything else one
/// caller at a time.
///
/// Read {@link dev.zapkv.io.sim.SimMedia} (what survives) first, then {@link dev.zapkv.io.sim.SimZoneDevice}
/// (what does not).
package dev.zapkv.io.sim;
