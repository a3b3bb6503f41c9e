/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import dev.zapkv.Finding;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.EntryShape;
import dev.zapkv.store.log.HashDomain;
import dev.zapkv.zone.Stream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/// What the log says, found out without checkpoints and without the code that replays: of each key the newest
/// record
/// that counts, and whether the index points at it.
///
/// A second index maps each key to a word: the record's log position in units of 16 bytes, and {@link #CHUNK},
/// {@link
/// #TOMBSTONE}, {@link #INDEXED}.
final class LogTruth implements BlockSink {
    /// The index points at this record.
    static final long INDEXED = 1;
    /// The record deletes its key.
    static final long TOMBSTONE = 1 << 1;
    /// The record is a chunk of a large value.
    static final long CHUNK = 1 << 2;

    private static final int POSITION_SHIFT = 3;

    private final VerifyInput input;
    private final Findings findings;
    private final PointIndex newest;
    private final KeyNames names;
    private final CRC32C crc = new CRC32C();
    private final long[] tombstoneBytes;
    private final long[] checkpointBytes;
    private final Stream[] streams;
    private final List<Head> heads = new ArrayList<>();
    private boolean complete = true;
    private long hostBlocks;
    private long gcBlocks;
    private long checkpointBlocks;
    private long metadataBlocks;
    private long records;
    private long tombstones;
    private long staged;

    /// The head of a large value that the index points at.
    ///
    /// @param zone   where it lies; {@link Finding#NO_ZONE} in staging
    /// @param offset of its record in the zone
    record Head(LargeHead head, byte[] key, int zone, long offset) {}

    /// @param newest empty, with as many shards as the store's index; owned by the caller
    LogTruth(final VerifyInput input, final PointIndex newest, final Findings findings) {
        this.input = input;
        this.newest = newest;
        this.findings = findings;
        names = new KeyNames(input.index(), input.hash(), input.device().geometry());
        tombstoneBytes = new long[input.zones().zoneCount()];
        checkpointBytes = new long[input.zones().zoneCount()];
        streams = new Stream[input.zones().zoneCount()];
    }

    // ---- blocks

    @Override
    public void block(
            final MemorySegment memory, final ByteBuffer view, final int offset, final int zone, final long at) {
        final Stream stream = Stream.ofCode(BlockFormat.streamCode(memory, offset));
        if (stream == null || (streams[zone] != null && streams[zone] != stream)) {
            findings.add(
                    Finding.Kind.ZONE,
                    true,
                    zone,
                    at,
                    BlockFormat.HEADER_LENGTH,
                    0,
                    "a block of stream " + BlockFormat.streamCode(memory, offset) + " lies in a zone of "
                            + streams[zone],
                    "keep a copy of the store and report this: no version of ZapKV writes so");
            return;
        }
        streams[zone] = stream;
        switch (stream) {
            case METADATA -> metadata(memory, offset, zone, at);
            case CHECKPOINT -> {
                checkpointBlocks++;
                checkpointBytes[zone] += BlockFormat.appendLength(
                        BlockFormat.payloadLength(memory, offset),
                        input.device().geometry().blockSize());
            }
            case HOST -> {
                hostBlocks++;
                records(memory, view, offset, zone, at, input.counts(BlockFormat.blockNumber(memory, offset)));
            }
            case GC -> {
                gcBlocks++;
                records(memory, view, offset, zone, at, true);
            }
        }
    }

    private void metadata(final MemorySegment memory, final int offset, final int zone, final long at) {
        metadataBlocks++;
        if (MetadataImage.decode(memory, offset + BlockFormat.HEADER_LENGTH, BlockFormat.payloadLength(memory, offset))
                == null) {
            findings.add(
                    Finding.Kind.METADATA,
                    true,
                    zone,
                    at,
                    BlockFormat.payloadLength(memory, offset),
                    0,
                    "a metadata image with a valid checksum says what cannot be",
                    "keep a copy of the store and report this: no version of ZapKV writes so");
        }
    }

    private void records(
            final MemorySegment memory,
            final ByteBuffer view,
            final int offset,
            final int zone,
            final long at,
            final boolean counts) {
        final int end = offset + BlockFormat.HEADER_LENGTH + BlockFormat.payloadLength(memory, offset);
        int record = offset + BlockFormat.HEADER_LENGTH;
        int found = 0;
        while (record < end) {
            final String reason = RecordFormat.invalidReason(memory, view, record, end, crc);
            if (reason != null) {
                badRecord(zone, at + (record - offset), end - record, BlockFormat.blockNumber(memory, offset), reason);
                return;
            }
            found++;
            if ((RecordFormat.flags(memory, record) & RecordFormat.FLAG_PADDING) == 0) {
                records++;
                if (counts && originCounts(memory, record)) {
                    record(memory, record, zone, at + (record - offset));
                }
            }
            record += RecordFormat.align(RecordFormat.length(memory, record));
        }
        if (found != BlockFormat.recordCount(memory, offset)) {
            badRecord(
                    zone,
                    at,
                    end - offset,
                    BlockFormat.blockNumber(memory, offset),
                    found + " records were found, " + BlockFormat.recordCount(memory, offset)
                            + " are said to be there");
        }
    }

    private void badRecord(final int zone, final long at, final long length, final long block, final String reason) {
        findings.add(new Finding(
                Finding.Kind.RECORD,
                true,
                zone,
                at,
                length,
                block,
                0,
                List.of(),
                "within a block whose checksum holds: " + reason + "; it was damaged in memory before it was written",
                "check the memory of the machine; " + Findings.RESTORE));
    }

    /// Of a relocated record the block counts that it was first written in.
    private boolean originCounts(final MemorySegment memory, final int record) {
        return (RecordFormat.flags(memory, record) & RecordFormat.FLAG_RELOCATED) == 0
                || input.counts(
                        RecordFormat.logPosition(memory, record) / input.image().blockBytes());
    }

    private void record(final MemorySegment memory, final int record, final int zone, final long at) {
        final int flags = RecordFormat.flags(memory, record);
        final int keyLength = RecordFormat.keyLength(memory, record);
        final int key = record + RecordFormat.keyOffset(flags);
        final boolean chunk = (flags & RecordFormat.FLAG_CHUNK) != 0;
        final long fingerprint = HashDomain.of(input.hash().fingerprint(memory, key, keyLength), chunk);
        final long location = input.hash().location(memory, key, keyLength);
        final int length = RecordFormat.align(RecordFormat.length(memory, record));
        final boolean tombstone = (flags & RecordFormat.FLAG_TOMBSTONE) != 0;
        if (tombstone) {
            tombstones++;
            tombstoneBytes[zone] += length;
        }
        final long entry = input.index().get(fingerprint, location);
        final boolean indexed = entry
                == IndexEntry.device(input.device().geometry().address(zone, at), EntryShape.of(flags, length), false);
        enter(fingerprint, location, RecordFormat.logPosition(memory, record), flags, indexed);
        if (indexed && (flags & RecordFormat.FLAG_LARGE) != 0) {
            final int value = key + keyLength;
            head(
                    bytes(memory, key, keyLength),
                    bytes(memory, value, record + RecordFormat.length(memory, record) - value),
                    zone,
                    at);
        }
    }

    private void enter(
            final long fingerprint, final long location, final long position, final int flags, final boolean indexed) {
        if (!complete) {
            return;
        }
        final long place = position / RecordFormat.ALIGNMENT;
        final long word = (place << POSITION_SHIFT)
                | ((flags & RecordFormat.FLAG_CHUNK) != 0 ? CHUNK : 0)
                | ((flags & RecordFormat.FLAG_TOMBSTONE) != 0 ? TOMBSTONE : 0)
                | (indexed ? INDEXED : 0);
        final long known = newest.get(fingerprint, location);
        // The same record may lie in several places, and the index points at one of them.
        final boolean newer = known == 0 || word >>> POSITION_SHIFT > known >>> POSITION_SHIFT;
        final boolean same = known != 0 && word >>> POSITION_SHIFT == known >>> POSITION_SHIFT;
        if ((newer || same)
                && newest.set(fingerprint, location, same ? known | word : word) == PointIndex.REFUSED_FULL) {
            complete = false;
        }
    }

    private void head(final byte[] key, final byte[] value, final int zone, final long offset) {
        final LargeHead head = LargeHead.decode(value);
        if (head != null) {
            heads.add(new Head(head, key, zone, offset));
        } else {
            findings.add(
                    Finding.Kind.LARGE_VALUE,
                    true,
                    zone,
                    offset,
                    value.length,
                    1,
                    "the head of a large value cannot be read",
                    Findings.RESTORE);
        }
    }

    /// Takes in what lies only in staging; its records are newer than any on the device.
    void staging() {
        if (input.staged() != null) {
            staged = input.staged().visit(this::stagedRecord);
        }
    }

    private void stagedRecord(final long position, final int flags, final byte[] key, final byte[] value) {
        final boolean chunk = (flags & RecordFormat.FLAG_CHUNK) != 0;
        if (chunk && !input.stagedSets().contains(ChunkKey.chunkSet(key))) {
            return;
        }
        final long fingerprint = HashDomain.of(input.hash().fingerprint(key, 0, key.length), chunk);
        final long location = input.hash().location(key, 0, key.length);
        final int length = RecordFormat.align(RecordFormat.length(key.length, value.length));
        final boolean indexed = input.index().get(fingerprint, location)
                == IndexEntry.memory(
                        position, EntryShape.of(flags, length), (flags & RecordFormat.FLAG_TOMBSTONE) != 0);
        enter(fingerprint, location, position, flags, indexed);
        if (indexed && (flags & RecordFormat.FLAG_LARGE) != 0) {
            head(key, value, Finding.NO_ZONE, 0);
        }
    }

    // ---- damaged blocks

    @Override
    public void damagedPayload(
            final MemorySegment memory, final ByteBuffer view, final int offset, final Suspect suspect) {
        names.look(memory, view, offset, suspect, (whole, record, at) -> record(whole, record, suspect.zone, at));
    }

    private static byte[] bytes(final MemorySegment memory, final int at, final int length) {
        return memory.asSlice(at, length).toArray(LittleEndian.BYTE);
    }

    // ---- what was found

    /// The word of a key, 0 if there is no record of it.
    long inShard(final int shard, final long fingerprint) {
        return newest.getInShard(shard, fingerprint);
    }

    /// The word of a chunk's key, likewise.
    long ofChunk(final byte[] key) {
        return newest.get(
                HashDomain.of(input.hash().fingerprint(key, 0, key.length), true),
                input.hash().location(key, 0, key.length));
    }

    /// All words.
    PointIndex newest() {
        return newest;
    }

    /// Block of the record that a word stands for.
    long blockOf(final long word) {
        return (word >>> POSITION_SHIFT)
                * RecordFormat.ALIGNMENT
                / input.image().blockBytes();
    }

    /// Whether all records found their place in memory.
    boolean isComplete() {
        return complete;
    }

    List<Head> heads() {
        return heads;
    }

    long tombstoneBytes(final int zone) {
        return tombstoneBytes[zone];
    }

    long checkpointBytes(final int zone) {
        return checkpointBytes[zone];
    }

    long hostBlocks() {
        return hostBlocks;
    }

    long gcBlocks() {
        return gcBlocks;
    }

    long checkpointBlocks() {
        return checkpointBlocks;
    }

    long metadataBlocks() {
        return metadataBlocks;
    }

    long records() {
        return records;
    }

    long tombstones() {
        return tombstones;
    }

    long staged() {
        return staged;
    }
}
