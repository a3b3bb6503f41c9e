/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.EntryShape;
import dev.zapkv.store.log.HashDomain;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// Takes the records out of blocks that count or may count, verifies each, and keeps them. Stops in the midst of
/// a block when there is no room for what it finds, and goes on there later. One thread at a time.
///
/// A record's own checksum is verified although the block's was: it was made by the writer from the key and value
/// it was given, the block's later, by another thread, from what lay in staging by then. A key that was damaged
/// in between would be entered under a wrong hash, and its older value stand as if it were the newest.
final class BlockReader {
    private final int number;
    private final CountingRules rules;
    private final KeyHash hash;
    private final PointIndex index;
    private final ZoneGeometry geometry;
    private final FoundRecords found;
    private final FoundLargeValues largeValues;
    private final ReplayAccounts accounts;
    private final CRC32C crc = new CRC32C();
    private MemorySegment memory;
    private ByteBuffer view;
    private long addressOfMemory;
    private int at;
    private int end;
    private long records;
    private long damagedRecords;
    private long highestBlock;

    /// @param number of this reader as a writer of the records found
    BlockReader(
            final int number,
            final CountingRules rules,
            final KeyHash hash,
            final PointIndex index,
            final ZoneGeometry geometry,
            final FoundRecords found,
            final FoundLargeValues largeValues,
            final ReplayAccounts accounts) {
        this.number = number;
        this.rules = rules;
        this.hash = hash;
        this.index = index;
        this.geometry = geometry;
        this.found = found;
        this.largeValues = largeValues;
        this.accounts = accounts;
    }

    /// Begins the block that a scan stands at, which must stay where it is until {@link #read} says that it is
    /// done.
    void begin(final ZoneScan scan) {
        memory = scan.memory();
        view = scan.view();
        addressOfMemory = scan.address() - scan.offset();
        at = scan.offset() + BlockFormat.HEADER_LENGTH;
        end = at + BlockFormat.payloadLength(memory, scan.offset());
    }

    /// Reads on to the end of the block.
    ///
    /// @return false if there was no room for a record: once there is, call again
    boolean read() {
        while (at < end) {
            if (RecordFormat.invalidReason(memory, view, at, end, crc) != null) {
                damagedRecords++;
                at = end;
                return true;
            }
            final int flags = RecordFormat.flags(memory, at);
            if ((flags & RecordFormat.FLAG_PADDING) == 0 && mayCount(flags) && !keep(flags)) {
                return false;
            }
            at += RecordFormat.align(RecordFormat.length(memory, at));
        }
        return true;
    }

    /// Whether the block counts that a relocated record was first written in, as far as is known; a block's own
    /// records were asked about as a whole.
    private boolean mayCount(final int flags) {
        if ((flags & RecordFormat.FLAG_RELOCATED) == 0) {
            return true;
        }
        final long block = rules.blockOf(RecordFormat.logPosition(memory, at));
        highestBlock = Math.max(highestBlock, block);
        return !rules.isVoid(block);
    }

    private boolean keep(final int flags) {
        final int keyAt = at + RecordFormat.keyOffset(flags);
        final int keyLength = RecordFormat.keyLength(memory, at);
        final boolean chunk = (flags & RecordFormat.FLAG_CHUNK) != 0;
        final boolean tombstone = (flags & RecordFormat.FLAG_TOMBSTONE) != 0;
        final long fingerprint = HashDomain.of(hash.fingerprint(memory, keyAt, keyLength), chunk);
        final long location = hash.location(memory, keyAt, keyLength);
        final long position = RecordFormat.logPosition(memory, at);
        final long address = addressOfMemory + at;
        final int length = RecordFormat.align(RecordFormat.length(memory, at));
        final long word = IndexEntry.device(address, EntryShape.of(flags, length), tombstone);
        final boolean applies = position > 0 && !(tombstone && rules.isInCheckpoint(position));
        if (applies && !found.add(number, index.shardOf(location), fingerprint, word, position)) {
            return false;
        }
        if ((flags & RecordFormat.FLAG_LARGE) != 0) {
            final int value = keyAt + keyLength;
            final LargeHead head = FoundLargeValues.decode(memory, value, at + RecordFormat.length(memory, at) - value);
            if (head != null) {
                largeValues.head(fingerprint, location, word, position, head);
            }
        } else if (chunk) {
            largeValues.chunk(fingerprint, location, memory.get(LittleEndian.LONG, keyAt + ChunkKey.CHUNK_SET_OFFSET));
        }
        if (rules.isSettledAt(position)) {
            records++;
            if (tombstone) {
                accounts.addTombstone(geometry.zoneOf(address), length, position);
            }
        }
        return true;
    }

    /// Records that count, but for those behind the settled block.
    long records() {
        return records;
    }

    /// Blocks that were left at a record that was not what was written.
    long damagedRecords() {
        return damagedRecords;
    }

    /// Highest number of the host blocks that relocated records were first written in.
    long highestBlock() {
        return highestBlock;
    }
}
