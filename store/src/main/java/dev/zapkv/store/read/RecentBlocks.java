/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.read;

import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.log.StagingLog;
import dev.zapkv.store.log.YoungCache;

/// Blocks of a store that is written to: in staging, found by log position, or in the young cache, found by
/// device
/// address.
final class RecentBlocks implements RecentRecords {
    private final StagingLog staging;
    private final YoungCache young;

    RecentBlocks(final StagingLog staging, final YoungCache young) {
        this.staging = staging;
        this.young = young;
    }

    @Override
    public boolean locate(final long entry, final ReadContext context) {
        if (IndexEntry.isMemory(entry)) {
            final int slot = staging.slotForRead(entry);
            final long block = staging.blockInSlot(slot);
            if (block == 0 || !staging.isBlockOf(block, entry)) {
                return false;
            }
            context.staged(staging.memory(), staging.offsetInSlot(slot, staging.offsetInBlock(entry)), slot, block);
            return true;
        }
        final long address = IndexEntry.deviceAddress(entry);
        final long place = young.find(address);
        if (place == YoungCache.ABSENT) {
            return false;
        }
        context.cached(young.memory(), young.offsetOf(place, address), place);
        return true;
    }

    @Override
    public boolean stillHolds(final ReadContext context) {
        return context.isStaged()
                ? staging.stillHolds(context.slot(), context.block())
                : young.stillHolds(context.place());
    }
}
