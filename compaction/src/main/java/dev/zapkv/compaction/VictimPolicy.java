/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

/// Chooses the zone to collect next.
interface VictimPolicy {
    /// No zone is worth collecting.
    int NONE = -1;

    /// The zone to collect, or {@link #NONE}.
    int choose();

    /// Bytes that collecting a zone would gain.
    long gain(int zone);

    /// A zone turned out not to be collectable: it is never chosen again in this life of the store.
    void exclude(int zone);
}
