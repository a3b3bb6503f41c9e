/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.checkpoint;

import dev.zapkv.io.ZoneDevice;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.CheckpointPart;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.PartPointer;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// Reads and verifies parts, one at a time.
final class PartReader implements AutoCloseable {
    private final ZoneDevice device;
    private final StoreId storeId;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory;
    private final ByteBuffer view;
    private final CRC32C crc = new CRC32C();
    private long bytesRead;

    PartReader(final ZoneDevice device, final StoreId storeId, final MetadataImage image) {
        this.device = device;
        this.storeId = storeId;
        memory = arena.allocate(image.blockBytes(), 4096);
        view = memory.asByteBuffer();
    }

    /// Reads a part.
    ///
    /// @return its payload, until the next call
    MemorySegment read(final PartPointer part) throws InvalidCheckpointException {
        final boolean possible = part.length() <= memory.byteSize()
                && part.length() % device.geometry().blockSize() == 0
                && device.geometry().zoneOf(part.address()) < device.geometry().zoneCount()
                && device.geometry().offsetOf(part.address()) + part.length()
                        <= device.geometry().zoneCapacity();
        if (!possible) {
            throw new InvalidCheckpointException("a part is said to lie where none can be");
        }
        device.readSync(part.address(), memory, 0, part.length());
        bytesRead += part.length();
        final boolean valid = BlockFormat.isHeaderValid(memory, view, 0, part.length(), crc)
                && BlockFormat.isPayloadValid(memory, view, 0, crc)
                && BlockFormat.storeIdHigh(memory, 0) == storeId.high()
                && BlockFormat.storeIdLow(memory, 0) == storeId.low()
                && BlockFormat.streamCode(memory, 0) == Stream.CHECKPOINT.code()
                && BlockFormat.blockNumber(memory, 0) == part.number();
        final int payload = valid ? BlockFormat.payloadLength(memory, 0) : 0;
        if (!valid || !CheckpointPart.isValid(memory, BlockFormat.HEADER_LENGTH, payload, part)) {
            throw new InvalidCheckpointException("a part of it in zone "
                    + device.geometry().zoneOf(part.address()) + " at offset "
                    + device.geometry().offsetOf(part.address()) + " is damaged");
        }
        return memory.asSlice(BlockFormat.HEADER_LENGTH, payload);
    }

    long bytesRead() {
        return bytesRead;
    }

    @Override
    public void close() {
        arena.close();
    }
}
