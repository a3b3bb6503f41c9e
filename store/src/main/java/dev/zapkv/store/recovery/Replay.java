/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import dev.zapkv.StoreFullException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.checkpoint.CheckpointLoader;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.ChunkSetNote;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.format.ZoneNote;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.EntryShape;
import dev.zapkv.store.log.HashDomain;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.zip.CRC32C;

/// Replay: blocks on the device are looked at, and of each key the record with the highest log position
/// counts. Full replay looks at every block. Replay behind a checkpoint looks at those that were appended
/// since the checkpoint began, and any record found there counts more than the checkpoint's entry: why that
/// ends in the same index is shown in docs/checkpoints.md.
///
/// *Which host blocks count.* Those up to the settled block of the newest metadata, unless void; behind it,
/// those without a gap in their numbers. What lies behind the gap belongs to no acknowledged write (or lies
/// in staging still) and becomes void for ever. Relocated records count in any subset, their log position
/// says how new they are; but only those that were written in blocks that count: a copy may have reached
/// stable media before its original. With a zone that went offline since that metadata was written a gap may
/// be a block that was lost there, acknowledged before: then blocks behind gaps count too, whether or not
/// they were acknowledged.
///
/// Log positions are kept in a second index, of the same size as the first, for as long as the replay runs.
public final class Replay {
    private final ZoneDevice device;
    private final MetadataImage image;
    private final StoreId storeId;
    private final PointIndex index;
    private final KeyHash hash;
    private final ZoneTable zones;
    private final PointIndex positions;
    private final CheckpointLoader.Loaded base;
    private final LargeValues largeValues;
    private final CRC32C crc = new CRC32C();
    private final List<Deferred> deferred = new ArrayList<>();
    private final List<Deferred> relocated = new ArrayList<>();
    private final boolean[] voidSeen;
    private long records;
    private long damagedRecords;
    private long highestGcBlock;
    private long highestHostBlock;
    private long countingUpTo;
    private long chunkEntries;
    private int offline;
    private boolean gapsMayBeLosses;
    private long firstMissing;

    private record Deferred(long block, long address, int length) {}

    /// What a replay found.
    ///
    /// @param lastBlock      last host block that counts
    /// @param highestBlock   highest host block number seen
    /// @param highestGcBlock highest gc block number seen
    /// @param voids          ranges of void block numbers of which blocks were still seen
    /// @param records        records looked at
    /// @param bytesRead      bytes read from the device
    /// @param damaged        blocks and records that were not what was written
    /// @param offline        zones that could not be looked at
    /// @param firstMissing   first host block behind the settled one that was not found
    public record Outcome(
            long lastBlock,
            long highestBlock,
            long highestGcBlock,
            List<Long> voids,
            long records,
            long bytesRead,
            long damaged,
            int offline,
            long firstMissing) {}

    /// A replay into an empty zone table, and an index that is empty or was read from a checkpoint.
    ///
    /// @param base what was read from the checkpoint, or null
    public Replay(
            final ZoneDevice device,
            final MetadataImage image,
            final StoreId storeId,
            final PointIndex index,
            final KeyHash hash,
            final ZoneTable zones,
            final PointIndex positions,
            final CheckpointLoader.Loaded base) {
        this.device = device;
        this.image = image;
        this.storeId = storeId;
        this.index = index;
        this.hash = hash;
        this.zones = zones;
        this.positions = positions;
        this.base = base;
        largeValues = new LargeValues(device, index, positions, hash);
        voidSeen = new boolean[image.voids().size() / 2];
    }

    /// Runs the replay of the data zones; orphaned chunks are still in the index afterwards, see {@link
    /// #dropOrphans}.
    public Outcome run() {
        for (int zone = 0; zone < image.generations().size() && zone < zones.zoneCount(); zone++) {
            zones.generation(zone, image.generation(zone));
        }
        long lastBlock = image.settledBlock();
        if (base != null) {
            chunkEntries = base.chunkEntries();
            highestHostBlock = base.checkpoint().ref().firstBlock() - 1;
            highestGcBlock = base.checkpoint().ref().firstGcBlock() - 1;
        }
        countingUpTo = Long.MAX_VALUE;
        final long bytesRead;
        final long damagedBlocks;
        try (ZoneScan scan = new ZoneScan(device, storeId, image.blockBytes())) {
            for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones.zoneCount(); zone++) {
                final ZoneInfo info = device.report(zone);
                if (info.state() == ZoneState.EMPTY || isOpenedOnly(info) || zones.stream(zone) == Stream.METADATA) {
                    continue;
                }
                visit(zone, info, scan);
            }
            deferred.sort(Comparator.comparingLong(Deferred::block));
            for (final Deferred block : deferred) {
                if (block.block() == lastBlock) {
                    // The same block twice: an append that was reported as failed had reached the media after all.
                    continue;
                }
                if (block.block() != lastBlock + 1) {
                    if (!gapsMayBeLosses) {
                        break;
                    }
                    // The blocks in between may have been acknowledged and lost since, and then those behind count.
                    firstMissing = firstMissing == 0 ? lastBlock + 1 : firstMissing;
                }
                scan.visitOne(block.address(), block.length(), this::replayBlock);
                lastBlock = block.block();
            }
            countingUpTo = lastBlock;
            for (final Deferred block : relocated) {
                scan.visitOne(block.address(), block.length(), this::replayBlock);
            }
            bytesRead = scan.bytesRead();
            damagedBlocks = scan.damagedBlocks();
        }
        final List<Long> voids = new ArrayList<>();
        for (int i = 0; i < voidSeen.length; i++) {
            // Behind a checkpoint not every block was looked at.
            if (voidSeen[i] || base != null) {
                voids.add(image.voids().get(2 * i));
                voids.add(image.voids().get(2 * i + 1));
            }
        }
        return new Outcome(
                lastBlock,
                highestHostBlock,
                highestGcBlock,
                voids,
                records,
                bytesRead,
                damagedBlocks + damagedRecords,
                offline,
                firstMissing == 0 ? lastBlock + 1 : firstMissing);
    }

    private void visit(final int zone, final ZoneInfo info, final ZoneScan scan) {
        final ZoneNote note = base == null ? null : base.zones()[zone];
        if (note == null) {
            zones.recover(zone, recoveredState(info), Stream.HOST, info.writePointer());
        } else {
            final long written = note.complete() ? note.written() : info.writePointer();
            zones.recover(zone, recoveredState(info), note.stream(), written);
            zones.addLive(zone, base.live()[zone]);
            zones.recoverTombstones(zone, note.tombstoneBytes(), note.newestTombstone());
            zones.lowerHorizon(zone, note.horizon());
            if (note.complete() || note.stream() == Stream.CHECKPOINT) {
                return;
            }
        }
        if (info.state() == ZoneState.OFFLINE) {
            offline++;
            gapsMayBeLosses |= !image.isLossKnown(zone);
        } else if (!image.isLossKnown(zone)) {
            // A zone that was given up counts no more when it comes back: deletes of what it held may be gone.
            scan.visit(info, note == null ? 0 : note.written(), zones.generation(zone), this::block);
        }
    }

    /// Takes chunks out of the index that belong to no large value.
    ///
    /// @param staged large values whose head lies in staging
    /// @return large values that are left
    public List<ChunkSetNote> dropOrphans(final List<ChunkSetNote> staged) {
        return largeValues.dropOrphans(base == null ? List.of() : base.chunkSets(), staged, entry -> {
            uncount(entry);
            chunkEntries--;
        });
    }

    /// Index entries that are chunks.
    public long chunkEntries() {
        return chunkEntries;
    }

    /// Opened in reserve, never written. A zone that was finished before anything was written to it is not
    /// empty: it must be reset before it can be used.
    private static boolean isOpenedOnly(final ZoneInfo info) {
        return (info.state() == ZoneState.OPEN || info.state() == ZoneState.CLOSED)
                && info.writePointerExact()
                && info.writePointer() == 0;
    }

    /// A zone whose write pointer was lost takes no more appends before it is collected.
    private static ZoneState recoveredState(final ZoneInfo info) {
        return info.writePointerExact() ? info.state() : ZoneState.FULL;
    }

    private boolean block(final MemorySegment memory, final ByteBuffer view, final int offset, final long address) {
        final long number = BlockFormat.blockNumber(memory, offset);
        final Stream stream = Stream.ofCode(BlockFormat.streamCode(memory, offset));
        final int zone = device.geometry().zoneOf(address);
        if (stream == Stream.GC) {
            zones.recover(zone, zones.state(zone), stream, zones.written(zone));
            highestGcBlock = Math.max(highestGcBlock, number);
            if (BlockFormat.maxLogPosition(memory, offset) / image.blockBytes() <= image.settledBlock()) {
                replayBlock(memory, view, offset, address);
            } else {
                relocated.add(new Deferred(number, address, appendLength(memory, offset)));
            }
        } else if (stream == Stream.HOST) {
            highestHostBlock = Math.max(highestHostBlock, number);
            if (isVoid(number)) {
                return true;
            }
            if (number <= image.settledBlock()) {
                replayBlock(memory, view, offset, address);
            } else {
                deferred.add(new Deferred(number, address, appendLength(memory, offset)));
            }
        } else if (stream == Stream.CHECKPOINT) {
            zones.recover(zone, zones.state(zone), stream, zones.written(zone));
            return false;
        }
        return true;
    }

    private int appendLength(final MemorySegment memory, final int offset) {
        return BlockFormat.appendLength(
                BlockFormat.payloadLength(memory, offset), device.geometry().blockSize());
    }

    private boolean isVoid(final long block) {
        for (int i = 0; i < voidSeen.length; i++) {
            if (block >= image.voids().get(2 * i) && block <= image.voids().get(2 * i + 1)) {
                voidSeen[i] = true;
                return true;
            }
        }
        return false;
    }

    private boolean replayBlock(
            final MemorySegment memory, final ByteBuffer view, final int offset, final long address) {
        zones.lowerHorizon(device.geometry().zoneOf(address), BlockFormat.horizon(memory, offset));
        final int end = offset + BlockFormat.HEADER_LENGTH + BlockFormat.payloadLength(memory, offset);
        int at = offset + BlockFormat.HEADER_LENGTH;
        while (at < end) {
            if (RecordFormat.invalidReason(memory, view, at, end, crc) != null) {
                damagedRecords++;
                return true;
            }
            if ((RecordFormat.flags(memory, at) & RecordFormat.FLAG_PADDING) == 0 && counts(memory, at)) {
                replayRecord(memory, at, address + (at - offset));
            }
            at += RecordFormat.align(RecordFormat.length(memory, at));
        }
        return true;
    }

    /// Whether the block a record was first written in counts; a block's own records were asked about as a
    /// whole.
    private boolean counts(final MemorySegment memory, final int at) {
        if ((RecordFormat.flags(memory, at) & RecordFormat.FLAG_RELOCATED) == 0) {
            return true;
        }
        final long block = RecordFormat.logPosition(memory, at) / image.blockBytes();
        highestHostBlock = Math.max(highestHostBlock, block);
        return block <= countingUpTo && !isVoid(block);
    }

    private void replayRecord(final MemorySegment memory, final int at, final long address) {
        records++;
        final int flags = RecordFormat.flags(memory, at);
        final int keyOffset = at + RecordFormat.keyOffset(flags);
        final int keyLength = RecordFormat.keyLength(memory, at);
        final boolean chunk = (flags & RecordFormat.FLAG_CHUNK) != 0;
        final boolean tombstone = (flags & RecordFormat.FLAG_TOMBSTONE) != 0;
        final long fingerprint = HashDomain.of(hash.fingerprint(memory, keyOffset, keyLength), chunk);
        final long location = hash.location(memory, keyOffset, keyLength);
        final long position = RecordFormat.logPosition(memory, at);
        final int length = RecordFormat.align(RecordFormat.length(memory, at));
        if (tombstone) {
            zones.addTombstone(device.geometry().zoneOf(address), length, position);
            if (base != null && !isBehindCheckpoint(position)) {
                // Moved since, because a newer delete had taken the key's value: that delete may be lost, and the
                // checkpoint has what this one left.
                return;
            }
        }
        if (positions.get(fingerprint, location) >= position) {
            return;
        }
        final boolean large = (flags & RecordFormat.FLAG_LARGE) != 0;
        if (large && isBehindGap(position) && !largeValues.hasChunks(memory, at, keyOffset + keyLength)) {
            // It was never acknowledged, or a chunk is lost. What it replaced may be whole.
            return;
        }
        if (positions.set(fingerprint, location, position) == PointIndex.REFUSED_FULL) {
            throw indexFull();
        }
        final long old = index.get(fingerprint, location);
        if (old != 0) {
            uncount(old);
        }
        if (tombstone) {
            if (old != 0) {
                index.remove(fingerprint, location, old);
            }
            return;
        }
        final long entry = IndexEntry.device(address, EntryShape.of(flags, length), false);
        if (index.set(fingerprint, location, entry) == PointIndex.REFUSED_FULL) {
            throw indexFull();
        }
        zones.addLive(device.geometry().zoneOf(address), length);
        if ((flags & RecordFormat.FLAG_LARGE) != 0) {
            final int value = keyOffset + keyLength;
            largeValues.head(fingerprint, location, entry, memory, value, at + RecordFormat.length(memory, at) - value);
        } else if (chunk) {
            chunkEntries += old == 0 ? 1 : 0;
            if (old == 0 || isBehindCheckpoint(position)) {
                largeValues.chunk(fingerprint, location, memory, keyOffset);
            }
        }
    }

    /// Whether a record was written after the checkpoint began. Of a chunk that was, the head was, too, and is replayed
    /// if there is one: that the chunk was still dumped with the checkpoint does not tell that it is needed.
    private boolean isBehindCheckpoint(final long position) {
        return base != null
                && position / image.blockBytes() >= base.checkpoint().ref().firstBlock();
    }

    private boolean isBehindGap(final long position) {
        return firstMissing != 0 && position / image.blockBytes() > firstMissing;
    }

    private void uncount(final long entry) {
        zones.addLive(device.geometry().zoneOf(IndexEntry.deviceAddress(entry)), -IndexEntry.lengthBytes(entry));
    }

    private static StoreFullException indexFull() {
        return new StoreFullException("the index of this store does not fit the memory budget: raise memoryBytes");
    }
}
