/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
/// The system calls in use and the names of their errors. Knows nothing of rings, zones or files.
///
/// Stateless; every method may be called from any thread. Read {@link dev.zapkv.io.linux.Libc} first: it is
/// the only class of the project that makes FFM downcalls.
package dev.zapkv.io.linux;
