/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// What was asked for lies in a zone that the device has taken offline: it is lost. Putting or deleting the key makes
/// it whole again; the rest of the store goes on. See {@link StoreStats#losses}.
public final class ZoneLostException extends ZapKvException {
    private static final long serialVersionUID = 1L;

    private final int zone;

    /// What went wrong and what to do.
    ///
    /// @param zone index of the zone
    public ZoneLostException(final String message, final int zone) {
        super(message);
        this.zone = zone;
    }

    /// Index of the zone, in the numbering of {@link ZoneReport}.
    public int zone() {
        return zone;
    }
}
