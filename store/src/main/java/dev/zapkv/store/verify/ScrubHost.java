/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import dev.zapkv.io.ZoneInfo;

/// What a scrub asks the store about its zones, on its own thread.
public interface ScrubHost {
    /// A zone that takes no more appends, and has none in flight.
    ///
    /// @param info       state and write pointer
    /// @param generation of its blocks
    record Full(ZoneInfo info, int generation) {}

    /// One more than the highest zone in use.
    int usedZones();

    /// A zone, if it is full and holds data; else null.
    Full full(int zone);
}
