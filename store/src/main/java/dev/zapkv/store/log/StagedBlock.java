/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.zone.ZoneAllocator;

/// A block that a killed process left in staging, complete.
///
/// @param slot    it lies in
/// @param length  in bytes, the header included
/// @param zone    it lies in on the device, too; {@link ZoneAllocator#NONE} if it has to be appended
/// @param address there
public record StagedBlock(long number, int slot, int length, int zone, long address) {
    boolean isOnDevice() {
        return zone != ZoneAllocator.NONE;
    }
}
