/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import dev.zapkv.ZoneReport;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.meta.MetadataLog;
import dev.zapkv.store.meta.MetadataSearch;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;

/// Recomputes the live bytes of every zone from the bytes on the device, and compares. To be run when nothing is in
/// staging only.
///
/// A record may lie in several places (an append that was reported as failed and was not; a relocation whose
/// source is not emptied yet), of which the store counts one: such records give a range. So does a tombstone
/// whose key has a newer record: the place that was counted may be gone, and the tombstone with it, while another
/// one is left that was not.
final class LogAudit {
    private final ZoneDevice device;
    private final StoreId storeId;
    private final MetadataImage image;
    private final Map<ByteBuffer, Newest> newestByKey = new HashMap<>();
    private final Map<Long, Tombstone> tombstones = new HashMap<>();
    private final long[] least;
    private final long[] most;

    /// The places of the newest record of a key.
    private record Newest(long position, int flags, long chunkSet, List<Place> places) {}

    /// The places of a tombstone, by its log position.
    private record Tombstone(ByteBuffer key, List<Place> places) {}

    private record Place(int zone, int length) {}

    private LogAudit(final ZoneDevice device, final MetadataSearch.Found metadata) {
        this.device = device;
        storeId = metadata.storeId();
        image = metadata.image();
        least = new long[device.geometry().zoneCount()];
        most = new long[device.geometry().zoneCount()];
    }

    /// Compares with what the store says of its zones.
    ///
    /// @return null, or what is wrong
    static String check(final ZoneDevice device, final List<ZoneReport> reports) {
        final LogAudit audit = new LogAudit(device, MetadataSearch.find(device));
        audit.scan();
        audit.count();
        for (final ZoneReport report : reports) {
            final int zone = report.zone();
            if (zone >= MetadataLog.ZONES
                    && (report.liveBytes() < audit.least[zone] || report.liveBytes() > audit.most[zone])) {
                return "zone " + zone + " has " + audit.least[zone] + " to " + audit.most[zone]
                        + " live bytes, the store says " + report;
            }
        }
        return null;
    }

    private void scan() {
        final int step = device.geometry().blockSize();
        final CRC32C crc = new CRC32C();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment memory = arena.allocate(device.geometry().zoneCapacity(), 16);
            final ByteBuffer view = memory.asByteBuffer();
            for (int zone = MetadataLog.ZONES; zone < device.geometry().zoneCount(); zone++) {
                final ZoneInfo info = device.report(zone);
                final int length = (int) info.writePointer();
                if (length == 0) {
                    continue;
                }
                device.readSync(device.geometry().address(zone, 0), memory, 0, length);
                final int generation =
                        zone < image.generations().size() ? image.generations().get(zone) : 0;
                for (int at = 0; at < length; ) {
                    final boolean valid = BlockFormat.isHeaderValid(memory, view, at, length - at, crc)
                            && BlockFormat.storeIdHigh(memory, at) == storeId.high()
                            && BlockFormat.storeIdLow(memory, at) == storeId.low()
                            && BlockFormat.zoneGeneration(memory, at) == generation
                            && BlockFormat.isPayloadValid(memory, view, at, crc);
                    if (valid) {
                        block(zone, memory, at);
                        at += BlockFormat.appendLength(BlockFormat.payloadLength(memory, at), step);
                    } else {
                        at += step;
                    }
                }
            }
        }
    }

    private void block(final int zone, final MemorySegment memory, final int start) {
        final Stream stream = Stream.ofCode(BlockFormat.streamCode(memory, start));
        if (stream == Stream.METADATA) {
            // The zone has taken the place of a dead metadata zone.
            return;
        }
        if (stream == Stream.CHECKPOINT) {
            most[zone] += BlockFormat.appendLength(
                    BlockFormat.payloadLength(memory, start), device.geometry().blockSize());
            return;
        }
        final int end = start + BlockFormat.HEADER_LENGTH + BlockFormat.payloadLength(memory, start);
        int at = start + BlockFormat.HEADER_LENGTH;
        while (at < end) {
            final boolean padding = (RecordFormat.flags(memory, at) & RecordFormat.FLAG_PADDING) != 0;
            final int flags = RecordFormat.flags(memory, at);
            if ((flags & RecordFormat.FLAG_TOMBSTONE) != 0
                    && (flags & RecordFormat.FLAG_RELOCATED) != 0
                    && isVoid(RecordFormat.logPosition(memory, at) / image.blockBytes())) {
                most[zone] += RecordFormat.align(RecordFormat.length(memory, at));
            }
            if (!padding && !isVoid(RecordFormat.logPosition(memory, at) / image.blockBytes())) {
                record(zone, memory, at);
            }
            at += RecordFormat.align(RecordFormat.length(memory, at));
        }
    }

    private boolean isVoid(final long block) {
        for (int i = 0; i < image.voids().size(); i += 2) {
            if (block >= image.voids().get(i) && block <= image.voids().get(i + 1)) {
                return true;
            }
        }
        return false;
    }

    private void record(final int zone, final MemorySegment memory, final int at) {
        final int flags = RecordFormat.flags(memory, at);
        final long position = RecordFormat.logPosition(memory, at);
        final int keyAt = at + RecordFormat.keyOffset(flags);
        final int keyLength = RecordFormat.keyLength(memory, at);
        final int recordLength = RecordFormat.align(RecordFormat.length(memory, at));
        final byte[] key = new byte[keyLength + 1];
        key[0] = (byte) (flags & RecordFormat.FLAG_CHUNK);
        MemorySegment.copy(memory, LittleEndian.BYTE, keyAt, key, 1, keyLength);
        if ((flags & RecordFormat.FLAG_TOMBSTONE) != 0) {
            most[zone] += recordLength;
            tombstones
                    .computeIfAbsent(position, absent -> new Tombstone(ByteBuffer.wrap(key), new ArrayList<>()))
                    .places()
                    .add(new Place(zone, recordLength));
        }
        final Newest known = newestByKey.get(ByteBuffer.wrap(key));
        if (known != null && known.position() > position) {
            return;
        }
        if (known != null && known.position() == position) {
            known.places().add(new Place(zone, recordLength));
            return;
        }
        long chunkSet = 0;
        if ((flags & RecordFormat.FLAG_LARGE) != 0) {
            chunkSet = memory.get(LittleEndian.LONG, keyAt + (long) keyLength + LargeHead.CHUNK_SET_OFFSET);
        } else if ((flags & RecordFormat.FLAG_CHUNK) != 0) {
            chunkSet = memory.get(LittleEndian.LONG, (long) keyAt + ChunkKey.CHUNK_SET_OFFSET);
        }
        final List<Place> places = new ArrayList<>();
        places.add(new Place(zone, recordLength));
        newestByKey.put(ByteBuffer.wrap(key), new Newest(position, flags, chunkSet, places));
    }

    private void count() {
        tombstones.forEach((position, tombstone) -> {
            if (tombstone.places().size() == 1
                    && newestByKey.get(tombstone.key()).position() == position) {
                least[tombstone.places().getFirst().zone()] +=
                        tombstone.places().getFirst().length();
            }
        });
        final Set<Long> liveSets = new HashSet<>();
        for (final Newest newest : newestByKey.values()) {
            if ((newest.flags() & RecordFormat.FLAG_LARGE) != 0) {
                liveSets.add(newest.chunkSet());
            }
        }
        for (final Newest newest : newestByKey.values()) {
            final boolean orphan =
                    (newest.flags() & RecordFormat.FLAG_CHUNK) != 0 && !liveSets.contains(newest.chunkSet());
            if (orphan || (newest.flags() & RecordFormat.FLAG_TOMBSTONE) != 0) {
                continue;
            }
            for (final Place place : newest.places()) {
                most[place.zone()] += place.length();
                if (newest.places().size() == 1) {
                    least[place.zone()] += place.length();
                }
            }
        }
    }
}
