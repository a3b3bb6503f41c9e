/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import dev.zapkv.io.ZoneGeometry;

/// The zones a store was made on. Addresses in the log hold only there.
///
/// @param blockSize    logical block in bytes
/// @param zoneSize     address stride between zones in bytes
/// @param zoneCapacity writable bytes of a zone
/// @param zoneCount    number of zones
/// @param conventional conventional zones that hold the store's metadata; 0 if it lies in zones 0 and 1
public record ZoneLayout(int blockSize, long zoneSize, long zoneCapacity, int zoneCount, int conventional) {
    /// That of a device.
    ///
    /// @param conventional conventional zones that would hold metadata
    public static ZoneLayout of(final ZoneGeometry geometry, final int conventional) {
        return new ZoneLayout(
                geometry.blockSize(), geometry.zoneSize(), geometry.zoneCapacity(), geometry.zoneCount(), conventional);
    }

    /// Says what is different now, to go behind the name of the device.
    public String changedTo(final ZoneLayout now) {
        if (conventional != now.conventional && zoneCount == now.zoneCount) {
            return ": the store was made on a range of zones " + (conventional == 0 ? "without" : "with")
                    + " the drive's conventional zones, and its metadata lies "
                    + (conventional == 0 ? "in zones 0 and 1" : "there")
                    + ". Name the zones the store was made on (--zones, Context.zones)";
        }
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
                + blockSize + (conventional == 0 ? "" : " and " + conventional + " conventional zones for metadata");
    }
}
