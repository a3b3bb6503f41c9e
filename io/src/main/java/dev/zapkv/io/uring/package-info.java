/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
/// A small, complete io_uring binding without a native library: set-up, probe, submission, completion,
/// overflow, registered buffers and files, tear-down. Knows nothing of zones.
///
/// *Threads.* A ring needs external synchronisation: one caller at a time, not necessarily the same platform
/// thread, unless it was set up with {@link dev.zapkv.io.uring.RingParams#SETUP_SINGLE_ISSUER}. The kernel is
/// the other party; each access to a word it shares says what is published to whom.
///
/// *Threads that end.* The kernel binds a command to the thread that submitted it. When that thread ends
/// before the command was started, the command completes with {@code -ECANCELED}: submit it again.
///
/// Read {@link dev.zapkv.io.uring.Ring} first, then {@link dev.zapkv.io.uring.SubmissionQueue} and {@link
/// dev.zapkv.io.uring.CompletionQueue}; {@link dev.zapkv.io.uring.SqeFlyweight} and {@link
/// dev.zapkv.io.uring.RingParams} hold the kernel's layouts.
package dev.zapkv.io.uring;
