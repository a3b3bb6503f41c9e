/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.emulated;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.linux.Errno;
import java.util.Arrays;

/// The zone state machine of a device that emulates zones: states, write pointers, limits, appends in flight.
///
/// | from | append | open | finish | reset |
/// |---|---|---|---|---|
/// | EMPTY | OPEN | OPEN | FULL | EMPTY |
/// | OPEN | OPEN, FULL at the capacity | OPEN | FULL | EMPTY |
/// | CLOSED | OPEN, FULL at the capacity | OPEN | FULL | EMPTY |
/// | FULL | EINVAL | EINVAL | FULL | EMPTY |
/// | READ_ONLY | EROFS | EROFS | EROFS | EROFS |
/// | OFFLINE | EIO | EIO | EIO | EIO |
///
/// Invariants: {@code 0 ≤ writePointer ≤ capacity}; {@code open ≤ maxOpen}, {@code open + closed ≤ maxActive}
/// where the limits are not 0; a zone is finished and reset only with no append in flight.
public final class EmulatedZones {
    private final ZoneGeometry geometry;
    private final ZoneState[] states;
    private final long[] writePointers;
    private final boolean[] inexact;
    private final int[] appendsInFlight;
    private final boolean fullWhenIdle;
    private int openCount;
    private int closedCount;

    /// All zones empty. A zone is full as soon as its last byte is assigned.
    public EmulatedZones(final ZoneGeometry geometry) {
        this(geometry, false);
    }

    /// All zones empty.
    ///
    /// @param fullWhenIdle whether a zone stays open until the appends that fill it have ended, because a drive
    ///                     counts it against its limits until then
    public EmulatedZones(final ZoneGeometry geometry, final boolean fullWhenIdle) {
        this.geometry = geometry;
        this.fullWhenIdle = fullWhenIdle;
        states = new ZoneState[geometry.zoneCount()];
        Arrays.fill(states, ZoneState.EMPTY);
        writePointers = new long[geometry.zoneCount()];
        inexact = new boolean[geometry.zoneCount()];
        appendsInFlight = new int[geometry.zoneCount()];
    }

    /// State of a zone.
    public ZoneState state(final int zone) {
        return states[zone];
    }

    /// Next writable offset of a zone.
    public long writePointer(final int zone) {
        return writePointers[zone];
    }

    /// Appends accepted and not yet ended.
    public int appendsInFlight(final int zone) {
        return appendsInFlight[zone];
    }

    /// One zone as the device reports it.
    public ZoneInfo report(final int zone) {
        return new ZoneInfo(zone, states[zone], writePointers[zone], geometry.zoneCapacity(), !inexact[zone]);
    }

    /// Sets a zone as it was found on the media.
    public void restore(final int zone, final ZoneState state, final long writePointer, final boolean exact) {
        move(zone, state);
        writePointers[zone] = writePointer;
        inexact[zone] = !exact;
    }

    /// Whether an append would be taken now.
    ///
    /// @return 0 or {@code -errno}: EINVAL (full), ENOSPC (beyond the capacity), EROFS, EIO, EOVERFLOW
    ///         (active limit), ETOOMANYREFS (open limit)
    public int refusal(final int zone, final int length) {
        return switch (states[zone]) {
            case EMPTY, CLOSED -> length > geometry.zoneCapacity() - writePointers[zone] ? -Errno.ENOSPC : limits(zone);
            case OPEN -> openRefusal(zone, length);
            case FULL -> -Errno.EINVAL;
            case READ_ONLY -> -DeviceException.EROFS;
            case OFFLINE -> -Errno.EIO;
        };
    }

    private int openRefusal(final int zone, final int length) {
        final long left = geometry.zoneCapacity() - writePointers[zone];
        if (left == 0) {
            return -Errno.EINVAL; // full but for appends that have not ended
        }
        return length > left ? -Errno.ENOSPC : 0;
    }

    /// Assigns the write pointer to an append that {@link #refusal} let pass.
    ///
    /// @return the append's offset in the zone
    public long assign(final int zone, final int length) {
        final long offset = writePointers[zone];
        assert refusal(zone, length) == 0 : "zone=" + zone + " length=" + length;
        writePointers[zone] = offset + length;
        move(zone, isFilled(zone) && !fullWhenIdle ? ZoneState.FULL : ZoneState.OPEN);
        return offset;
    }

    /// An append was accepted: the zone is busy, whether or not its place is assigned already.
    public void appendStarted(final int zone) {
        appendsInFlight[zone]++;
    }

    /// An accepted append ended, well or badly.
    public void appendEnded(final int zone) {
        appendsInFlight[zone]--;
        if (fullWhenIdle && appendsInFlight[zone] == 0 && isFilled(zone) && states[zone] == ZoneState.OPEN) {
            move(zone, ZoneState.FULL);
        }
    }

    private boolean isFilled(final int zone) {
        return writePointers[zone] == geometry.zoneCapacity();
    }

    /// Explicit open.
    public void open(final int zone) {
        check(zone, "open", openRefusal(zone));
        move(zone, ZoneState.OPEN);
    }

    /// Whether an explicit open would be refused: 0 or {@code -errno}.
    public int openRefusal(final int zone) {
        return switch (states[zone]) {
            case EMPTY, CLOSED -> limits(zone);
            case OPEN -> 0;
            case FULL -> -Errno.EINVAL;
            case READ_ONLY -> -DeviceException.EROFS;
            case OFFLINE -> -Errno.EIO;
        };
    }

    /// Makes a zone full.
    public void finish(final int zone) {
        check(zone, "finish", managementRefusal(zone));
        requireIdle(zone, "finish");
        move(zone, ZoneState.FULL);
    }

    /// Makes a zone empty.
    public void reset(final int zone) {
        check(zone, "reset", managementRefusal(zone));
        requireIdle(zone, "reset");
        move(zone, ZoneState.EMPTY);
        writePointers[zone] = 0;
        inexact[zone] = false;
    }

    /// Refuses an operation that no append may overlap.
    public void requireIdle(final int zone, final String operation) {
        if (appendsInFlight[zone] != 0) {
            throw new IllegalStateException(operation + " of zone=" + zone + " with " + appendsInFlight[zone]
                    + " appends in flight: poll until they have completed");
        }
    }

    /// Fails an operation that was refused.
    ///
    /// @param result 0 or {@code -errno}
    public void check(final int zone, final String operation, final int result) {
        if (result < 0) {
            throw new DeviceException(
                    operation + " of zone=" + zone + " refused in state " + states[zone] + ": "
                            + Errno.describe(-result) + " (open=" + openCount + " of " + geometry.maxOpen()
                            + ", active=" + (openCount + closedCount) + " of " + geometry.maxActive()
                            + "; 0 is no limit)",
                    -result);
        }
    }

    /// Whether a finish or reset would be refused for the zone's state: 0 or {@code -errno}.
    public int managementRefusal(final int zone) {
        return switch (states[zone]) {
            case READ_ONLY -> -DeviceException.EROFS;
            case OFFLINE -> -Errno.EIO;
            case EMPTY, OPEN, CLOSED, FULL -> 0;
        };
    }

    private int limits(final int zone) {
        final boolean becomesActive = states[zone] == ZoneState.EMPTY;
        if (becomesActive && geometry.maxActive() != 0 && openCount + closedCount >= geometry.maxActive()) {
            return -Errno.EOVERFLOW;
        }
        return geometry.maxOpen() != 0 && openCount >= geometry.maxOpen() ? -Errno.ETOOMANYREFS : 0;
    }

    private void move(final int zone, final ZoneState to) {
        final ZoneState from = states[zone];
        openCount += count(to, ZoneState.OPEN) - count(from, ZoneState.OPEN);
        closedCount += count(to, ZoneState.CLOSED) - count(from, ZoneState.CLOSED);
        states[zone] = to;
    }

    private static int count(final ZoneState state, final ZoneState wanted) {
        return state == wanted ? 1 : 0;
    }
}
