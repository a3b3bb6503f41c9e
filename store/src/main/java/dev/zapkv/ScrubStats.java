/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.util.List;

/// What a scrub has done since the store was opened, see {@link Context#scrub}.
///
/// @param passes  times it came through all zones
/// @param zones   zones read to their end
/// @param bytes   bytes read
/// @param damaged damaged places found, each counted once per zone's life
/// @param damage  the first {@link #MAX_DAMAGE} of them
public record ScrubStats(long passes, long zones, long bytes, long damaged, List<Finding> damage) {
    /// Damaged places that are kept.
    public static final int MAX_DAMAGE = 100;
    /// Nothing was scrubbed.
    public static final ScrubStats NONE = new ScrubStats(0, 0, 0, 0, List.of());

    /// Copies the list.
    public ScrubStats {
        damage = List.copyOf(damage);
    }
}
