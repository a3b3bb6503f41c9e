/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.log.EntryShape;
import dev.zapkv.store.spi.CollectorHost;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Copies live records into blocks, appends the blocks, and moves the index entries when the device has said where
/// they landed. Several appends may be in flight.
final class Relocator implements AutoCloseable {
    private static final int BLOCKS = 4;
    private static final int MAX_ATTEMPTS = 5;

    private final CollectorHost host;
    private final ZoneGeometry geometry;
    private final Arena arena = Arena.ofShared();
    private final List<RelocationBlock> blocks = new ArrayList<>();
    private final ArrayDeque<Integer> free = new ArrayDeque<>();
    private final ArrayDeque<Integer> toAppend = new ArrayDeque<>();
    private final int[] attempts = new int[BLOCKS];
    private int filling = -1;
    private int inFlight;
    private long horizon;
    private long appendedBytes;

    Relocator(final CollectorHost host) {
        this.host = host;
        geometry = host.geometry();
        for (int i = 0; i < BLOCKS; i++) {
            final MemorySegment memory = arena.allocate(host.blockBytes(), 4096);
            blocks.add(new RelocationBlock(host.register(memory), host.blockBytes()));
            free.add(i);
        }
    }

    /// A new victim: nothing of it was looked at yet.
    void begin() {
        horizon = host.frontierPosition();
    }

    /// Takes a copy of a record.
    ///
    /// @param entry index entry that points at it, or 0 for a tombstone
    /// @return false if all blocks are full and on their way: try again later
    boolean add(final MemorySegment source, final int at, final long entry, final long address) {
        while (true) {
            if (filling < 0) {
                final Integer next = free.poll();
                if (next == null) {
                    return false;
                }
                filling = next;
                blocks.get(filling).clear();
            }
            if (blocks.get(filling).add(source, at, entry, address)) {
                return true;
            }
            submitFilling();
        }
    }

    /// Sends out the block being filled.
    void flush() {
        if (filling >= 0) {
            if (blocks.get(filling).isEmpty()) {
                free.add(filling);
                filling = -1;
            } else {
                submitFilling();
            }
        }
    }

    /// Whether every record taken has its place and its index entry moved.
    boolean isDrained() {
        return inFlight == 0
                && toAppend.isEmpty()
                && (filling < 0 || blocks.get(filling).isEmpty());
    }

    /// Whether an append waits for an empty zone, and not for another append.
    boolean isOutOfRoom() {
        return inFlight == 0 && !toAppend.isEmpty();
    }

    /// Begins the appends that wait for the device or for an empty zone.
    int doWork() {
        int work = 0;
        while (!toAppend.isEmpty() && append(toAppend.peek())) {
            toAppend.poll();
            work++;
        }
        return work;
    }

    void onAppend(final long id, final long result) {
        final int i = (int) id;
        inFlight--;
        if (result < 0) {
            if (++attempts[i] >= MAX_ATTEMPTS) {
                throw new DeviceException(
                        "relocating records failed in " + attempts[i] + " zones in a row, errno " + -result,
                        (int) -result);
            }
            toAppend.add(i);
            return;
        }
        final RelocationBlock block = blocks.get(i);
        host.landed(result, block.buffer(), block.payloadLength());
        moveEntries(block, result);
        free.add(i);
    }

    long appendedBytes() {
        return appendedBytes;
    }

    private void submitFilling() {
        attempts[filling] = 0;
        toAppend.add(filling);
        filling = -1;
        doWork();
    }

    private boolean append(final int i) {
        final RelocationBlock block = blocks.get(i);
        final boolean accepted = host.append(
                block.buffer(),
                block.payloadLength(),
                block.records(),
                block.minPosition(),
                block.maxPosition(),
                horizon,
                i);
        if (accepted) {
            inFlight++;
            appendedBytes += BlockFormat.appendLength(block.payloadLength(), geometry.blockSize());
        }
        return accepted;
    }

    private void moveEntries(final RelocationBlock block, final long address) {
        final ZoneTable zones = host.zones();
        final int zone = geometry.zoneOf(address);
        final MemorySegment memory = block.memory();
        for (int record = 0; record < block.records(); record++) {
            final int at = block.offset(record);
            final int length = RecordFormat.align(RecordFormat.length(memory, at));
            final long expected = block.expected(record);
            if (expected == 0) {
                zones.addTombstone(zone, length, RecordFormat.logPosition(memory, at));
                continue;
            }
            final int shape = EntryShape.of(RecordFormat.flags(memory, at), length);
            final long entry = IndexEntry.device(address + at, shape, false);
            if (host.moveEntry(memory, at, expected, entry)) {
                zones.addLive(zone, length);
                zones.addLive(geometry.zoneOf(block.source(record)), -IndexEntry.lengthBytes(expected));
            }
        }
    }

    @Override
    public void close() {
        for (final RelocationBlock block : blocks) {
            block.buffer().close();
        }
        arena.close();
    }
}
