/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.salvage;

import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.log.StagingCopy;
import java.lang.foreign.MemorySegment;

/// The records of one store that may count: of blocks that are no left-overs and not known to be void,
/// and of
/// staging.
final class StoreRecords {
    private final BlockScan scan;
    private final StoreTraces store;
    private final StagingCopy staging;
    private long blocks;
    private long damagedBlocks;
    private long leftOverBlocks;
    private long voidBlocks;
    private long records;
    private long stagedRecords;
    private RecordWalk walk = new RecordWalk();

    /// @param staging or null
    StoreRecords(final BlockScan scan, final StoreTraces store, final StagingCopy staging) {
        this.scan = scan;
        this.store = store;
        this.staging = staging;
    }

    /// Receives records.
    @FunctionalInterface
    interface Visitor {
        /// One record.
        ///
        /// @param at    offset of the record in the memory
        /// @param place where it can be read again
        void record(MemorySegment memory, int at, long place);
    }

    /// Visits all records.
    void visit(final Visitor visitor) {
        blocks = 0;
        damagedBlocks = 0;
        leftOverBlocks = 0;
        voidBlocks = 0;
        records = 0;
        stagedRecords = 0;
        walk = new RecordWalk();
        scan.visit(block -> {
            if (block.holdsRecords() && block.isOf(store.id())) {
                visit(block, visitor);
            }
        });
        if (staging != null) {
            visitStaging(visitor);
        }
    }

    private void visit(final FoundBlock block, final Visitor visitor) {
        if (store.isLeftOver(block)) {
            leftOverBlocks++;
            return;
        }
        blocks++;
        damagedBlocks += block.intact() ? 0 : 1;
        final long[] counted = {0, 0};
        walk.block(block, (memory, at) -> {
            counted[0]++;
            if (isVoid(RecordFormat.logPosition(memory, at))) {
                counted[1]++;
            } else {
                records++;
                visitor.record(memory, at, Place.onDevice(block.zone(), block.zoneOffset() + at - block.offset()));
            }
        });
        voidBlocks += counted[0] > 0 && counted[0] == counted[1] ? 1 : 0;
    }

    private boolean isVoid(final long position) {
        return store.blockBytes() > 0 && store.isVoid(position / store.blockBytes());
    }

    private void visitStaging(final Visitor visitor) {
        for (int slot = 0; slot < staging.slots(); slot++) {
            final long number = staging.blockNumber(slot);
            if (number < 1 || number >= RecordWalk.POSITION_LIMIT / staging.blockBytes()) {
                continue;
            }
            final long first = (long) slot * staging.blockBytes();
            walk.staged(staging, staging.slot(slot), number, (memory, at) -> {
                stagedRecords++;
                visitor.record(memory, at, Place.inStaging(first + at));
            });
        }
    }

    /// Blocks that the last visit looked at.
    long blocks() {
        return blocks;
    }

    /// Those of them that are not what was written.
    long damagedBlocks() {
        return damagedBlocks;
    }

    /// Blocks of a life of their zone that has ended.
    long leftOverBlocks() {
        return leftOverBlocks;
    }

    /// Blocks that are known to be void.
    long voidBlocks() {
        return voidBlocks;
    }

    /// Records on the device that may count.
    long records() {
        return records;
    }

    /// Records in staging; most of them are on the device, too.
    long stagedRecords() {
        return stagedRecords;
    }

    /// See {@link RecordWalk#damagedPlaces}.
    long damagedPlaces() {
        return walk.damagedPlaces();
    }

    /// See {@link RecordWalk#cutBatches}.
    long cutBatches() {
        return walk.cutBatches();
    }
}
