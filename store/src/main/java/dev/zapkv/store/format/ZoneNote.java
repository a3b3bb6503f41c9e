/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import static dev.zapkv.store.format.LittleEndian.INT;
import static dev.zapkv.store.format.LittleEndian.LONG;

import dev.zapkv.zone.Stream;
import java.lang.foreign.MemorySegment;

/// A zone when a checkpoint began: what recovery need not find out by reading it.
///
/// | offset | size | type | field           | meaning and valid range                                        |
/// |-------:|-----:|------|-----------------|----------------------------------------------------------------|
/// |      0 |    4 | u32  | zone            |                                                                |
/// |      4 |    4 | u32  | generation      | if it has another one now, all of its blocks are newer         |
/// |      8 |    4 | u32  | stream          | as in block headers                                            |
/// |     12 |    4 | u32  | complete        | 1: it took no more appends                                      |
/// |     16 |    8 | u64  | written         | bytes                                                          |
/// |     24 |    8 | u64  | horizon         | see {@link dev.zapkv.zone.ZoneTable#horizon}                   |
/// |     32 |    8 | u64  | newestTombstone | log position; 0: none                                          |
/// |     40 |    8 | u64  | tombstoneBytes  |                                                                |
///
/// @param zone            number of the zone
/// @param generation      resets before
/// @param stream          what was appended to it
/// @param complete        whether it took no more appends
/// @param written         bytes
/// @param horizon         log position
/// @param newestTombstone log position, or 0
/// @param tombstoneBytes  bytes of tombstones
public record ZoneNote(
        int zone,
        int generation,
        Stream stream,
        boolean complete,
        long written,
        long horizon,
        long newestTombstone,
        long tombstoneBytes) {
    /// Offset of the zone's number.
    public static final int ZONE_OFFSET = 0;
    /// Offset of the generation.
    public static final int GENERATION_OFFSET = ZONE_OFFSET + 4;
    /// Offset of the stream's code.
    public static final int STREAM_OFFSET = GENERATION_OFFSET + 4;
    /// Offset of whether it took no more appends.
    public static final int COMPLETE_OFFSET = STREAM_OFFSET + 4;
    /// Offset of the bytes written.
    public static final int WRITTEN_OFFSET = COMPLETE_OFFSET + 4;
    /// Offset of the horizon.
    public static final int HORIZON_OFFSET = WRITTEN_OFFSET + 8;
    /// Offset of the newest tombstone's position.
    public static final int NEWEST_TOMBSTONE_OFFSET = HORIZON_OFFSET + 8;
    /// Offset of the tombstones' bytes.
    public static final int TOMBSTONE_BYTES_OFFSET = NEWEST_TOMBSTONE_OFFSET + 8;
    /// Length of the stored form.
    public static final int LENGTH = TOMBSTONE_BYTES_OFFSET + 8;

    /// Writes the stored form.
    public void encode(final MemorySegment memory, final long offset) {
        memory.set(INT, offset + ZONE_OFFSET, zone);
        memory.set(INT, offset + GENERATION_OFFSET, generation);
        memory.set(INT, offset + STREAM_OFFSET, stream.code());
        memory.set(INT, offset + COMPLETE_OFFSET, complete ? 1 : 0);
        memory.set(LONG, offset + WRITTEN_OFFSET, written);
        memory.set(LONG, offset + HORIZON_OFFSET, horizon);
        memory.set(LONG, offset + NEWEST_TOMBSTONE_OFFSET, newestTombstone);
        memory.set(LONG, offset + TOMBSTONE_BYTES_OFFSET, tombstoneBytes);
    }

    /// Reads the stored form; null if it says what cannot be.
    static ZoneNote decode(final MemorySegment memory, final long offset, final ZoneLayout layout) {
        final int zone = memory.get(INT, offset + ZONE_OFFSET);
        final Stream stream = Stream.ofCode(memory.get(INT, offset + STREAM_OFFSET));
        final long written = memory.get(LONG, offset + WRITTEN_OFFSET);
        final long tombstones = memory.get(LONG, offset + TOMBSTONE_BYTES_OFFSET);
        final boolean possible = zone >= 0
                && zone < layout.zoneCount()
                && stream != null
                && written >= 0
                && written <= layout.zoneCapacity()
                && written % layout.blockSize() == 0
                && tombstones >= 0
                && tombstones <= written;
        return possible
                ? new ZoneNote(
                        zone,
                        memory.get(INT, offset + GENERATION_OFFSET),
                        stream,
                        memory.get(INT, offset + COMPLETE_OFFSET) == 1,
                        written,
                        memory.get(LONG, offset + HORIZON_OFFSET),
                        memory.get(LONG, offset + NEWEST_TOMBSTONE_OFFSET),
                        tombstones)
                : null;
    }
}
