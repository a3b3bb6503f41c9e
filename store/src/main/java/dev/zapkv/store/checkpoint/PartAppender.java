/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.checkpoint;

import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.CheckpointPart;
import dev.zapkv.store.format.PartPointer;
import dev.zapkv.store.log.DevicePort;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/// Appends parts to the zones of the checkpoint stream, a few at a time. Belongs to the I/O agent.
final class PartAppender implements AutoCloseable {
    private static final int KIND = 5;
    private static final int BUFFERS = 2;
    private static final int MAX_ATTEMPTS = 5;

    private final DevicePort port;
    private final ZoneAllocator allocator;
    private final ZoneTable zones;
    private final StoreId storeId;
    private final long epoch;
    private final int blockBytes;
    private final Consumer<PartPointer> landed;
    private final Arena arena = Arena.ofShared();
    private final List<Slot> slots = new ArrayList<>();
    private final CRC32C crc = new CRC32C();
    private long nextNumber;
    private long appendedBytes;
    private String failure;

    private enum State {
        FREE,
        FULL,
        APPENDING
    }

    private static final class Slot {
        final IoBuffer buffer;
        State state = State.FREE;
        int kind;
        int shard;
        int count;
        long number;
        int zone;
        int attempts;
        // By the device, which may let go of it after it has said where the part lies.
        boolean held;

        Slot(final IoBuffer buffer) {
            this.buffer = buffer;
        }

        int payload() {
            return CheckpointPart.length(kind, count);
        }
    }

    /// @param firstNumber block number of the first part
    /// @param landed      told where each part lies
    PartAppender(
            final DevicePort port,
            final ZoneAllocator allocator,
            final ZoneTable zones,
            final StoreId storeId,
            final long epoch,
            final int blockBytes,
            final long firstNumber,
            final Consumer<PartPointer> landed) {
        this.port = port;
        this.allocator = allocator;
        this.zones = zones;
        this.storeId = storeId;
        this.epoch = epoch;
        this.blockBytes = blockBytes;
        this.landed = landed;
        nextNumber = firstNumber;
        for (int i = 0; i < BUFFERS; i++) {
            slots.add(new Slot(port.device().register(arena.allocate(blockBytes, 4096))));
        }
        port.sink(KIND, new DevicePort.Sink() {
            @Override
            public void completed(final long id, final long result) {
                onAppended(slots.get((int) id), result);
            }

            @Override
            public void released(final long id, final boolean bounceCopy) {
                slots.get((int) id).held = false;
            }
        });
    }

    /// Items of a kind that fit one part.
    int capacity(final int kind) {
        return CheckpointPart.capacity(kind, blockBytes - BlockFormat.HEADER_LENGTH);
    }

    /// A buffer to write items into, at {@link BlockFormat#HEADER_LENGTH}; null if all are on their way.
    MemorySegment free() {
        final Slot slot = freeSlot();
        return slot == null ? null : slot.buffer.memory();
    }

    /// Sends out the buffer that {@link #free} returned last.
    void send(final int kind, final long checkpoint, final int shard, final int count) {
        final Slot slot = freeSlot();
        slot.kind = kind;
        slot.shard = shard;
        slot.count = count;
        slot.attempts = 0;
        slot.state = State.FULL;
        CheckpointPart.header(slot.buffer.memory(), BlockFormat.HEADER_LENGTH, kind, checkpoint, shard, count);
        doWork();
    }

    /// Begins the appends that wait for the device or for a zone.
    int doWork() {
        int work = 0;
        for (final Slot slot : slots) {
            if (slot.state == State.FULL && !slot.held && failure == null && append(slot)) {
                work++;
            }
        }
        return work;
    }

    /// Whether every part that was sent has its place.
    boolean isDrained() {
        for (final Slot slot : slots) {
            if (slot.state != State.FREE || slot.held) {
                return false;
            }
        }
        return true;
    }

    /// Why a part could not be appended, or null.
    String failure() {
        return failure;
    }

    /// Gives up the parts that were not handed to the device.
    ///
    /// @return false if some are in the device still: to be called again
    boolean abandon() {
        for (final Slot slot : slots) {
            if (slot.state == State.FULL) {
                slot.state = State.FREE;
            }
        }
        if (!isDrained()) {
            return false;
        }
        failure = null;
        return true;
    }

    /// Bytes appended so far.
    long appendedBytes() {
        return appendedBytes;
    }

    private Slot freeSlot() {
        for (final Slot slot : slots) {
            if (slot.state == State.FREE && !slot.held) {
                return slot;
            }
        }
        return null;
    }

    private boolean append(final Slot slot) {
        final int logicalBlock = port.device().geometry().blockSize();
        final int length = BlockFormat.appendLength(slot.payload(), logicalBlock);
        final int zone = allocator.take(Stream.CHECKPOINT, length, ZoneAllocator.Reserve.NONE);
        if (zone == ZoneAllocator.NONE) {
            failure = "there is no empty zone to spare";
            return false;
        }
        if (zone == ZoneAllocator.BUSY) {
            return false;
        }
        slot.number = nextNumber++;
        slot.zone = zone;
        final BlockFormat.Header header = new BlockFormat.Header(
                Stream.CHECKPOINT.code(),
                storeId.high(),
                storeId.low(),
                epoch,
                slot.number,
                zones.generation(zone),
                0,
                slot.payload(),
                0,
                0,
                0);
        BlockFormat.seal(slot.buffer.memory(), header, logicalBlock, crc);
        final long token = DevicePort.token(KIND, slots.indexOf(slot));
        while (!port.device().append(zone, slot.buffer, 0, length, IoAttributes.BACKGROUND, token)) {
            port.poll();
        }
        slot.state = State.APPENDING;
        slot.held = true;
        appendedBytes += length;
        return true;
    }

    private void onAppended(final Slot slot, final long result) {
        allocator.completed(slot.zone);
        if (result < 0) {
            allocator.abandon(slot.zone);
            slot.state = State.FULL;
            if (++slot.attempts >= MAX_ATTEMPTS) {
                failure = "appending failed in " + slot.attempts + " zones in a row, errno " + -result;
            }
            return;
        }
        slot.state = State.FREE;
        final int length = BlockFormat.appendLength(
                slot.payload(), port.device().geometry().blockSize());
        landed.accept(new PartPointer(result, slot.number, length, slot.kind, slot.shard, slot.count));
    }

    @Override
    public void close() {
        for (final Slot slot : slots) {
            slot.buffer.close();
        }
        arena.close();
    }
}
