/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import dev.zapkv.CorruptionException;
import dev.zapkv.FormatException;
import dev.zapkv.io.NativeMemory;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.store.checkpoint.OpeningProgress;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.meta.StoreId;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// Reads a zone block by block, stepping over whatever is not a valid block of this store and this life of
/// the zone. One thread at a time.
final class ZoneScan implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 20;

    private final ZoneDevice device;
    private final StoreId storeId;
    private final OpeningProgress progress;
    private final int step;
    private final int maxBlock;
    private final long epoch;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private final ByteBuffer view;
    private final CRC32C crc = new CRC32C();
    // The zone being read: its first address, the offsets still to be looked at, and what of it is in memory.
    private long start;
    private int generation;
    private long next;
    private long end;
    private long loadedFrom;
    private int loaded;
    private int offset;
    private long damagedBlocks;
    private long otherGenerations;
    private long bytesRead;

    /// @param image newest metadata that was found
    ZoneScan(
            final ZoneDevice device, final StoreId storeId, final MetadataImage image, final OpeningProgress progress) {
        this.device = device;
        this.progress = progress;
        this.storeId = storeId;
        step = device.geometry().blockSize();
        maxBlock = image.blockBytes();
        epoch = image.epoch();
        memory = NativeMemory.reserve(
                Math.min(Math.max(CHUNK_BYTES, 2L * maxBlock), device.geometry().zoneCapacity()), arena);
        view = memory.asByteBuffer();
    }

    /// Begins a zone; {@link #next} finds its valid blocks up to its write pointer, in address order.
    ///
    /// @param from           offset in the zone
    /// @param zoneGeneration the zone's present one; blocks of others are left-overs
    void begin(final ZoneInfo zone, final long from, final int zoneGeneration) {
        start = device.geometry().address(zone.zone(), 0);
        generation = zoneGeneration;
        next = from;
        end = Math.min(zone.writePointer(), device.geometry().zoneCapacity());
        loadedFrom = from;
        loaded = 0;
    }

    /// Goes to the next valid block of the zone.
    ///
    /// @return false if there is none
    boolean next() {
        while (next < end) {
            final long wanted = Math.min(maxBlock, end - next);
            if (next < loadedFrom || next + wanted > loadedFrom + loaded) {
                load(start + next, (int) Math.min(memory.byteSize(), end - next));
                loadedFrom = next;
            }
            offset = (int) (next - loadedFrom);
            if (!isOurs()) {
                next += step;
            } else if (!BlockFormat.isPayloadValid(memory, view, offset, crc)) {
                damagedBlocks++;
                next += step;
            } else {
                next += appendLength();
                return true;
            }
        }
        return false;
    }

    private void load(final long address, final int length) {
        device.readSync(address, memory, 0, length);
        loaded = length;
        bytesRead += length;
        progress.advance(length);
    }

    private boolean isOurs() {
        if (!BlockFormat.isHeaderValid(memory, view, offset, loaded - offset, crc)
                || BlockFormat.storeIdHigh(memory, offset) != storeId.high()
                || BlockFormat.storeIdLow(memory, offset) != storeId.low()) {
            return false;
        }
        if (BlockFormat.version(memory, offset) != BlockFormat.VERSION) {
            throw new FormatException("a block of format version " + BlockFormat.version(memory, offset)
                    + " was found, this version of ZapKV reads " + BlockFormat.VERSION
                    + ": open the store with the version that wrote it");
        }
        requireNewestMetadata();
        if (BlockFormat.zoneGeneration(memory, offset) != generation) {
            otherGenerations++;
            return false;
        }
        return appendLength() <= maxBlock;
    }

    /// Lives of the store and of its zones are noted in metadata before the first block of them is appended.
    private void requireNewestMetadata() {
        if (BlockFormat.epoch(memory, offset) > epoch || BlockFormat.zoneGeneration(memory, offset) > generation) {
            throw new CorruptionException(
                    "the newest metadata of the store is gone: a block at zone offset "
                            + (loadedFrom + offset) + " is of life " + BlockFormat.epoch(memory, offset)
                            + " of the store and life " + BlockFormat.zoneGeneration(memory, offset)
                            + " of its zone, the newest metadata that can be read knows of " + epoch + " and "
                            + generation
                            + ". Nothing was written; restore the store from a backup, or get out what can be got: zapkv salvage");
        }
    }

    /// Leaves the zone: {@link #next} finds nothing more.
    void leave() {
        next = end;
    }

    /// Holds the whole block.
    MemorySegment memory() {
        return memory;
    }

    /// The same memory.
    ByteBuffer view() {
        return view;
    }

    /// Where the block's header is in memory.
    int offset() {
        return offset;
    }

    /// Device address of the block's header.
    long address() {
        return start + loadedFrom + offset;
    }

    /// Bytes of the device that the block takes.
    int appendLength() {
        return BlockFormat.appendLength(BlockFormat.payloadLength(memory, offset), step);
    }

    /// Blocks with a valid header whose payload was not what was written.
    long damagedBlocks() {
        return damagedBlocks;
    }

    /// Blocks of earlier lives of their zones.
    long otherGenerations() {
        return otherGenerations;
    }

    long bytesRead() {
        return bytesRead;
    }

    @Override
    public void close() {
        arena.close();
    }
}
