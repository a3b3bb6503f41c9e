/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

import dev.zapkv.io.IoBuffer;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.spi.CollectorHost;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// The collection of one zone: read, relocate, drain, settle, retire. Each step is bounded. When live bytes are left
/// at the end it waits for a while, and needs neither the relocator nor the buffer for it: another zone can have its
/// turn.
///
/// *Invariant 4*, checked before the zone is emptied: its live bytes, tombstones aside, have come down to 0. If they
/// have not, a live record lies where no valid block was found: the bytes are damaged, and the zone is kept.
final class ZoneCollection {
    /// Where the collection stands.
    enum State {
        READING,
        RELOCATING,
        DRAINING,
        SETTLING,
        WAITING,
        DONE,
        FAILED
    }

    private static final int RECORDS_PER_STEP = 64;
    // An error may be one of the transfer.
    private static final int MAX_FAILED_READS = 3;
    // A writer moves an index entry first and the live bytes a moment later, unless it loses the processor in between.
    private static final long LIVE_WAIT_NS = 10_000_000_000L;

    private final CollectorHost host;
    private final ZoneTable zones;
    private final Relocator relocator;
    private final IoBuffer buffer;
    private final MemorySegment memory;
    private final ByteBuffer view;
    private final int zone;
    private final long end;
    private final int step;
    private final CRC32C crc = new CRC32C();

    private State state = State.READING;
    private boolean readPending;
    private int failedReads;
    private long loadedFrom;
    private int loaded;
    private int at;
    private long blockAddress;
    private int blockAt;
    private int recordAt;
    private int recordsEnd;
    private long settleTicket;
    private long waitingSince;

    ZoneCollection(final CollectorHost host, final Relocator relocator, final IoBuffer buffer, final int zone) {
        this.host = host;
        this.relocator = relocator;
        this.buffer = buffer;
        this.zone = zone;
        zones = host.zones();
        memory = buffer.memory();
        view = memory.asByteBuffer();
        step = host.geometry().blockSize();
        end = Math.min(zones.written(zone), zones.capacity());
        relocator.begin();
    }

    int zone() {
        return zone;
    }

    boolean isOver() {
        return state == State.DONE || state == State.FAILED;
    }

    boolean isDone() {
        return state == State.DONE;
    }

    /// Whether live bytes are left for which the zone waits. Nothing of it is in the relocator any more.
    boolean isWaiting() {
        return state == State.WAITING;
    }

    /// One bounded step.
    ///
    /// @return amount of work done
    int doWork() {
        return switch (state) {
            case READING -> read();
            case RELOCATING -> relocate();
            case DRAINING -> drain();
            case SETTLING -> settle();
            case WAITING -> await();
            case DONE, FAILED -> 0;
        };
    }

    void onRead(final long result) {
        readPending = false;
        if (result != loaded) {
            if (++failedReads >= MAX_FAILED_READS) {
                fail(loadedFrom, "reading " + loaded + " bytes gave " + result);
            }
            return;
        }
        failedReads = 0;
        at = 0;
        recordAt = 0;
        recordsEnd = 0;
        state = State.RELOCATING;
    }

    private int read() {
        if (readPending) {
            return 0;
        }
        if (loadedFrom >= end) {
            relocator.flush();
            state = State.DRAINING;
            return 1;
        }
        loaded = (int) Math.min(memory.byteSize(), end - loadedFrom);
        readPending = host.read(zone, loadedFrom, buffer, loaded, zone);
        return readPending ? 1 : 0;
    }

    private int relocate() {
        for (int i = 0; i < RECORDS_PER_STEP; i++) {
            if (recordAt >= recordsEnd && !nextBlock()) {
                return 1;
            }
            if (recordAt < recordsEnd && !takeRecord()) {
                return i;
            }
        }
        return RECORDS_PER_STEP;
    }

    /// Steps to the next valid block; false if it is not loaded, or the collection is over.
    private boolean nextBlock() {
        while (at < loaded) {
            final long left = end - loadedFrom - at;
            if (loaded - at < Math.min(host.blockBytes(), left)) {
                break;
            }
            final boolean valid = BlockFormat.isHeaderValid(memory, view, at, loaded - at, crc)
                    && BlockFormat.zoneGeneration(memory, at) == zones.generation(zone)
                    && host.holdsRecords(memory, at)
                    && BlockFormat.isPayloadValid(memory, view, at, crc);
            if (!valid) {
                // A block torn by a power cut, or left over, holds nothing live, nor does metadata that was tried
                // here; a damaged one will be missed at the end.
                at += step;
                continue;
            }
            final int payload = BlockFormat.payloadLength(memory, at);
            blockAddress = host.geometry().address(zone, loadedFrom + at);
            blockAt = at;
            recordAt = at + BlockFormat.HEADER_LENGTH;
            recordsEnd = recordAt + payload;
            at += BlockFormat.appendLength(payload, step);
            return true;
        }
        loadedFrom += at;
        state = State.READING;
        return false;
    }

    private boolean takeRecord() {
        final String reason = RecordFormat.invalidReason(memory, view, recordAt, recordsEnd, crc);
        if (reason != null) {
            fail(loadedFrom + recordAt, reason);
            return false;
        }
        final int flags = RecordFormat.flags(memory, recordAt);
        final long address = blockAddress + (recordAt - blockAt);
        if ((flags & RecordFormat.FLAG_PADDING) == 0) {
            final long entry = host.entryOf(memory, recordAt);
            final boolean tombstone = (flags & RecordFormat.FLAG_TOMBSTONE) != 0;
            final boolean live = tombstone
                    ? entry == 0 && RecordFormat.logPosition(memory, recordAt) >= zones.lowestHorizonExcept(zone)
                    : entry != 0 && !IndexEntry.isMemory(entry) && IndexEntry.deviceAddress(entry) == address;
            if (live && !relocator.add(memory, recordAt, tombstone ? 0 : entry, address)) {
                return false;
            }
        }
        recordAt += RecordFormat.align(RecordFormat.length(memory, recordAt));
        return true;
    }

    private int drain() {
        if (!relocator.isDrained()) {
            return 0;
        }
        settleTicket = host.settle();
        state = State.SETTLING;
        return 1;
    }

    private int settle() {
        if (!host.isSettled(settleTicket)) {
            return 0;
        }
        if (left() == 0) {
            host.retire(zone);
            state = State.DONE;
        } else {
            waitingSince = host.nanoTime();
            state = State.WAITING;
        }
        return 1;
    }

    private int await() {
        if (left() == 0) {
            // What superseded the records that were left came later than what was settled.
            settleTicket = host.settle();
            state = State.SETTLING;
            return 1;
        }
        if (host.nanoTime() - waitingSince > LIVE_WAIT_NS) {
            fail(0, left() + " live bytes were not found in the zone");
        }
        // Nothing to do but wait: the agent may sleep.
        return 0;
    }

    private long left() {
        return zones.liveBytes(zone) - zones.tombstoneBytes(zone);
    }

    private void fail(final long offset, final String reason) {
        host.corrupt(zone, offset, reason);
        if (state != State.WAITING) {
            relocator.flush();
        }
        state = State.FAILED;
    }
}
