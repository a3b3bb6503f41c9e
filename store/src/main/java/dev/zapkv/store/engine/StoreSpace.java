/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.meta.MetadataLog;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;

/// How the zones of a store are shared out: what is kept from live data, and what live data may take.
final class StoreSpace {
    /// Empty zones kept for garbage collection: the one it fills, and one more for what it is filling it
    /// from.
    static final int RESERVE_ZONES = 2;

    // A part of the zones stays garbage, so that each collected zone brings a gain.
    private static final double USABLE_SHARE = 0.95;
    // With fewer zones those of checkpoints are too large a part; on request checkpoints are kept all the same.
    private static final int MIN_ZONES_FOR_CHECKPOINTS = 48;
    private static final int MIN_ZONES_FOR_REQUESTED_CHECKPOINTS = 16;
    private static final int MIN_CHECKPOINT_ZONES = 3;
    private static final int CHECKPOINT_ZONE_SHARE = 16;

    private StoreSpace() {}

    /// Zones that checkpoints may take at a time. A store of few zones is replayed quickly enough.
    ///
    /// @param checkpointBytes bytes appended from one checkpoint to the next, as configured
    static int checkpointZones(final int zoneLimit, final long checkpointBytes) {
        final int least = checkpointBytes > 0 ? MIN_ZONES_FOR_REQUESTED_CHECKPOINTS : MIN_ZONES_FOR_CHECKPOINTS;
        return zoneLimit < least ? 0 : Math.max(MIN_CHECKPOINT_ZONES, zoneLimit / CHECKPOINT_ZONE_SHARE);
    }

    /// Record bytes that may be live at a time.
    static long usableBytes(final MetadataImage image, final ZoneTable zones, final int checkpointZones) {
        long dataZones = image.zoneLimit() - MetadataLog.ZONES - RESERVE_ZONES - 2L - checkpointZones;
        boolean moved = false;
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones.usedZones(); zone++) {
            if (zones.state(zone) == ZoneState.READ_ONLY
                    || zones.state(zone) == ZoneState.OFFLINE
                    || zones.stream(zone) == Stream.METADATA) {
                dataZones--;
            }
            moved |= zones.stream(zone) == Stream.METADATA;
        }
        // The allocator keeps another one for it.
        dataZones -= moved ? 1 : 0;
        // A zone is left when the next block does not fit: up to a block is never written.
        return (long) (dataZones * (zones.geometry().zoneCapacity() - image.blockBytes()) * USABLE_SHARE);
    }

    /// Longest value, if so many record bytes may be live.
    static long maxValueBytes(final ZoneGeometry geometry, final long usableBytes) {
        return Math.min(geometry.zoneCapacity(), Math.min(usableBytes / 2, Integer.MAX_VALUE - 64));
    }
}
