/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

/// Chooses the zone to collect next.
interface VictimPolicy {
    /// No zone is worth collecting.
    int NONE = -1;

    /// The zone to collect, or {@link #NONE}.
    int choose();

    /// A zone that the device has made read-only and that still holds something, or {@link #NONE}. It comes before any
    /// other, whatever is empty: the device may take it away next.
    int evacuee();

    /// Bytes that collecting a zone would gain.
    long gain(int zone);

    /// Whether a zone was excluded.
    boolean isExcluded(int zone);

    /// A zone turned out not to be collectable: it is not chosen again in this life of the store, unless it is
    /// included again.
    void exclude(int zone);

    /// A zone that was excluded may be chosen again.
    void include(int zone);
}
