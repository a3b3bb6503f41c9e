/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.ConfigurationException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.meta.MetadataLog;
import dev.zapkv.zone.ZoneAllocator;

/// What a device must offer to hold a store. Asked before anything is written or erased.
public final class StoreRequirements {
    /// Fewest zones a store can work with: metadata, reserve, open zones, and some to choose victims from.
    public static final int MIN_ZONES = MetadataLog.ZONES + StoreSpace.RESERVE_ZONES + 4;

    // The path of the staging file, and gaps in the log from unclean ends: kept below this by far.
    private static final int IMAGE_ALLOWANCE = 4096;
    private static final int BYTES_PER_ZONE = 4;

    private StoreRequirements() {}

    /// Refuses a device on which no store can be made with these settings.
    ///
    /// @throws ConfigurationException with the numbers
    public static void check(final EngineConfig config) {
        final ZoneGeometry geometry = config.device().geometry();
        checkAppends(config, geometry);
        checkZones(config, geometry);
        checkOpenZones(geometry);
    }

    private static void checkAppends(final EngineConfig config, final ZoneGeometry geometry) {
        if (geometry.maxAppend() < MetadataImage.MIN_BLOCK_BYTES) {
            throw new ConfigurationException(config.name() + " takes appends of at most " + geometry.maxAppend()
                    + " bytes, a store needs at least " + MetadataImage.MIN_BLOCK_BYTES
                    + ": use a namespace with larger appends (ZASL, max_segments)");
        }
        if (!MetadataImage.isBlockBytes(config.blockBytes())
                || config.blockBytes() > geometry.maxAppend()
                || 2L * config.blockBytes() > geometry.zoneCapacity()) {
            throw new ConfigurationException("blockBytes=" + config.blockBytes() + " must be a power of two from "
                    + MetadataImage.MIN_BLOCK_BYTES + " to " + MetadataImage.MAX_BLOCK_BYTES
                    + ", at most the device's largest append (" + geometry.maxAppend() + ") and half a zone ("
                    + geometry.zoneCapacity() / 2 + ")");
        }
    }

    private static void checkZones(final EngineConfig config, final ZoneGeometry geometry) {
        final long zones = zoneLimit(config);
        if (zones < MIN_ZONES) {
            throw new ConfigurationException("a store needs at least " + MIN_ZONES + " zones, there would be " + zones
                    + ": raise capacityBytes to " + (long) MIN_ZONES * geometry.zoneCapacity()
                    + " or more, name more zones of the drive, or use smaller zones");
        }
        final int most = (geometry.maxAppend() - BlockFormat.HEADER_LENGTH - IMAGE_ALLOWANCE) / BYTES_PER_ZONE;
        if (zones > most) {
            throw new ConfigurationException(
                    config.name() + " has " + zones + " zones, but what is kept of them must fit one append of "
                            + geometry.maxAppend() + " bytes, which holds " + most
                            + ": name at most so many zones of the drive (zones=0-" + (most - 1)
                            + "), use larger zones, or bound the store (capacityBytes)");
        }
    }

    /// Refuses a device that allows too few open zones.
    static void checkOpenZones(final ZoneGeometry geometry) {
        if (ZoneAllocator.openLimit(geometry) < ZoneAllocator.MIN_OPEN_ZONES) {
            throw new ConfigurationException("the device allows " + geometry.maxOpen() + " open and "
                    + geometry.maxActive() + " active zones (0: no limit), a store needs "
                    + ZoneAllocator.MIN_OPEN_ZONES
                    + ": one for metadata, one for writers, one for garbage collection");
        }
    }

    /// Zones a new store may use.
    static long zoneLimit(final EngineConfig config) {
        final ZoneGeometry geometry = config.device().geometry();
        return config.capacityBytes() < 0
                ? geometry.zoneCount()
                : Math.min(geometry.zoneCount(), config.capacityBytes() / geometry.zoneCapacity());
    }
}
