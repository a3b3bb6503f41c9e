/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.FormatException;
import dev.zapkv.ZapKvException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.log.DevicePort;
import dev.zapkv.store.meta.MetadataLog;
import dev.zapkv.store.meta.MetadataPlaces;
import dev.zapkv.store.meta.MetadataSearch;
import dev.zapkv.zone.ZoneTable;
import java.util.concurrent.TimeUnit;

/// Makes an empty store on zones that hold anything, another store for instance.
///
/// *Images of the store before.* A failed append of metadata may leave a hole that shows what lay there before
/// the zone was emptied: an image of another store. So the new store goes on from the highest number that is
/// found, and its images are always the newest.
///
/// *Cut short at any moment*, one of the two stores is found, or an opening is refused: the first image of the
/// new store is written behind the newest of the old one, as that would have written its next, and only when it
/// is durable anything is erased. What then is left of the old store carries another identity, and is emptied
/// like garbage. Where the old metadata cannot be gone on from (none can be read, or it has moved to other zones,
/// or the drive takes no image there) it is erased first, so that nothing takes the rest for a store.
public final class StoreMaker {
    private static final int NONE = -1;
    private static final long WAIT_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private final ZoneDevice device;
    private final DevicePort port;
    private final int zoneLimit;
    private final MetadataSearch.Found fresh;
    private long number;

    private StoreMaker(final EngineConfig config) {
        device = config.device();
        port = new DevicePort(device);
        zoneLimit = (int) StoreRequirements.zoneLimit(config);
        fresh = FoundStore.fresh(config);
        number = MetadataSearch.highestNumber(device);
    }

    /// Makes the store; the device stays open.
    ///
    /// @throws ZapKvException if the device takes no metadata
    public static void run(final EngineConfig config) {
        new StoreMaker(config).run();
    }

    private void run() {
        if (fresh.isConventional()) {
            write(fresh.zone());
            MetadataPlaces.eraseConventionalBut(device, number);
            resetAllBut(NONE);
            return;
        }
        final int kept = writeBehind(oldZone());
        resetAllBut(kept);
        if (kept == NONE) {
            write(fresh.zone());
        }
    }

    /// The zone of the newest image that is there, if it is one that metadata is always looked for in.
    private int oldZone() {
        for (int zone = 0; zone < MetadataLog.ZONES; zone++) {
            if (isDead(zone)) {
                return NONE;
            }
        }
        try {
            final MetadataSearch.Found old = MetadataSearch.find(device);
            return old == null || old.zone() >= MetadataLog.ZONES ? NONE : old.zone();
        } catch (final FormatException e) {
            // Something else, or a store that this version cannot read.
            return NONE;
        }
    }

    /// Writes the first image where the old store would have written its next one.
    ///
    /// @return the zone it lies in; none if there was no old zone, or the device takes no image there
    private int writeBehind(final int zone) {
        if (zone == NONE) {
            return NONE;
        }
        try {
            return write(zone);
        } catch (final ZapKvException e) {
            return NONE;
        }
    }

    private int write(final int behind) {
        final MetadataSearch.Found last = new MetadataSearch.Found(fresh.storeId(), fresh.image(), behind, number);
        try (MetadataLog log = new MetadataLog(port, new ZoneTable(device.geometry()), last)) {
            log.spareZones(this::emptyZone);
            try {
                log.append(fresh.image());
                return log.newestZone();
            } finally {
                number = log.newestNumber();
                while (device.inFlight() > 0) {
                    port.await(WAIT_NS);
                }
            }
        }
    }

    /// Where the zones 0 and 1 are dead, metadata begins elsewhere. Nothing is taken away from an old store for
    /// it.
    private int emptyZone() {
        for (int zone = zoneLimit - 1; zone >= MetadataLog.ZONES; zone--) {
            if (device.report(zone).state() == ZoneState.EMPTY) {
                return zone;
            }
        }
        return NONE;
    }

    private void resetAllBut(final int kept) {
        for (int zone = 0; zone < device.geometry().zoneCount(); zone++) {
            if (zone != kept && !isDead(zone) && device.report(zone).state() != ZoneState.EMPTY) {
                device.reset(zone);
            }
        }
    }

    private boolean isDead(final int zone) {
        final ZoneState state = device.report(zone).state();
        return state == ZoneState.READ_ONLY || state == ZoneState.OFFLINE;
    }
}
