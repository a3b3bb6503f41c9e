/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.FormatException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.ZoneLayout;
import dev.zapkv.store.log.DevicePort;
import dev.zapkv.store.meta.MetadataLog;
import dev.zapkv.store.meta.MetadataPlaces;
import dev.zapkv.store.meta.MetadataSearch;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.ZoneTable;
import java.util.List;

/// A store found on a device, or made there, before anything of its log was read.
///
/// @param storeId  that all its blocks carry
/// @param zones    with the metadata zones as they were found; the data zones are unknown yet
/// @param metadata its newest image
record FoundStore(StoreId storeId, ZoneTable zones, StoreMetadata metadata) {
    /// Finds the store on a device, or begins one there if that may be: also where a power cut tore the first image.
    ///
    /// @throws FormatException if there is none and none may be made, or one that cannot be read
    static FoundStore find(final EngineConfig config, final DevicePort port) {
        final ZoneGeometry geometry = config.device().geometry();
        if (config.createIfMissing() && MetadataSearch.isTornFirstImage(config.device())) {
            config.device().reset(0);
        }
        MetadataSearch.Found found = MetadataSearch.find(config.device());
        if (found == null && config.createIfMissing()) {
            StoreRequirements.check(config);
            for (int zone = 0; zone < MetadataLog.ZONES; zone++) {
                config.device().reserve(zone);
            }
            found = fresh(config);
        }
        check(config, found);
        StoreRequirements.checkOpenZones(geometry);
        final ZoneTable zones = new ZoneTable(geometry);
        final MetadataLog log = new MetadataLog(port, zones, found);
        return new FoundStore(found.storeId(), zones, new StoreMetadata(log, found.image(), zones));
    }

    /// The newest metadata of the store on a device, to which nothing is written.
    ///
    /// @throws FormatException if there is none, or one that cannot be read
    static MetadataSearch.Found existing(final EngineConfig config) {
        final MetadataSearch.Found found = MetadataSearch.find(config.device());
        check(config, found);
        return found;
    }

    private static void check(final EngineConfig config, final MetadataSearch.Found found) {
        if (found == null) {
            requireZoneStates(config, MetadataSearch.hasForgottenImage(config.device()));
            throw new FormatException("there is no store on " + config.name()
                    + ": name the right place, or make one there (a drive: zapkv format, ZapKv.format; a directory:"
                    + " createIfMissing)");
        }
        checkLayout(config, found.image());
        requireZoneStates(config, MetadataSearch.hasForgottenBlocks(config.device(), found));
    }

    /// A drive that forgot the states of its zones looks empty, but still holds what was written.
    private static void requireZoneStates(final EngineConfig config, final boolean forgotten) {
        if (forgotten) {
            throw new FormatException("the zones of " + config.name() + " are reported as empty but still hold a store:"
                    + " the drive has lost its zone states (an emulated drive does when its emulator restarts)."
                    + " Nothing was written; restore the zone states or a backup, or format the zones anew");
        }
    }

    private static void checkLayout(final EngineConfig config, final MetadataImage image) {
        final ZoneLayout layout = layout(config);
        if (!layout.equals(image.layout())) {
            throw new FormatException(config.name() + image.layout().changedTo(layout) + "; nothing was written");
        }
    }

    private static ZoneLayout layout(final EngineConfig config) {
        return ZoneLayout.of(config.device().geometry(), MetadataPlaces.conventionalZones(config.device()));
    }

    /// A store that is still to be made: what its first image follows.
    static MetadataSearch.Found fresh(final EngineConfig config) {
        final MetadataImage image = new MetadataImage(
                config.blockBytes(),
                config.capacityBytes(),
                config.randomSeed().getAsLong(),
                config.randomSeed().getAsLong(),
                0,
                0,
                1,
                true,
                (int) StoreRequirements.zoneLimit(config),
                layout(config),
                "",
                List.of(),
                List.of(),
                List.of());
        final StoreId id =
                new StoreId(config.randomSeed().getAsLong(), config.randomSeed().getAsLong());
        return new MetadataSearch.Found(
                id, image, image.layout().conventional() == 0 ? 0 : MetadataSearch.Found.CONVENTIONAL, 0);
    }
}
