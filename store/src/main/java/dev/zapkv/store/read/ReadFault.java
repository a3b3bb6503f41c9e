/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.read;

import dev.zapkv.CorruptionException;
import dev.zapkv.ZapKvException;
import dev.zapkv.ZoneLostException;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;

/// Why a read from the device gave no record.
///
/// @param offline whether the zone is gone: reading again is of no use
/// @param reason  what is wrong with the bytes, or what the device said
/// @param cause   the device's failure, or null if it returned bytes
record ReadFault(boolean offline, String reason, DeviceException cause) {
    static ReadFault damaged(final String reason) {
        return new ReadFault(false, reason, null);
    }

    static ReadFault failed(final boolean offline, final DeviceException cause) {
        return new ReadFault(offline, cause.getMessage(), cause);
    }

    /// What the caller is told of a record that lies there.
    ZapKvException exception(final ZoneGeometry geometry, final long address) {
        final int zone = geometry.zoneOf(address);
        if (offline) {
            return new ZoneLostException(
                    "the record lies in zone " + zone
                            + ", which the device has taken offline: it is lost. Put or delete the"
                            + " key, or restore it from a backup; check the device",
                    zone);
        }
        final String record = "a record in zone " + zone + " at offset " + geometry.offsetOf(address);
        return cause == null
                ? new CorruptionException(record + " is damaged (" + reason
                        + "): the device returned other bytes than were written; restore the key from a backup")
                : new CorruptionException(
                        record + " cannot be read (" + reason + "): check the device and try again; if it stays so,"
                                + " restore the key from a backup",
                        cause);
    }
}
