/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sequential;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.command.CommandTable;
import dev.zapkv.io.command.Commands;
import dev.zapkv.io.command.Descriptor;
import dev.zapkv.io.command.IntQueue;
import dev.zapkv.io.command.IoEngine;
import dev.zapkv.io.command.LifetimeHints;
import dev.zapkv.io.emulated.EmulatedZones;
import dev.zapkv.io.linux.Errno;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;

/// Commands on zones that take writes only at their write pointer.
///
/// *Append.* Each zone has a queue. An append leaves it, and gets the write pointer as its place, when fewer than
/// {@code depth} writes of the zone are at the drive; they go there in the order of their places.
///
/// *After a failed or short write* nothing more is sent to the zone. When its other writes have come back the drive
/// is asked where the zone stands, and that is where it goes on:
///
/// | the first failed write | what happens to it |
/// |---|---|
/// | was short, and the drive's write pointer agrees | its rest is written |
/// | was cancelled or interrupted | it is put back in the queue and gets a new place |
/// | EIO, and the write pointer did not move | it is tried once more: perhaps it only came out of order |
/// | anything else | it has failed; what the drive's write pointer passed over is a hole |
///
/// Writes behind the first one fail because of it: their addresses were told nobody, so they are put back in front
/// of the queue and get new places. Each round ends a command or uses up one of its restarts, so there is an end.
///
/// *Open zones.* At the drive's limit of open zones one that was opened by a write and is idle is closed for the next
/// one; while all are busy the next one waits. Only zones that were opened explicitly are kept open: when they use up
/// the limit, appends to others fail with ETOOMANYREFS. Closed zones count as active; at that limit appends to empty
/// zones fail with EOVERFLOW.
///
/// *Reads.* Bytes above what was written since the last reset are zeros, without asking the drive, which might
/// answer with anything.
public final class SequentialCommands extends Commands {
    private static final int NONE = -1;
    private static final int SHORT = 0;
    private static final int WHOLE_DRIVE = 0;

    private final EmulatedZones zones;
    private final SequentialMedia media;
    private final int depth;
    private final int[] next;
    private final int[] firstWaiting;
    private final int[] lastWaiting;
    private final int[] firstFailed;
    private final int[] writesAtDrive;
    private final boolean[] seen;
    private final boolean[] explicitlyOpen;

    /// End of what was written since the last reset, by zone. Written by the one caller with release, read by any
    /// thread with acquire: who was told of a completion sees its data.
    private final AtomicLongArray written;

    private final IntQueue stalled;
    private final boolean[] isStalled;
    private int closeNext;

    /// The state of each zone has to be taken over before anything else.
    ///
    /// @param depth writes of one zone that may be at the drive
    /// @param hints where lifetimes go
    public SequentialCommands(
            final ZoneGeometry geometry,
            final SequentialMedia media,
            final IoEngine engine,
            final int queueDepth,
            final int depth,
            final LifetimeHints hints) {
        super(geometry, engine, queueDepth, 1, true, hints);
        this.media = media;
        this.depth = depth;
        zones = new EmulatedZones(geometry, true);
        next = new int[queueDepth];
        firstWaiting = none(geometry.zoneCount());
        lastWaiting = none(geometry.zoneCount());
        firstFailed = none(geometry.zoneCount());
        writesAtDrive = new int[geometry.zoneCount()];
        seen = new boolean[geometry.zoneCount()];
        explicitlyOpen = new boolean[geometry.zoneCount()];
        stalled = new IntQueue(geometry.zoneCount());
        isStalled = new boolean[geometry.zoneCount()];
        written = new AtomicLongArray(geometry.zoneCount());
    }

    private static int[] none(final int length) {
        final int[] links = new int[length];
        Arrays.fill(links, NONE);
        return links;
    }

    /// The zones as this side knows them.
    EmulatedZones zones() {
        return zones;
    }

    /// End of what was written to a zone since its last reset. Callable from any thread.
    long written(final int zone) {
        return written.getAcquire(zone);
    }

    /// Takes a zone's state from the drive; nothing of it is in flight.
    ///
    /// @throws DeviceException if the drive does not tell, or somebody else changed the zone
    void refresh(final int zone) {
        adopt(media.inspect(zone));
    }

    /// Takes a zone's state over.
    void adopt(final ZoneInfo info) {
        final int zone = info.zone();
        final ZoneState state = info.state();
        final long known = written.getPlain(zone);
        if (state == ZoneState.READ_ONLY || state == ZoneState.OFFLINE) {
            adoptDying(info);
        } else if (info.writePointer() < known) {
            throw new DeviceException(
                    "zone=" + zone + " was written up to " + known + ", but the drive says writePointer="
                            + info.writePointer() + ": somebody else reset it",
                    Errno.EIO);
        } else {
            zones.restore(zone, state, info.writePointer(), info.writePointerExact());
            written.setRelease(zone, info.writePointer());
        }
        seen[zone] = true;
    }

    /// The drive's write pointers of such zones are garbage. What this side knew before is exact.
    private void adoptDying(final ZoneInfo info) {
        final int zone = info.zone();
        if (!seen[zone]) {
            zones.restore(zone, info.state(), info.writePointer(), info.writePointerExact());
            written.setRelease(zone, info.writePointer());
        } else if (zones.state(zone) != info.state()) {
            final boolean exact = zones.report(zone).writePointerExact();
            zones.restore(zone, info.state(), exact ? written.getPlain(zone) : geometry.zoneCapacity(), exact);
        }
    }

    /// An earlier process may have written what is not durable yet: the first flush covers it.
    void writtenBefore() {
        flushes.written(WHOLE_DRIVE);
    }

    /// A zone was emptied.
    void zoneReset(final int zone) {
        zones.reset(zone);
        explicitlyOpen[zone] = false;
        written.setRelease(zone, 0);
        counters.reset(zone);
    }

    /// A zone was made full; what lies above its data is of no interest.
    void zoneFinished(final int zone) {
        explicitlyOpen[zone] = false;
        zones.restore(zone, ZoneState.FULL, geometry.zoneCapacity(), true);
    }

    @Override
    protected void startAppend(final int slot) {
        final int zone = table.zone[slot];
        zones.appendStarted(zone);
        next[slot] = NONE;
        if (firstWaiting[zone] == NONE) {
            firstWaiting[zone] = slot;
        } else {
            next[lastWaiting[zone]] = slot;
        }
        lastWaiting[zone] = slot;
        pump(zone);
        serveStalled(zone);
    }

    /// Sends what waits for a zone, as far as it may be sent.
    private void pump(final int zone) {
        while (firstWaiting[zone] != NONE && firstFailed[zone] == NONE && writesAtDrive[zone] < depth) {
            final int slot = firstWaiting[zone];
            firstWaiting[zone] = next[slot];
            final int left = table.length[slot] - table.done[slot];
            int refusal = zones.refusal(zone, left);
            if (refusal == -Errno.ETOOMANYREFS) {
                if (closeIdleZone()) {
                    refusal = zones.refusal(zone, left);
                } else if (canOneBecomeIdle()) {
                    stall(slot);
                    return;
                }
            }
            if (refusal < 0) {
                endTransfer(slot, refusal);
            } else {
                place(slot);
            }
        }
    }

    /// Makes room for another open zone, as drives do by themselves where they can: closes one that was opened by
    /// a write and that nobody writes to now.
    ///
    /// @return whether one was closed
    boolean closeIdleZone() {
        for (int i = 0; i < geometry.zoneCount(); i++) {
            closeNext = closeNext + 1 == geometry.zoneCount() ? 0 : closeNext + 1;
            if (zones.state(closeNext) == ZoneState.OPEN
                    && !explicitlyOpen[closeNext]
                    && zones.appendsInFlight(closeNext) == 0) {
                try {
                    media.closeZone(closeNext, zones.writePointer(closeNext) == 0);
                    refresh(closeNext);
                } catch (final DeviceException e) {
                    return false; // the refusal stands, and says what is short
                }
                return true;
            }
        }
        return false;
    }

    /// Whether an open zone will be idle, and can then be closed, without anybody doing anything.
    private boolean canOneBecomeIdle() {
        for (int zone = 0; zone < geometry.zoneCount(); zone++) {
            if (zones.state(zone) == ZoneState.OPEN && !explicitlyOpen[zone] && zones.appendsInFlight(zone) > 0) {
                return true;
            }
        }
        return false;
    }

    /// Lets a zone wait until another one is idle and can be closed.
    private void stall(final int slot) {
        final int zone = table.zone[slot];
        next[slot] = NONE;
        putBackInFront(slot);
        if (!isStalled[zone]) {
            isStalled[zone] = true;
            stalled.add(zone);
        }
    }

    private void serveStalled(final int idleZone) {
        if (stalled.isEmpty() || zones.appendsInFlight(idleZone) > 0) {
            return;
        }
        for (int count = stalled.size(); count > 0; count--) {
            final int zone = stalled.remove();
            isStalled[zone] = false;
            pump(zone); // may stall it again
        }
    }

    /// A zone was opened explicitly: it stays open until it is full or reset.
    void zoneOpened(final int zone) {
        zones.open(zone);
        explicitlyOpen[zone] = true;
    }

    private void place(final int slot) {
        final int zone = table.zone[slot];
        try {
            acquire(slot, media.writer(zone));
        } catch (final DeviceException e) {
            endTransfer(slot, -errnoOf(e));
            return;
        }
        final int left = table.length[slot] - table.done[slot];
        table.zoneOffset[slot] = zones.assign(zone, left) - table.done[slot];
        table.position[slot] = media.position(zone, table.zoneOffset[slot]);
        writesAtDrive[zone]++;
        counters.inFlight(writesAtDrive[zone]);
        hint(slot);
        issue(slot);
    }

    private void acquire(final int slot, final Descriptor descriptor) {
        final boolean acquired = descriptor.acquire();
        assert acquired : "nobody hands out a closed descriptor";
        table.descriptor[slot] = descriptor;
    }

    @Override
    protected void startRead(final int slot) {
        final int zone = table.zone[slot];
        final int length = table.length[slot];
        final int readable = Math.clamp(written.getPlain(zone) - table.zoneOffset[slot], 0, length);
        if (readable < length) {
            table.buffer[slot]
                    .memory()
                    .asSlice(table.bufferOffset[slot] + readable, length - readable)
                    .fill((byte) 0);
        }
        if (readable == 0) {
            end(slot, length);
            return;
        }
        try {
            table.descriptor[slot] = media.reader(zone);
        } catch (final DeviceException e) {
            end(slot, -errnoOf(e));
            return;
        }
        table.wanted[slot] = readable;
        table.position[slot] = media.position(zone, table.zoneOffset[slot]);
        issue(slot);
    }

    @Override
    protected void onTransfer(final int slot, final int result) {
        if (table.kind[slot] == CommandTable.READ) {
            resumeOrEnd(slot, result);
        } else {
            onWritten(slot, result);
        }
    }

    private void onWritten(final int slot, final int result) {
        final int zone = table.zone[slot];
        table.descriptor[slot].release();
        table.descriptor[slot] = null;
        writesAtDrive[zone]--;
        if (result == table.length[slot] - table.done[slot]) {
            table.done[slot] = table.length[slot];
            final long end = table.zoneOffset[slot] + table.length[slot];
            if (end > written.getPlain(zone)) {
                written.setRelease(zone, end);
            }
            endTransfer(slot, table.length[slot]);
        } else {
            onFailed(slot, result);
        }
        if (firstFailed[zone] == NONE) {
            pump(zone);
        } else if (writesAtDrive[zone] == 0) {
            recover(zone);
        }
        serveStalled(zone);
    }

    /// Keeps a failed or short write until the zone's other writes have come back, in the order of their places.
    private void onFailed(final int slot, final int result) {
        if (result >= 0) {
            table.done[slot] += result;
        }
        table.result[slot] = result >= 0 ? SHORT : result;
        final int zone = table.zone[slot];
        final long offset = table.zoneOffset[slot];
        int before = NONE;
        int after = firstFailed[zone];
        while (after != NONE && table.zoneOffset[after] < offset) {
            before = after;
            after = next[after];
        }
        next[slot] = after;
        if (before == NONE) {
            firstFailed[zone] = slot;
        } else {
            next[before] = slot;
        }
    }

    /// All writes of a zone have come back, some badly: goes on where the zone really stands.
    private void recover(final int zone) {
        final int first = firstFailed[zone];
        final int others = next[first];
        firstFailed[zone] = NONE;
        flushes.written(WHOLE_DRIVE); // part of it may have been written
        try {
            refresh(zone);
        } catch (final DeviceException e) {
            // Where the zone stands is not known: it takes no append before a reset, which refreshes it.
            zones.restore(zone, ZoneState.FULL, geometry.zoneCapacity(), false);
        }
        for (int slot = others; slot != NONE; slot = next[slot]) {
            table.done[slot] = 0;
        }
        if (others != NONE) {
            putBackInFront(others);
        }
        settle(first, zones.writePointer(zone));
        pump(zone);
        giveBackIfFull(zone);
    }

    private void settle(final int slot, final long reached) {
        final long place = table.zoneOffset[slot];
        final int result = table.result[slot] == SHORT ? -Errno.EIO : (int) table.result[slot];
        final boolean goesOn = table.result[slot] == SHORT
                && table.done[slot] > 0
                && table.done[slot] % geometry.blockSize() == 0
                && reached == place + table.done[slot];
        if (!goesOn) {
            table.done[slot] = 0;
        }
        final boolean again = isRestartable(result)
                ? table.restarts[slot] < RESTARTS_MAX
                : result == -Errno.EIO && reached == place && table.restarts[slot] == 0;
        final ZoneState state = zones.state(table.zone[slot]);
        final boolean writable = state == ZoneState.OPEN || state == ZoneState.CLOSED || state == ZoneState.EMPTY;
        if (writable && (goesOn || again)) {
            table.restarts[slot]++;
            next[slot] = NONE;
            putBackInFront(slot);
        } else {
            endTransfer(slot, writable ? result : stateError(state, result));
        }
    }

    /// The error that says why a zone takes no writes, if that is the reason.
    private static int stateError(final ZoneState state, final int result) {
        return state == ZoneState.READ_ONLY ? -DeviceException.EROFS : result;
    }

    /// Puts a chain of writes of one zone back, before those that never left the queue.
    private void putBackInFront(final int first) {
        final int zone = table.zone[first];
        int last = first;
        while (next[last] != NONE) {
            last = next[last];
        }
        next[last] = firstWaiting[zone];
        if (firstWaiting[zone] == NONE) {
            lastWaiting[zone] = last;
        }
        firstWaiting[zone] = first;
    }

    @Override
    protected void endTransfer(final int slot, final int result) {
        if (table.descriptor[slot] != null) {
            table.descriptor[slot].release();
            table.descriptor[slot] = null;
        }
        if (table.kind[slot] == CommandTable.READ) {
            end(slot, result < 0 ? result : table.length[slot]);
            return;
        }
        final int zone = table.zone[slot];
        zones.appendEnded(zone);
        if (result >= 0 && !isDurable(slot)) {
            flushes.written(WHOLE_DRIVE);
        }
        end(slot, result < 0 ? result : appended(slot, table.zoneOffset[slot]));
        giveBackIfFull(zone);
    }

    private void giveBackIfFull(final int zone) {
        if (zones.state(zone) == ZoneState.FULL && zones.appendsInFlight(zone) == 0) {
            explicitlyOpen[zone] = false;
            media.filled(zone);
        }
    }

    @Override
    protected Descriptor syncTarget(final int unit) {
        return media.syncTarget();
    }

    @Override
    protected void onSynced(final int unit) {
        // Nothing is kept for the sake of syncing.
    }

    /// Whether completed appends are not durable, or an earlier sync failed.
    boolean needsSync() {
        return flushes.isDirty(WHOLE_DRIVE) || flushes.failure() < 0;
    }

    /// Error of an earlier sync, or 0.
    int syncFailure() {
        return flushes.failure();
    }
}
