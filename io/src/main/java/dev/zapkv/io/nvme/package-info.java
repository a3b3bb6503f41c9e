/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
/// Zoned NVMe drives through the driver's passthrough: native Zone Append, many in flight on a zone.
///
/// A device belongs to one caller at a time; synchronous reads come from any thread. Read {@link
/// dev.zapkv.io.nvme.NvmeZoneDevice} first, then {@code NvmeCommands} (a command's life), {@code NvmeStatus} (what the
/// drive may answer) and {@code DriveProbe} (what is refused).
package dev.zapkv.io.nvme;
