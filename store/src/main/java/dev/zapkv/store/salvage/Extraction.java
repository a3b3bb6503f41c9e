/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.salvage;

import dev.zapkv.EntryConsumer;
import dev.zapkv.io.DeviceException;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.log.StagingCopy;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;

/// The last reading: hands out the newest value of each key.
final class Extraction implements AutoCloseable {
    private final SourceZones source;
    private final StagingCopy staging;
    private final NewestRecords newest;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment record = arena.allocate(MetadataImage.MAX_BLOCK_BYTES, 4096);
    private final CRC32C crc = new CRC32C();
    private final AtomicLong keys = new AtomicLong();
    private long bytes;
    private long largeValues;
    private long deletedKeys;
    private long unreadableLargeValues;

    /// @param staging or null
    Extraction(final SourceZones source, final StagingCopy staging, final NewestRecords newest) {
        this.source = source;
        this.staging = staging;
        this.newest = newest;
    }

    void run(final StoreRecords records, final EntryConsumer consumer) {
        records.visit((memory, at, place) -> {
            final int flags = RecordFormat.flags(memory, at);
            if ((flags & RecordFormat.FLAG_CHUNK) != 0 || !newest.take(memory, at)) {
                return;
            }
            if ((flags & RecordFormat.FLAG_TOMBSTONE) != 0) {
                deletedKeys++;
            } else {
                handOut(memory, at, (flags & RecordFormat.FLAG_LARGE) != 0, consumer);
            }
        });
    }

    private void handOut(final MemorySegment memory, final int at, final boolean large, final EntryConsumer consumer) {
        final byte[] key = NewestRecords.key(memory, at);
        final byte[] stored = NewestRecords.value(memory, at);
        final byte[] value = large ? assemble(LargeHead.decode(stored)) : stored;
        if (value == null) {
            unreadableLargeValues++;
            return;
        }
        consumer.accept(key, value);
        keys.getAndIncrement();
        bytes += key.length + (long) value.length;
        largeValues += large ? 1 : 0;
    }

    /// The value of a large head; null if a chunk could be read before and cannot now.
    private byte[] assemble(final LargeHead head) {
        final byte[] value = new byte[(int) head.totalLength()];
        final byte[] key = new byte[ChunkKey.LENGTH];
        for (int i = 0; i < head.chunkCount(); i++) {
            ChunkKey.set(key, head.chunkSet(), i);
            if (!read(newest.chunkPlace(head.chunkSet(), i)) || !Arrays.equals(key, NewestRecords.key(record, 0))) {
                return null;
            }
            final byte[] chunk = NewestRecords.value(record, 0);
            if (chunk.length != head.lengthOfChunk(i)) {
                return null;
            }
            System.arraycopy(chunk, 0, value, i * head.chunkLength(), chunk.length);
        }
        return value;
    }

    /// The key of the record at a place; null if it cannot be read any more.
    byte[] keyAt(final long place) {
        return read(place) ? NewestRecords.key(record, 0) : null;
    }

    private boolean read(final long place) {
        try {
            load(place, 0, RecordFormat.HEADER_LENGTH);
            final int length = RecordFormat.length(record, 0);
            if (length <= RecordFormat.HEADER_LENGTH || length > record.byteSize()) {
                return false;
            }
            load(place, RecordFormat.HEADER_LENGTH, length - RecordFormat.HEADER_LENGTH);
            return RecordFormat.invalidReason(record, record.asByteBuffer(), 0, length, crc) == null;
        } catch (final DeviceException e) {
            return false;
        }
    }

    private void load(final long place, final int from, final int length) {
        final long offset = Place.offset(place) + from;
        if (Place.isInStaging(place)) {
            MemorySegment.copy(staging.memory(), LittleEndian.BYTE, offset, record, LittleEndian.BYTE, from, length);
        } else {
            source.read(Place.zone(place), offset, record, from, length);
        }
    }

    /// Keys handed out so far. Callable from any thread.
    long keys() {
        return keys.get();
    }

    /// Bytes of their keys and values.
    long bytes() {
        return bytes;
    }

    /// Those of them whose values lay in chunks.
    long largeValues() {
        return largeValues;
    }

    /// Keys whose newest record deletes them.
    long deletedKeys() {
        return deletedKeys;
    }

    /// Large values that were whole at first, and of which a chunk could not be read in the end.
    long unreadableLargeValues() {
        return unreadableLargeValues;
    }

    @Override
    public void close() {
        arena.close();
    }
}
