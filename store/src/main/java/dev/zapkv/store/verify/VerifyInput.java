/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import dev.zapkv.io.ZoneDevice;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.meta.MetadataSearch;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.store.recovery.Replay;
import dev.zapkv.store.recovery.StagingReplay;
import dev.zapkv.zone.ZoneTable;
import java.util.Set;

/// A store as an opening found it. Nothing of it changes while it is verified.
///
/// @param device      read alone
/// @param newest      newest metadata
/// @param index       what was recovered
/// @param hash        of its keys
/// @param zones       what was recovered
/// @param replayed    what the replay found
/// @param staged      what lies only in the staging of a killed process, or null
/// @param stagedSets  chunk sets of the large values among that
public record VerifyInput(
        ZoneDevice device,
        MetadataSearch.Found newest,
        PointIndex index,
        KeyHash hash,
        ZoneTable zones,
        Replay.Outcome replayed,
        StagingReplay staged,
        Set<Long> stagedSets) {
    MetadataImage image() {
        return newest.image();
    }

    StoreId storeId() {
        return newest.storeId();
    }

    /// Whether a host block counts: no gap comes before it, and no crash has cut it off.
    boolean counts(final long block) {
        if (block > replayed.lastBlock()) {
            return false;
        }
        for (int i = 0; i < image().voids().size(); i += 2) {
            if (block >= image().voids().get(i) && block <= image().voids().get(i + 1)) {
                return false;
            }
        }
        return true;
    }
}
