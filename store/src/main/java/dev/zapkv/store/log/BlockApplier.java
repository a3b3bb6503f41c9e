/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.MemorySegment;

/// Moves the index entries of an appended block from log positions to device addresses: each by compare-and-set. Where
/// that fails the record was overwritten meanwhile and is garbage in its zone. Belongs to the I/O agent.
final class BlockApplier {
    private final StagingLog staging;
    private final YoungCache young;
    private final PointIndex index;
    private final KeyHash hash;
    private final ZoneTable zones;

    BlockApplier(
            final StagingLog staging,
            final YoungCache young,
            final PointIndex index,
            final KeyHash hash,
            final ZoneTable zones) {
        this.staging = staging;
        this.young = young;
        this.index = index;
        this.hash = hash;
        this.zones = zones;
    }

    /// @param length  in bytes, the header included
    /// @param address on the device
    void apply(final long block, final int length, final long address, final int zone) {
        final MemorySegment memory = staging.memory();
        final long base = staging.offsetInSlot(staging.slotOf(block), 0);
        if (staging.leaseOf(block) == null) {
            // What was put in place is not copied here either.
            young.add(
                    address,
                    memory,
                    base,
                    BlockFormat.appendLength(
                            length - BlockFormat.HEADER_LENGTH, zones.geometry().blockSize()));
        }
        final long start = staging.startOf(block);
        long live = 0;
        int superseded = 0;
        int at = BlockFormat.HEADER_LENGTH;
        while (at < length) {
            final int recordLength = RecordFormat.align(RecordFormat.length(memory, base + at));
            if ((RecordFormat.flags(memory, base + at) & RecordFormat.FLAG_PADDING) == 0) {
                if (applyRecord(memory, base + at, start + at, address + at, zone)) {
                    live += recordLength;
                } else {
                    superseded++;
                }
            }
            at += recordLength;
        }
        if (superseded > 0) {
            zones.superseded(zone, staging.lastClaimedBlock());
        }
        zones.addLive(zone, live);
    }

    /// @return whether the record is live in its zone
    private boolean applyRecord(
            final MemorySegment memory, final long record, final long position, final long address, final int zone) {
        final int recordLength = RecordFormat.align(RecordFormat.length(memory, record));
        final int flags = RecordFormat.flags(memory, record);
        final int keyLength = RecordFormat.keyLength(memory, record);
        final long key = record + RecordFormat.HEADER_LENGTH;
        final boolean chunk = (flags & RecordFormat.FLAG_CHUNK) != 0;
        final long fingerprint = HashDomain.of(hash.fingerprint(memory, key, keyLength), chunk);
        final long location = hash.location(memory, key, keyLength);
        final boolean tombstone = (flags & RecordFormat.FLAG_TOMBSTONE) != 0;
        final int shape = EntryShape.of(flags, recordLength);
        final long staged = IndexEntry.memory(position, shape, tombstone);
        if (tombstone) {
            index.remove(fingerprint, location, staged);
            zones.addTombstone(zone, recordLength, position);
            return false;
        }
        return index.replace(fingerprint, location, staged, IndexEntry.device(address, shape, false));
    }
}
