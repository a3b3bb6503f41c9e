/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// Ways that values took since the store was opened.
///
/// @param valueBytesCopied  value bytes that were copied into staging: of ordinary puts
/// @param valueBytesInPlace value bytes that were put from leased memory, see {@link LargeValue}
/// @param bouncedBytes      bytes of blocks from leased memory that the device copied on their way after all
/// @param leasedBytes       bytes of staging that leases hold at this moment
/// @param slowestAppendNs   longest time that an append for writers took on the device; 0 if it does not tell
public record WritePaths(
        long valueBytesCopied, long valueBytesInPlace, long bouncedBytes, long leasedBytes, long slowestAppendNs) {
    /// Nothing was written.
    public static final WritePaths NONE = new WritePaths(0, 0, 0, 0, 0);
}
