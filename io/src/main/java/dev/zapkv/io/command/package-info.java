/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
/// What every backend shares that works with positional reads and writes: how commands get to the kernel and
/// how they get back. Not exported.
///
/// | class | job |
/// |---|---|
/// | {@link dev.zapkv.io.command.IoEngine} | the way to the kernel: {@code RingEngine} (io_uring) or {@code
/// ThreadEngine} |
/// | {@link dev.zapkv.io.command.Commands} | a command from acceptance to its two-stage report; subclasses say where
/// an append goes |
/// | {@link dev.zapkv.io.command.CommandDevice} | the {@link dev.zapkv.io.ZoneDevice} over both |
/// | {@link dev.zapkv.io.command.FlushRounds} | flushes that share their syncs |
///
/// *Threads.* One caller at a time, except for wake-ups, counters and {@code Descriptor}.
package dev.zapkv.io.command;
