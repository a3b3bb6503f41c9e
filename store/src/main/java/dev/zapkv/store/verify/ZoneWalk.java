/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import dev.zapkv.Finding.Kind;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.meta.StoreId;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/// Walks through the bytes of a zone up to its write pointer and tells blocks from everything else.
///
/// What is no block of this life of the zone may be *left over* (within a block of an earlier life, in a file
/// that was
/// recycled), *zero* (never written, or taken by a power cut), *unreadable*, or anything else: that is a block
/// whose
/// header is damaged, or one that was not written to its end. Which of the two it was depends on what follows:
/// no more
/// than {@link #IN_FLIGHT} appends of a zone are under way when a crash comes.
final class ZoneWalk {
    /// Appends of a zone that a crash may interrupt.
    static final int IN_FLIGHT = 12;

    private final ZoneReader reader;
    private final StoreId storeId;
    private final int step;
    private final CRC32C crc = new CRC32C();
    private final List<Suspect> suspects = new ArrayList<>();

    private BlockSink sink;
    private ZoneInfo zone;
    private int generation;
    private int maxBlock;
    private long end;
    private long blocks;
    private long leftOverUntil;
    private long leftOverBytes;
    private long unusedBytes;
    // What is no block, from where on, and what is in it.
    private long gapFrom;
    private long gapUnknown;
    private boolean inGap;

    ZoneWalk(final ZoneReader reader, final StoreId storeId, final int logicalBlock) {
        this.reader = reader;
        this.storeId = storeId;
        step = logicalBlock;
    }

    /// Walks through one zone.
    ///
    /// @param present   generation of its blocks; others are left over
    /// @param blockMost longest block in bytes
    /// @return what is not as it should be
    List<Suspect> run(
            final ZoneInfo info, final int present, final int blockMost, final long capacity, final BlockSink into) {
        zone = info;
        generation = present;
        maxBlock = blockMost;
        sink = into;
        end = Math.min(info.writePointer(), capacity);
        suspects.clear();
        blocks = 0;
        leftOverUntil = 0;
        inGap = false;
        reader.begin(info.zone(), end);
        long at = 0;
        while (at < end) {
            final String unreadable = reader.load(at);
            if (unreadable == null) {
                at += examine(at);
            } else {
                endGap(at, false);
                suspects.add(new Suspect(Kind.UNREADABLE, zone.zone(), at, step, 0, blocks, unreadable));
                at += step;
            }
        }
        endGap(end, true);
        for (final Suspect suspect : suspects) {
            suspect.certain |= zone.writePointerExact() || blocks - suspect.blocksBefore > IN_FLIGHT;
        }
        return List.copyOf(suspects);
    }

    /// Bytes of earlier lives of zones, in all.
    long leftOverBytes() {
        return leftOverBytes;
    }

    /// Bytes that are zero, or lie behind the last block, in all.
    long unusedBytes() {
        return unusedBytes;
    }

    /// Looks at what begins here; returns its length.
    private int examine(final long at) {
        final MemorySegment memory = reader.memory();
        final ByteBuffer view = reader.view();
        final int offset = reader.offset(at);
        final int available = reader.available(at);
        if (!BlockFormat.isHeaderValid(memory, view, offset, available, crc)) {
            return noBlock(at, memory, offset);
        }
        final int payload = BlockFormat.payloadLength(memory, offset);
        final int length = BlockFormat.appendLength(payload, step);
        final boolean ours = BlockFormat.storeIdHigh(memory, offset) == storeId.high()
                && BlockFormat.storeIdLow(memory, offset) == storeId.low()
                && BlockFormat.zoneGeneration(memory, offset) == generation
                && length <= maxBlock;
        if (!ours) {
            leftOverUntil = Math.max(leftOverUntil, at + length);
            return noBlock(at, memory, offset);
        }
        endGap(at, false);
        if (BlockFormat.isPayloadValid(memory, view, offset, crc)) {
            sink.block(memory, view, offset, zone.zone(), at);
            blocks++;
            checkPadding(at, memory, offset + BlockFormat.HEADER_LENGTH + payload, offset + length);
        } else {
            final Suspect suspect = new Suspect(
                    Kind.BLOCK,
                    zone.zone(),
                    at,
                    length,
                    BlockFormat.blockNumber(memory, offset),
                    blocks,
                    "the checksum of its content does not hold");
            suspects.add(suspect);
            sink.damagedPayload(memory, view, offset, suspect);
        }
        return (int) Math.min(length, end - at);
    }

    private void checkPadding(final long at, final MemorySegment memory, final int from, final int to) {
        if (!isZero(memory, from, Math.min(to, (int) memory.byteSize()))) {
            final int offset = reader.offset(at);
            final Suspect suspect = new Suspect(
                    Kind.PADDING,
                    zone.zone(),
                    at + (from - offset),
                    to - from,
                    BlockFormat.blockNumber(memory, offset),
                    blocks,
                    "the rest of its last logical block is not zero");
            suspect.certain = true;
            suspects.add(suspect);
        }
    }

    private int noBlock(final long at, final MemorySegment memory, final int offset) {
        if (!inGap) {
            inGap = true;
            gapFrom = at;
            gapUnknown = 0;
        }
        if (at < leftOverUntil) {
            leftOverBytes += step;
        } else if (isZero(memory, offset, offset + step)) {
            unusedBytes += step;
        } else {
            gapUnknown += step;
        }
        return step;
    }

    private void endGap(final long at, final boolean tail) {
        if (!inGap) {
            return;
        }
        inGap = false;
        if (gapUnknown == 0) {
            return;
        }
        if (tail && !zone.writePointerExact()) {
            // Nobody knows where the zone ends.
            unusedBytes += gapUnknown;
            return;
        }
        suspects.add(new Suspect(
                Kind.NO_BLOCK,
                zone.zone(),
                gapFrom,
                at - gapFrom,
                0,
                blocks,
                "these bytes are no block: the header of one is damaged, or a write was interrupted"));
    }

    private static boolean isZero(final MemorySegment memory, final int from, final int to) {
        for (int i = from; i < to; i++) {
            if (memory.get(LittleEndian.BYTE, i) != 0) {
                return false;
            }
        }
        return true;
    }
}
