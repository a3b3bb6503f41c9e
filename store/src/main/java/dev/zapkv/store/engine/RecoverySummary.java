/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.store.recovery.Replay;

/// What an opening found, in a line for people.
///
/// @param epoch        of the life of the store that begins
/// @param wasClean     whether the life before it was closed
/// @param stagingFound whether the staging memory of the life before was still there
/// @param checkpoint   what was read of checkpoints, from {@link RecoveredIndex}
/// @param replayed     what was read of the log
/// @param repeated     records taken over from staging
record RecoverySummary(
        long epoch,
        boolean wasClean,
        boolean stagingFound,
        String checkpoint,
        Replay.Outcome replayed,
        long repeated,
        long durationNs) {
    /// The line.
    String text() {
        if (epoch == 1) {
            return "new store";
        }
        return text(
                !wasClean && stagingFound
                        ? "not closed cleanly, " + repeated + " records taken over from staging"
                        : withoutStaging());
    }

    /// How the life before ended, if nothing was found in staging.
    String withoutStaging() {
        return wasClean
                ? "closed cleanly"
                : "not closed cleanly and its staging memory is gone (reboot or other container): writes"
                        + " acknowledged at the process level may be missing";
    }

    /// The line.
    ///
    /// @param end how the life before ended
    String text(final String end) {
        return end + checkpoint + "; " + replayed.records() + " records replayed from "
                + (replayed.bytesRead() >> 20)
                + " MiB in "
                + durationNs / 1_000_000 + " ms"
                + (replayed.offline() == 0
                        ? ""
                        : "; LOST: " + replayed.offline() + " zones are offline; of keys whose newest value or"
                                + " deletion lay there an older value, or none, is found")
                + (replayed.damaged() == 0 ? "" : "; DAMAGED: " + replayed.damaged() + " blocks or records");
    }
}
