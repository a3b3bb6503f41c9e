/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.checkpoint;

import dev.zapkv.store.format.CheckpointPart;
import dev.zapkv.store.format.CheckpointRef;
import dev.zapkv.store.format.PartPointer;
import dev.zapkv.store.format.ZoneNote;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.store.log.DevicePort;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// Writes checkpoints in the background: the index, shard by shard, while writers go on, so that opening the
/// store reads the checkpoint and replays only what was appended since it began.
///
/// A checkpoint *begins* at a quiet moment: no append is in flight and no relocation is half done. Then every
/// record in a block before {@code firstBlock} is in the index, and nothing newer lies before the noted write
/// pointers. It is
/// *dumped* piece by piece. Entries of records that are still in staging are left out: replay finds those
/// records, because the checkpoint is *committed* only when all blocks up to the last one claimed during the
/// dump are on stable media. See docs/checkpoints.md for why replay behind it ends in the same index as
/// replay of everything.
///
/// The parts of a shard that has not changed since the checkpoint before are not written again.
///
/// Belongs to the I/O agent.
public final class CheckpointWriter implements AutoCloseable {
    private static final long QUIET_WAIT_NS = TimeUnit.MILLISECONDS.toNanos(50);
    // The device may need seconds for what is in flight.
    private static final long STUCK_NS = TimeUnit.SECONDS.toNanos(10);
    private static final int MAX_QUIET_ATTEMPTS = 10;
    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(200);

    private final AppendAgent append;
    private final ZoneAllocator allocator;
    private final ZoneTable zones;
    private final PointIndex index;
    private final CheckpointHost host;
    private final LongSupplier nanoClock;
    private final PartAppender parts;
    private final RetainedCheckpoints retained;
    private final CheckpointPace pace;
    private final long[] piece;

    private State state = State.IDLE;
    private CheckpointDump dump;
    private long nextNumber;
    private String refused = "";
    private long taken;
    private int quietAttempts;
    private long movedAt;
    private boolean landedSince;

    private enum State {
        IDLE,
        QUIETING,
        DUMPING,
        SETTLING,
        ABANDONING
    }

    /// @param logBytes appended bytes from one checkpoint to the next; 0: decided by the size of the index
    /// @param known    checkpoints the store may be opened from, newest first
    /// @param replayed bytes appended since the newest of them began
    public CheckpointWriter(
            final DevicePort port,
            final AppendAgent append,
            final ZoneAllocator allocator,
            final ZoneTable zones,
            final PointIndex index,
            final CheckpointHost host,
            final StoreId storeId,
            final long epoch,
            final long logBytes,
            final LongSupplier nanoClock,
            final List<Checkpoint> known,
            final long replayed) {
        this.append = append;
        this.allocator = allocator;
        this.zones = zones;
        this.index = index;
        this.host = host;
        this.nanoClock = nanoClock;
        long newestPart = 0;
        for (final Checkpoint checkpoint : known) {
            nextNumber = Math.max(nextNumber, checkpoint.ref().number());
            newestPart = Math.max(newestPart, checkpoint.ref().root().number());
        }
        nextNumber++;
        parts = new PartAppender(
                port, allocator, zones, storeId, epoch, append.staging().blockBytes(), newestPart + 1, this::landed);
        piece = new long[2 * parts.capacity(CheckpointPart.ENTRIES)];
        retained = new RetainedCheckpoints(zones, allocator, host, known);
        pace = new CheckpointPace(host, logBytes, replayed, this::estimatedBytes, nanoClock);
    }

    /// Whether the store keeps checkpoints at all.
    public boolean isEnabled() {
        return allocator.checkpointZones() > 0;
    }

    /// Asks for a checkpoint as soon as possible and at full speed.
    public void request() {
        if (isEnabled()) {
            pace.request();
        } else {
            refused = "a store of so few zones keeps none";
        }
    }

    /// Whether a request is still being worked on.
    public boolean isRequested() {
        return pace.isRequested() || state != State.IDLE;
    }

    /// Whether anything was appended since the newest checkpoint began.
    public boolean isBehind() {
        return isEnabled() && (retained.isEmpty() || pace.isBehind());
    }

    /// Checkpoints written in this life of the store.
    public long taken() {
        return taken;
    }

    /// Bytes appended for checkpoints in this life of the store.
    public long appendedBytes() {
        return parts.appendedBytes();
    }

    /// Why the last checkpoint was not written; empty if it was.
    public String refused() {
        return refused;
    }

    /// Checkpoints the store may be opened from, newest first.
    public List<CheckpointRef> refs() {
        return retained.refs();
    }

    /// Empties the zones of the stream that hold nothing which is needed.
    public void sweep() {
        retained.sweep();
    }

    /// Gives up all checkpoints, since their zones are needed more: without one no collection would ever end. The next
    /// opening replays the whole log, unless a checkpoint comes before.
    ///
    /// @return whether that emptied a zone
    public boolean giveUpZones() {
        final boolean needed = append.outOfRoom() || !allocator.isReserveWhole();
        if (!needed || isRequested() || !retained.dropAll()) {
            return false;
        }
        pace.postpone();
        return true;
    }

    /// One bounded step.
    ///
    /// @return amount of work done
    public int doWork() {
        int work = parts.doWork();
        if (parts.failure() != null && state != State.ABANDONING) {
            giveUp(parts.failure());
        }
        work += step();
        if (state != State.IDLE && !isMoving(work) && state != State.ABANDONING) {
            giveUp("the store or its device did not come to the point where it could be written");
        }
        return work;
    }

    private int step() {
        return switch (state) {
            case IDLE -> begin();
            case QUIETING -> quiet();
            case DUMPING -> dump();
            case SETTLING -> settle();
            case ABANDONING -> abandon();
        };
    }

    /// Whether the checkpoint has come nearer to its end within the time that it is given for that: nobody
    /// may wait for it for ever.
    private boolean isMoving(final int work) {
        final long now = nanoClock.getAsLong();
        if (work > 0 || landedSince) {
            landedSince = false;
            movedAt = now;
        }
        return now - movedAt <= STUCK_NS;
    }

    private void giveUp(final String reason) {
        refused = reason;
        if (state == State.QUIETING) {
            append.hold(false);
            host.holdCollector(false);
        }
        state = State.ABANDONING;
    }

    private int begin() {
        if (!isEnabled() || !pace.isDue()) {
            return 0;
        }
        if (!makeRoom()) {
            postpone();
            return 0;
        }
        state = State.QUIETING;
        movedAt = nanoClock.getAsLong();
        append.hold(true);
        host.holdCollector(true);
        pace.pause(QUIET_WAIT_NS);
        return 1;
    }

    private long estimatedBytes() {
        return index.size() * CheckpointPart.ENTRY_LENGTH + (long) zones.usedZones() * ZoneNote.LENGTH;
    }

    /// Gives up the older checkpoint if the new one would not fit beside both.
    private boolean makeRoom() {
        final long capacity = zones.capacity();
        final long needed = (estimatedBytes() * 5 / 4 + capacity - 1) / capacity + 1;
        if (isRoomFor(needed) || (retained.dropOlder() && isRoomFor(needed))) {
            return true;
        }
        refused = "a checkpoint needs " + needed + " zones beside the one before, " + allocator.checkpointZones()
                + " may be used in all";
        return false;
    }

    private boolean isRoomFor(final long zonesNeeded) {
        return allocator.checkpointsTaken() + zonesNeeded <= allocator.checkpointZones();
    }

    /// Not now; when as much again was logged.
    private void postpone() {
        pace.postpone();
        state = State.IDLE;
    }

    private int quiet() {
        if (append.isQuiet() && host.isCollectorQuiet()) {
            note();
            append.hold(false);
            // On a drive without an open zone to spare collections pause until the checkpoint is written.
            host.holdCollector(allocator.sharesPlaces());
            quietAttempts = 0;
            state = State.DUMPING;
            return 1;
        }
        if (append.isRepeating() || pace.isPauseOver()) {
            // What holds the others up may need them to go on.
            append.hold(false);
            host.holdCollector(false);
            pace.pause(RETRY_NS);
            state = State.IDLE;
            if (++quietAttempts >= MAX_QUIET_ATTEMPTS) {
                quietAttempts = 0;
                refused = "garbage collection or a repeated append found no place to end";
                postpone();
            }
        }
        return 0;
    }

    private void note() {
        pace.begun();
        // If parts take so many zones already it is better to write all anew.
        final boolean anew = retained.isEmpty() || allocator.checkpointsTaken() > allocator.checkpointZones() / 2;
        dump = new CheckpointDump(
                index, zones, append, host, parts, nextNumber, piece, anew ? null : retained.newest(), this::mayGoOn);
        if (allocator.sharesPlaces()) {
            allocator.leave(Stream.GC);
        }
    }

    private int dump() {
        final int work = dump.step();
        if (state == State.DUMPING && dump.isSent()) {
            append.flushBehind(dump.lastBlock());
            state = State.SETTLING;
        }
        return work;
    }

    private boolean mayGoOn() {
        return !isInTheWay() && pace.mayGoOn(dump.appendedBytes());
    }

    /// Whether writers wait for a collection that waits for the checkpoint: then there will be none.
    private boolean isInTheWay() {
        if (allocator.sharesPlaces() && append.isStuck()) {
            giveUp("writers needed the zones");
            return true;
        }
        return false;
    }

    private void landed(final PartPointer part) {
        landedSince = true;
        dump.landed(part);
    }

    private int settle() {
        if (isInTheWay() || append.flushed() < dump.lastBlock() || append.flushRequired()) {
            return 0;
        }
        retained.add(dump.complete());
        pace.committed();
        nextNumber++;
        taken++;
        refused = "";
        finish();
        return 1;
    }

    private int abandon() {
        if (!parts.abandon()) {
            return 0;
        }
        if (dump != null) {
            dump.discard();
        }
        finish();
        postpone();
        sweep();
        return 1;
    }

    private void finish() {
        dump = null;
        pace.ended();
        state = State.IDLE;
        if (allocator.sharesPlaces()) {
            allocator.leave(Stream.CHECKPOINT);
            host.holdCollector(false);
        }
    }

    /// Releases memory. No command is in flight.
    @Override
    public void close() {
        parts.close();
    }
}
