/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
/// The default backend: zones as the files of an ordinary directory, written by emulated zone append with
/// O_DIRECT. Takes no lock of its own; whoever opens a directory makes sure to be alone.
///
/// *Threads.* One caller at a time for everything but synchronous reads and wake-ups. With io_uring there is
/// no thread of ours; the fall-back has a small pool that does the positional reads and writes and nothing
/// else.
///
/// Read {@link dev.zapkv.io.file.FileZoneDevice} first, then {@code ZoneFiles} (what lies in the directory),
/// and the package {@code command}: {@code IoEngine} (how commands get to the kernel) and {@code FlushRounds}.
package dev.zapkv.io.file;
