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
/// @param holdsStore   whether the metadata of a store was found
/// @param obstacle     why no store can be made there, or empty
public record DriveSummary(
        ZoneGeometry geometry,
        Capabilities capabilities,
        int zonesInUse,
        long bytesWritten,
        int zonesFailed,
        boolean holdsStore,
        String obstacle) {}
