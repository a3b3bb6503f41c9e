/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import dev.zapkv.io.ZoneGeometry;

/// The zones a store was made on. Addresses in the log hold only there.
///
/// @param blockSize    logical block in bytes
/// @param zoneSize     address stride between zones in bytes
/// @param zoneCapacity writable bytes of a zone
/// @param zoneCount    number of zones
public record ZoneLayout(int blockSize, long zoneSize, long zoneCapacity, int zoneCount) {
    /// That of a device.
    public static ZoneLayout of(final ZoneGeometry geometry) {
        return new ZoneLayout(geometry.blockSize(), geometry.zoneSize(), geometry.zoneCapacity(), geometry.zoneCount());
    }

    /// For messages.
    @Override
    public String toString() {
        return zoneCount + " zones of " + zoneCapacity + " bytes, " + zoneSize + " bytes apart, in blocks of "
                + blockSize;
    }
}
