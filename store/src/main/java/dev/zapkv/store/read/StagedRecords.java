/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.read;

import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.log.StagingFile;
import org.agrona.collections.Long2LongHashMap;

/// Records in the staging file of a killed process, read where they lie. Nobody writes there as long as the
/// store is
/// open read-only.
public final class StagedRecords implements RecentRecords {
    private static final long ABSENT = -1;

    private final StagingFile file;
    private final Long2LongHashMap slotOffsets = new Long2LongHashMap(ABSENT);

    /// @param file null if there is none
    public StagedRecords(final StagingFile file) {
        this.file = file;
        for (int slot = 0; file != null && slot < file.allocatedSlots(); slot++) {
            final long block = file.blockNumber(slot);
            if (block > 0) {
                slotOffsets.put(blockBits(block * file.blockBytes()), file.slotOffset(slot));
            }
        }
    }

    /// Index entries know positions modulo a power of two.
    private long blockBits(final long position) {
        return IndexEntry.positionBits(IndexEntry.memory(position, 1, false)) / file.blockBytes();
    }

    @Override
    public boolean locate(final long entry, final ReadContext context) {
        if (!IndexEntry.isMemory(entry)) {
            return false;
        }
        final long position = IndexEntry.positionBits(entry);
        final long slot = slotOffsets.get(position / file.blockBytes());
        if (slot == ABSENT) {
            // The index points at nothing else but what was found in this file: better an error than a loop.
            throw new IllegalStateException("no block in " + file.path() + " holds log position " + position);
        }
        context.staged(file.memory(), slot + position % file.blockBytes(), 0, 0);
        return true;
    }

    @Override
    public boolean stillHolds(final ReadContext context) {
        return true;
    }
}
