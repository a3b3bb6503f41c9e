/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import dev.zapkv.io.ZoneDevice;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.zone.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import java.util.zip.CRC32C;

/// The keys of which a zone holds any record, live or not, as its bytes say: what may be lost with it.
///
/// @param keys            users' keys, tombstones and heads of large values included
/// @param chunks          whether there is a chunk of a large value
/// @param newestHostBlock highest number of the host blocks; 0 if there is none
/// @param blocks          undamaged blocks, those of checkpoints included
record ZoneContent(Set<ByteBuffer> keys, boolean chunks, long newestHostBlock, int blocks) {
    /// Of a whole zone.
    static ZoneContent of(final ZoneDevice device, final int zone) {
        return of(device, zone, 0, Long.MAX_VALUE);
    }

    /// Of the block that holds a byte; empty if there is none.
    static ZoneContent around(final ZoneDevice device, final int zone, final long offset) {
        return of(device, zone, offset, offset + 1);
    }

    /// Of all blocks that hold a byte of a range.
    private static ZoneContent of(final ZoneDevice device, final int zone, final long from, final long to) {
        final int length = (int) device.report(zone).writePointer();
        final Set<ByteBuffer> keys = new HashSet<>();
        boolean chunks = false;
        long newestHostBlock = 0;
        int blocks = 0;
        if (length == 0) {
            return new ZoneContent(keys, false, 0, 0);
        }
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment memory = arena.allocate(length, 16);
            final ByteBuffer view = memory.asByteBuffer();
            final CRC32C crc = new CRC32C();
            device.readSync(device.geometry().address(zone, 0), memory, 0, length);
            for (int start = 0; start < length; start += device.geometry().blockSize()) {
                if (!BlockFormat.isHeaderValid(memory, view, start, length - start, crc)
                        || BlockFormat.streamCode(memory, start) == Stream.METADATA.code()) {
                    continue;
                }
                final int end = start + BlockFormat.HEADER_LENGTH + BlockFormat.payloadLength(memory, start);
                if (end <= from || start >= to) {
                    continue;
                }
                blocks += BlockFormat.isPayloadValid(memory, view, start, crc) ? 1 : 0;
                if (BlockFormat.streamCode(memory, start) == Stream.CHECKPOINT.code()) {
                    continue;
                }
                if (BlockFormat.streamCode(memory, start) == Stream.HOST.code()) {
                    newestHostBlock = Math.max(newestHostBlock, BlockFormat.blockNumber(memory, start));
                }
                int at = start + BlockFormat.HEADER_LENGTH;
                while (at < end && RecordFormat.invalidReason(memory, view, at, end, crc) == null) {
                    final int flags = RecordFormat.flags(memory, at);
                    if ((flags & RecordFormat.FLAG_CHUNK) != 0) {
                        chunks = true;
                    } else if ((flags & RecordFormat.FLAG_PADDING) == 0) {
                        keys.add(ByteBuffer.wrap(
                                memory.asSlice(at + RecordFormat.keyOffset(flags), RecordFormat.keyLength(memory, at))
                                        .toArray(LittleEndian.BYTE)));
                    }
                    at += RecordFormat.align(RecordFormat.length(memory, at));
                }
            }
        }
        return new ZoneContent(keys, chunks, newestHostBlock, blocks);
    }
}
