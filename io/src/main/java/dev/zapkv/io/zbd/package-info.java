/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
/// Zoned block devices: ZNS drives through the block layer, SMR disks, null_blk. Zones are reported and managed by
/// ioctl, appends are direct writes at the write pointer.
///
/// *Threads.* As {@link dev.zapkv.io.ZoneDevice}; no threads of its own but those of the engine.
///
/// Read {@link dev.zapkv.io.zbd.ZbdZoneDevice} first, then {@code ZoneSurvey} (what a drive may say) and the package
/// {@code sequential}.
package dev.zapkv.io.zbd;
