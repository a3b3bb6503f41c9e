/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import dev.zapkv.zone.ZoneTable;
import java.util.Arrays;

/// What one thread of a replay has counted: added to the zone table when the thread is done, so that no two
/// threads change the same number.
final class ReplayAccounts {
    private final long[] live;
    private final long[] tombstoneBytes;
    private final long[] newestTombstone;
    private final long[] horizon;
    private long chunkEntries;

    ReplayAccounts(final int zones) {
        live = new long[zones];
        tombstoneBytes = new long[zones];
        newestTombstone = new long[zones];
        horizon = new long[zones];
        Arrays.fill(horizon, ZoneTable.NO_HORIZON);
    }

    /// Changes the bytes of a zone that the index points at.
    void addLive(final int zone, final long bytes) {
        live[zone] += bytes;
    }

    /// A tombstone lies in a zone.
    void addTombstone(final int zone, final long bytes, final long logPosition) {
        tombstoneBytes[zone] += bytes;
        newestTombstone[zone] = Math.max(newestTombstone[zone], logPosition);
    }

    /// A block that counts lies in a zone.
    void lowerHorizon(final int zone, final long logPosition) {
        horizon[zone] = Math.min(horizon[zone], logPosition);
    }

    /// Changes the number of index entries that are chunks.
    void addChunkEntries(final long entries) {
        chunkEntries += entries;
    }

    long chunkEntries() {
        return chunkEntries;
    }

    /// Adds everything to the zone table.
    void addTo(final ZoneTable zones) {
        for (int zone = 0; zone < live.length; zone++) {
            if (live[zone] != 0) {
                zones.addLive(zone, live[zone]);
            }
            if (tombstoneBytes[zone] != 0) {
                zones.addTombstone(zone, tombstoneBytes[zone], newestTombstone[zone]);
            }
            zones.lowerHorizon(zone, horizon[zone]);
        }
    }
}
