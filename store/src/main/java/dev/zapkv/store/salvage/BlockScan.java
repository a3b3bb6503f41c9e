/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.salvage;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.MetadataImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/// Reads all zones, block by block, of whatever store. What cannot be read counts as zeros.
final class BlockScan implements AutoCloseable {
    private static final int CHUNK_BYTES = 8 << 20;
    private static final int MAX_BLOCK = MetadataImage.MAX_BLOCK_BYTES;
    private static final int PIECE_BYTES = 4096;

    private final SourceZones source;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory = arena.allocate(CHUNK_BYTES, 4096);
    private final ByteBuffer view = memory.asByteBuffer();
    private final CRC32C crc = new CRC32C();
    private final List<Integer> unreadableZones = new ArrayList<>();
    private long unreadableBytes;
    private long unreadableUpTo;
    private long bytesBehind;
    private volatile long bytesRead;

    BlockScan(final SourceZones source) {
        this.source = source;
    }

    /// Receives blocks whose header is valid.
    @FunctionalInterface
    interface Visitor {
        /// One block.
        void block(FoundBlock block);
    }

    /// Visits the blocks of all zones, in the order of their addresses.
    void visit(final Visitor visitor) {
        bytesBehind = 0;
        bytesRead = 0;
        unreadableBytes = 0;
        unreadableZones.clear();
        for (int zone = 0; zone < source.zoneCount(); zone++) {
            final ZoneInfo info = source.report(zone);
            if (info.state() == ZoneState.OFFLINE) {
                unreadableZones.add(zone);
            } else if (info.state() != ZoneState.EMPTY) {
                visit(zone, Math.min(info.writePointer(), info.capacity()), visitor);
            }
        }
    }

    private void visit(final int zone, final long end, final Visitor visitor) {
        final int step = source.blockSize();
        unreadableUpTo = 0;
        long from = 0;
        int loaded = 0;
        long at = 0;
        while (at < end) {
            if (at >= from + loaded || Math.min(MAX_BLOCK, end - at) > from + loaded - at) {
                bytesRead = bytesBehind + at;
                from = at;
                loaded = (int) Math.min(CHUNK_BYTES, end - at);
                load(zone, from, loaded);
            }
            final int offset = (int) (at - from);
            at += isBlock(offset, loaded) ? visitBlock(zone, at, offset, visitor) : step;
        }
        bytesBehind += end;
        bytesRead = bytesBehind;
    }

    private boolean isBlock(final int offset, final int loaded) {
        final int available = Math.min(MAX_BLOCK, loaded - offset);
        return available >= BlockFormat.HEADER_LENGTH
                && BlockFormat.isHeaderValid(memory, view, offset, available, crc);
    }

    /// @return bytes to what may be the next block: behind a block that is not intact it may lie anywhere
    private int visitBlock(final int zone, final long at, final int offset, final Visitor visitor) {
        final boolean intact = BlockFormat.isPayloadValid(memory, view, offset, crc);
        final FoundBlock block = new FoundBlock(zone, at, memory, view, offset, intact);
        visitor.block(block);
        return intact ? BlockFormat.appendLength(block.payloadLength(), source.blockSize()) : source.blockSize();
    }

    private void load(final int zone, final long from, final int length) {
        try {
            source.read(zone, from, memory, 0, length);
        } catch (final DeviceException e) {
            loadPieces(zone, from, length);
        }
    }

    /// A part of it cannot be read: the others are.
    private void loadPieces(final int zone, final long from, final int length) {
        final int step = Math.max(PIECE_BYTES, source.blockSize());
        for (int at = 0; at < length; at += step) {
            final int piece = Math.min(step, length - at);
            try {
                source.read(zone, from + at, memory, at, piece);
            } catch (final DeviceException e) {
                memory.asSlice(at, piece).fill((byte) 0);
                if (from + at >= unreadableUpTo) {
                    unreadableBytes += piece;
                    unreadableUpTo = from + at + piece;
                }
            }
        }
    }

    /// Bytes that a visit reads.
    long bytesToRead() {
        long sum = 0;
        for (int zone = 0; zone < source.zoneCount(); zone++) {
            final ZoneInfo info = source.report(zone);
            sum += info.state() == ZoneState.OFFLINE ? 0 : Math.min(info.writePointer(), info.capacity());
        }
        return sum;
    }

    /// Bytes read by the visit that runs, or ran last. Callable from any thread.
    long bytesRead() {
        return bytesRead;
    }

    /// Zones that the last visit could not look at.
    List<Integer> unreadableZones() {
        return List.copyOf(unreadableZones);
    }

    /// Bytes in other zones that the last visit could not read.
    long unreadableBytes() {
        return unreadableBytes;
    }

    @Override
    public void close() {
        arena.close();
    }
}
