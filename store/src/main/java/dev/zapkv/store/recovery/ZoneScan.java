/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import dev.zapkv.FormatException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.meta.StoreId;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// Reads a zone block by block, stepping over whatever is not a valid block of this store and this life of
/// the zone.
final class ZoneScan implements AutoCloseable {
    private static final int CHUNK_BYTES = 4 << 20;

    private final ZoneDevice device;
    private final StoreId storeId;
    private final int step;
    private final int maxBlock;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory;
    private final ByteBuffer view;
    private final CRC32C crc = new CRC32C();
    private long damagedBlocks;
    private long bytesRead;

    ZoneScan(final ZoneDevice device, final StoreId storeId, final int blockBytes) {
        this.device = device;
        this.storeId = storeId;
        step = device.geometry().blockSize();
        maxBlock = blockBytes;
        memory = arena.allocate(
                Math.min(
                        Math.max(CHUNK_BYTES, 2L * blockBytes),
                        device.geometry().zoneCapacity()),
                4096);
        view = memory.asByteBuffer();
    }

    /// Receives valid blocks.
    @FunctionalInterface
    interface Visitor {
        /// One valid block.
        ///
        /// @param memory  holds the whole block
        /// @param offset  of its header
        /// @param address device address of its header
        /// @return whether the zone's other blocks are of interest
        boolean block(MemorySegment memory, ByteBuffer view, int offset, long address);
    }

    /// Visits valid blocks of a zone up to its write pointer, in address order.
    ///
    /// @param from       offset in the zone
    /// @param generation the zone's present one; blocks of others are left-overs
    void visit(final ZoneInfo zone, final long from, final int generation, final Visitor visitor) {
        final long start = device.geometry().address(zone.zone(), 0);
        final long end = Math.min(zone.writePointer(), device.geometry().zoneCapacity());
        long loadedFrom = from;
        int loaded = 0;
        long at = from;
        while (at < end) {
            final long wanted = Math.min(maxBlock, end - at);
            if (at < loadedFrom || at + wanted > loadedFrom + loaded) {
                loadedFrom = at;
                loaded = (int) Math.min(memory.byteSize(), end - at);
                device.readSync(start + at, memory, 0, loaded);
                bytesRead += loaded;
            }
            final int offset = (int) (at - loadedFrom);
            if (!isOurs(offset, loaded - offset, generation)) {
                at += step;
            } else if (!BlockFormat.isPayloadValid(memory, view, offset, crc)) {
                damagedBlocks++;
                at += step;
            } else {
                if (!visitor.block(memory, view, offset, start + at)) {
                    return;
                }
                at += BlockFormat.appendLength(BlockFormat.payloadLength(memory, offset), step);
            }
        }
    }

    /// Reads one block that a visit found before.
    void visitOne(final long address, final int length, final Visitor visitor) {
        device.readSync(address, memory, 0, length);
        if (BlockFormat.isHeaderValid(memory, view, 0, length, crc)
                && BlockFormat.isPayloadValid(memory, view, 0, crc)) {
            visitor.block(memory, view, 0, address);
        } else {
            damagedBlocks++;
        }
    }

    /// Blocks with a valid header whose payload was not what was written.
    long damagedBlocks() {
        return damagedBlocks;
    }

    long bytesRead() {
        return bytesRead;
    }

    private boolean isOurs(final int offset, final int available, final int generation) {
        if (!BlockFormat.isHeaderValid(memory, view, offset, available, crc)
                || BlockFormat.storeIdHigh(memory, offset) != storeId.high()
                || BlockFormat.storeIdLow(memory, offset) != storeId.low()) {
            return false;
        }
        if (BlockFormat.version(memory, offset) != BlockFormat.VERSION) {
            throw new FormatException("a block of format version " + BlockFormat.version(memory, offset)
                    + " was found, this version of ZapKV reads " + BlockFormat.VERSION
                    + ": open the store with the version that wrote it");
        }
        return BlockFormat.zoneGeneration(memory, offset) == generation
                && BlockFormat.appendLength(BlockFormat.payloadLength(memory, offset), step) <= maxBlock;
    }

    @Override
    public void close() {
        arena.close();
    }
}
