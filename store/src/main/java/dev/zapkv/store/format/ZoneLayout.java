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

    /// Says what is different now, to go behind the name of the device.
    public String changedTo(final ZoneLayout now) {
        if (blockSize == now.blockSize && zoneSize == now.zoneSize && zoneCapacity == now.zoneCapacity) {
            return " has another size than when the store was made: it had " + zoneCount + " zones, now there are "
                    + now.zoneCount + ". Name the drive and the zones the store was made on (--zones, Context.zones)";
        }
        return ": the layout of the zones has changed under the store. It was made on " + this + "; now there are "
                + now + ". The drive was formatted anew, or is another one";
    }

    /// For messages.
    @Override
    public String toString() {
        return zoneCount + " zones of " + zoneCapacity + " bytes, " + zoneSize + " bytes apart, in blocks of "
                + blockSize;
    }
}
