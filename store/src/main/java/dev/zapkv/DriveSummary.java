/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.io.Capabilities;
import dev.zapkv.io.ZoneGeometry;

/// What a drive is, and what its zones hold.
///
/// @param geometry     sizes and limits; zones count from the first of the range
/// @param capabilities what the drive can do and how that was learned
/// @param zonesInUse   zones that are not empty
/// @param bytesWritten bytes below their write pointers
/// @param zonesFailed  zones that are read-only or offline
/// @param conventionalZones conventional zones that a store's metadata would go to; 0: it would go to zones 0 and 1
/// @param conventionalInUse whether something lies where it would go there
/// @param holdsStore   whether the metadata of a store was found
/// @param obstacle     why no store can be made there, or empty
public record DriveSummary(
        ZoneGeometry geometry,
        Capabilities capabilities,
        int zonesInUse,
        long bytesWritten,
        int zonesFailed,
        int conventionalZones,
        boolean conventionalInUse,
        boolean holdsStore,
        String obstacle) {
    /// Whether formatting would erase something.
    public boolean isInUse() {
        return zonesInUse > 0 || conventionalInUse || holdsStore;
    }
}
