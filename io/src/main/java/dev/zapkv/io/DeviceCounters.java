/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

/// What went through a device since it was opened.
///
/// @param appends              appends that succeeded
/// @param appendedBytes        their bytes
/// @param bytesInPlace         of these, bytes the drive took from the caller's memory itself
/// @param bytesCopied          of these, bytes that went through a copy: a bounce buffer, the page cache
/// @param reorderedCompletions appends that completed with a lower address than one completed before in their zone
/// @param maxInFlightPerZone   most appends that were in flight on one zone at a time
public record DeviceCounters(
        long appends,
        long appendedBytes,
        long bytesInPlace,
        long bytesCopied,
        long reorderedCompletions,
        int maxInFlightPerZone) {
    /// Nothing, or not counted.
    public static final DeviceCounters NONE = new DeviceCounters(0, 0, 0, 0, 0, 0);
}
