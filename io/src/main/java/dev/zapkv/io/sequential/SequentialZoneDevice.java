/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sequential;

import dev.zapkv.io.Capabilities;
import dev.zapkv.io.ConventionalZones;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.command.CommandDevice;
import dev.zapkv.io.command.IoEngine;
import dev.zapkv.io.emulated.CommandChecks;
import dev.zapkv.io.emulated.EmulatedZones;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// A device on {@link SequentialMedia}. The drive keeps the zones' states; this side keeps what it needs to decide
/// without asking, and asks whenever a zone is idle and somebody wants to know.
public abstract class SequentialZoneDevice extends CommandDevice {
    private final String name;
    private final SequentialMedia media;
    private final SequentialCommands commands;
    private final EmulatedZones zones;
    private final SequentialReader reader;

    /// An open device.
    ///
    /// @param name names the device in messages
    protected SequentialZoneDevice(
            final String name,
            final ZoneGeometry geometry,
            final Capabilities capabilities,
            final IoEngine engine,
            final SequentialMedia media,
            final SequentialCommands commands) {
        super(name, geometry, capabilities, engine, commands);
        this.name = name;
        this.media = media;
        this.commands = commands;
        zones = commands.zones();
        reader = new SequentialReader(name, geometry, media, commands::written);
    }

    /// Takes the zones over as the drive has them. Zones that an earlier user left open are closed: an open zone
    /// is one that this device writes. Called once, after construction.
    ///
    /// @param found what the drive said of each zone
    protected final void takeOver(final List<ZoneInfo> found) {
        commands.writtenBefore();
        for (final ZoneInfo info : found) {
            final boolean empty = info.writePointer() == 0;
            if (info.state() == ZoneState.OPEN || (info.state() == ZoneState.CLOSED && empty)) {
                media.closeZone(info.zone(), empty);
                commands.refresh(info.zone());
            } else {
                commands.adopt(info);
            }
        }
    }

    @Override
    public final void readSync(
            final long address, final MemorySegment target, final long targetOffset, final int length) {
        CommandChecks.addresses(geometry, address, length);
        reader.read(address, target, targetOffset, length);
    }

    @Override
    public final int readForgotten(final int zone, final MemorySegment target, final int length) {
        requireZone(zone);
        return media.readForgotten(zone, target, length);
    }

    @Override
    public final Optional<ConventionalZones> conventional() {
        return media.conventional();
    }

    @Override
    public final ZoneInfo report(final int zone) {
        requireZone(zone);
        if (zones.appendsInFlight(zone) == 0) {
            commands.refresh(zone);
        }
        return zones.report(zone);
    }

    @Override
    public final void open(final int zone) {
        requireZone(zone);
        if (zones.openRefusal(zone) == -Errno.ETOOMANYREFS) {
            commands.closeIdleZone();
        }
        zones.check(zone, "open", zones.openRefusal(zone));
        media.open(zone);
        commands.zoneOpened(zone);
    }

    @Override
    public final void finish(final int zone) {
        requireZone(zone);
        zones.check(zone, "finish", zones.managementRefusal(zone));
        zones.requireIdle(zone, "finish");
        if (zones.state(zone) != ZoneState.FULL || !zones.report(zone).writePointerExact()) {
            media.finish(zone);
            commands.zoneFinished(zone);
        }
    }

    @Override
    public final void reset(final int zone) {
        requireZone(zone);
        zones.check(zone, "reset", zones.managementRefusal(zone));
        zones.requireIdle(zone, "reset");
        media.reset(zone);
        commands.zoneReset(zone);
    }

    @Override
    public final void release(final int zone) {
        requireZone(zone);
        requireEmpty(zone, zones.state(zone));
    }

    @Override
    protected final void shutDown() {
        DeviceException failure = null;
        for (int zone = 0; zone < geometry.zoneCount(); zone++) {
            if (zones.state(zone) == ZoneState.OPEN) {
                try {
                    media.closeZone(zone, zones.writePointer(zone) == 0);
                } catch (final DeviceException e) {
                    failure = e; // the last of them speaks for all
                }
            }
        }
        requireSynced();
        if (failure != null) {
            throw failure;
        }
    }

    private void requireSynced() {
        if (!commands.needsSync()) {
            return;
        }
        final int result = Libc.fdatasync(media.syncTarget().fd());
        final int failure = Math.min(result, commands.syncFailure());
        if (failure < 0) {
            throw new DeviceException(
                    "data of " + name + " could not be made durable: " + Errno.describe(-failure)
                            + "; what was not flushed before may be lost",
                    -failure);
        }
    }

    @Override
    protected final void releaseMedia() {
        media.close();
        releaseLock();
    }

    /// Lets others use the zones; the last thing on closing.
    protected void releaseLock() {
        // A claim may go with the media.
    }
}
