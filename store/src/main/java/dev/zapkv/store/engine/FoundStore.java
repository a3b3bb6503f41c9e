/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.FormatException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.ZoneLayout;
import dev.zapkv.store.log.DevicePort;
import dev.zapkv.store.meta.MetadataLog;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneTable;
import java.util.List;

/// A store found on a device, or made there, before anything of its log was read.
///
/// @param storeId  that all its blocks carry
/// @param zones    with the metadata zones as they were found; the data zones are unknown yet
/// @param metadata its newest image
record FoundStore(StoreId storeId, ZoneTable zones, StoreMetadata metadata) {
    /// Finds the store on a device, or begins one there if that may be.
    ///
    /// @throws FormatException if there is none and none may be made, or one that cannot be read
    static FoundStore find(final EngineConfig config, final DevicePort port) {
        final ZoneGeometry geometry = config.device().geometry();
        MetadataLog.Found found = MetadataLog.find(config.device());
        if (found == null) {
            if (!config.createIfMissing()) {
                checkZoneStates(config);
                throw new FormatException("there is no store on " + config.name()
                        + ": name the right place, or make one there (a drive: zapkv format, ZapKv.format; a directory:"
                        + " createIfMissing)");
            }
            found = format(config);
        }
        checkLayout(config, found.image());
        StoreRequirements.checkOpenZones(geometry);
        final ZoneTable zones = new ZoneTable(geometry);
        for (int zone = 0; zone < MetadataLog.ZONES; zone++) {
            recoverMetadataZone(config.device(), zones, zone, zone == found.zone());
        }
        if (found.zone() >= MetadataLog.ZONES) {
            recoverMetadataZone(config.device(), zones, found.zone(), true);
        }
        final MetadataLog log = new MetadataLog(port, zones, found.storeId(), found.zone(), found.sequence());
        return new FoundStore(found.storeId(), zones, new StoreMetadata(log, found.image(), zones));
    }

    /// A drive that forgot the states of its zones looks empty, but still holds what was written.
    private static void checkZoneStates(final EngineConfig config) {
        if (MetadataLog.hasForgottenImage(config.device())) {
            throw new FormatException("the zones of " + config.name() + " are reported as empty but still hold a store:"
                    + " the drive has lost its zone states (an emulated drive does when its emulator restarts)."
                    + " Nothing was written; restore the zone states or a backup, or format the zones anew");
        }
    }

    private static void checkLayout(final EngineConfig config, final MetadataImage image) {
        final ZoneLayout layout = ZoneLayout.of(config.device().geometry());
        if (!layout.equals(image.layout())) {
            throw new FormatException(config.name() + image.layout().changedTo(layout) + "; nothing was written");
        }
    }

    private static void recoverMetadataZone(
            final ZoneDevice device, final ZoneTable zones, final int zone, final boolean newest) {
        ZoneInfo info = device.report(zone);
        if (info.state().isActive() && (!newest || !info.writePointerExact())) {
            // One metadata zone is open at a time: drives allow few.
            device.finish(zone);
            info = device.report(zone);
        }
        zones.recover(
                zone, info.state(), info.state() == ZoneState.EMPTY ? null : Stream.METADATA, info.writePointer());
    }

    private static MetadataLog.Found format(final EngineConfig config) {
        StoreRequirements.check(config);
        final MetadataImage fresh = new MetadataImage(
                config.blockBytes(),
                config.capacityBytes(),
                config.randomSeed().getAsLong(),
                config.randomSeed().getAsLong(),
                0,
                0,
                1,
                true,
                (int) StoreRequirements.zoneLimit(config),
                ZoneLayout.of(config.device().geometry()),
                "",
                List.of(),
                List.of(),
                List.of());
        final StoreId id =
                new StoreId(config.randomSeed().getAsLong(), config.randomSeed().getAsLong());
        return new MetadataLog.Found(id, fresh, 0, 0);
    }
}
