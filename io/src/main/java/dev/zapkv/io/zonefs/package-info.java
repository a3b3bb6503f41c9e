/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
/// The sequential files of a mounted zonefs, a zone each.
///
/// *Threads.* As {@link dev.zapkv.io.ZoneDevice}; no threads of its own but those of the engine.
///
/// Read {@link dev.zapkv.io.zonefs.ZonefsZoneDevice} first, then {@code ZonefsFiles} and the package {@code
/// sequential}.
package dev.zapkv.io.zonefs;
