/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// What was lost with a zone that the device has taken offline, counted when the store noticed it.
///
/// @param zone  zone index
/// @param keys  entries of the index that point into the zone: keys, and for values that do not fit one append block
///              their chunks there. Those still in memory can be read until they give way or the store is closed.
/// {@link
///              #UNKNOWN} if the zone was offline already when the store was opened
/// @param bytes record bytes (header, key, value, padding) of these entries; {@link #UNKNOWN} likewise
public record ZoneLoss(int zone, long keys, long bytes) {
    /// Nobody can say: what the index knew of the zone went with the process that had the store open before.
    public static final long UNKNOWN = -1;

    /// Whether keys and bytes were counted.
    public boolean isCounted() {
        return keys != UNKNOWN;
    }
}
