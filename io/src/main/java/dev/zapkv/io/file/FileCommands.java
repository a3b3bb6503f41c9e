/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.command.CommandTable;
import dev.zapkv.io.command.Commands;
import dev.zapkv.io.command.Descriptor;
import dev.zapkv.io.command.IoEngine;
import dev.zapkv.io.command.LifetimeHints;
import dev.zapkv.io.emulated.EmulatedZones;
import dev.zapkv.io.linux.Errno;

/// Commands on zone files: an append gets its place when it is accepted, because a file takes writes in any
/// order. Each zone file is synced by itself.
final class FileCommands extends Commands {
    private final EmulatedZones zones;
    private final ZoneFiles files;

    FileCommands(
            final ZoneGeometry geometry,
            final EmulatedZones zones,
            final ZoneFiles files,
            final IoEngine engine,
            final int queueDepth,
            final boolean direct,
            final LifetimeHints hints) {
        super(geometry, engine, queueDepth, geometry.zoneCount(), direct, hints);
        this.zones = zones;
        this.files = files;
    }

    @Override
    protected void startAppend(final int slot) {
        final int zone = table.zone[slot];
        final int length = table.length[slot];
        final int refusal = prepareZone(zone, length);
        if (refusal < 0) {
            end(slot, refusal);
            return;
        }
        zones.appendStarted(zone);
        counters.inFlight(zones.appendsInFlight(zone));
        table.zoneOffset[slot] = zones.assign(zone, length);
        start(slot);
    }

    @Override
    protected void startRead(final int slot) {
        if (files.exists(table.zone[slot])) {
            start(slot);
            return;
        }
        final int length = table.length[slot];
        table.buffer[slot].memory().asSlice(table.bufferOffset[slot], length).fill((byte) 0);
        end(slot, length);
    }

    /// A zone's data is of no interest any more.
    void zoneReset(final int zone) {
        flushes.reset(zone);
        counters.reset(zone);
    }

    /// Makes sure that a zone takes an append: 0 or {@code -errno}.
    private int prepareZone(final int zone, final int length) {
        final int refusal = zones.refusal(zone, length);
        if (refusal == 0 && zones.state(zone) == ZoneState.EMPTY) {
            try {
                files.create(zone, false);
            } catch (final DeviceException e) {
                return -errnoOf(e);
            }
        }
        return refusal;
    }

    /// Takes a descriptor for the command and hands it to the engine.
    private void start(final int slot) {
        try {
            final Descriptor descriptor = files.writer(table.zone[slot]);
            final boolean acquired = descriptor.acquire();
            assert acquired : "the table never hands out a closed descriptor";
            table.descriptor[slot] = descriptor;
        } catch (final DeviceException e) {
            endTransfer(slot, -errnoOf(e));
            return;
        }
        if (table.kind[slot] == CommandTable.APPEND) {
            hint(slot);
        }
        table.position[slot] = table.zoneOffset[slot];
        issue(slot);
    }

    @Override
    protected void onTransfer(final int slot, final int result) {
        resumeOrEnd(slot, result);
    }

    @Override
    protected void endTransfer(final int slot, final int result) {
        if (table.descriptor[slot] != null) {
            table.descriptor[slot].release();
        }
        if (table.kind[slot] == CommandTable.READ) {
            end(slot, result);
            return;
        }
        final int zone = table.zone[slot];
        zones.appendEnded(zone);
        if (!isDurable(slot)) {
            flushes.written(zone); // also after a failure: part of it may have been written
        } else if (result == -Errno.EIO && flushes.isDirty(zone)) {
            flushes.fail(zone, result); // perhaps it was the sync that failed, and with it earlier appends
        }
        end(slot, result < 0 ? result : appended(slot, table.zoneOffset[slot]));
        closeWriterIfDone(zone);
    }

    /// A full zone needs its descriptor for appends no more once everything is durable.
    void closeWriterIfDone(final int zone) {
        if (zones.state(zone) == ZoneState.FULL && zones.appendsInFlight(zone) == 0 && !flushes.isDirty(zone)) {
            files.closeWriter(zone);
        }
    }

    @Override
    protected Descriptor syncTarget(final int zone) {
        return files.exists(zone) ? files.writer(zone) : null;
    }

    @Override
    protected void onSynced(final int zone) {
        closeWriterIfDone(zone);
    }

    /// Makes everything durable on the calling thread; nothing is in flight.
    ///
    /// @return 0 or {@code -errno}, also of an earlier failed sync
    int syncAll() {
        int failure = flushes.failure();
        for (int zone = 0; zone < geometry.zoneCount(); zone++) {
            if (flushes.isDirty(zone)) {
                failure = Math.min(failure, files.syncNow(zone));
            }
        }
        return failure;
    }
}
