/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.RecoveryReport;
import dev.zapkv.store.checkpoint.CheckpointLoader;
import dev.zapkv.store.recovery.DiscardedBlocks;
import dev.zapkv.store.recovery.Replay;
import java.util.concurrent.TimeUnit;

/// What an opening found.
///
/// @param text   in a line for people
/// @param report in figures
record RecoverySummary(String text, RecoveryReport report) {
    /// Sums up an opening that has just come to its end.
    ///
    /// @param end      how the life before ended, which the line begins with
    /// @param wasClean whether the life before was closed
    /// @param log      what was read
    /// @param staged   records that were found in staging alone
    static RecoverySummary of(
            final String end,
            final boolean wasClean,
            final RecoveredLog log,
            final long staged,
            final OpeningTimes times) {
        final CheckpointLoader.Loaded base = log.base();
        final Replay.Outcome replayed = log.replayed();
        final DiscardedBlocks discarded = replayed.discarded();
        final RecoveryReport report = new RecoveryReport(
                wasClean,
                base == null ? 0 : base.checkpoint().ref().number(),
                times.metadataNs(),
                times.checkpointNs(),
                replayed.scanNs(),
                replayed.applyNs(),
                times.stagingNs(),
                times.totalNs(),
                base == null ? 0 : base.bytesRead(),
                replayed.bytesRead(),
                replayed.blocks(),
                replayed.records(),
                staged,
                discarded.voids(),
                discarded.behindGap(),
                discarded.otherGenerations(),
                discarded.damagedBlocks(),
                discarded.damagedRecords(),
                replayed.offline());
        return new RecoverySummary(text(end + log.text(), report), report);
    }

    /// How the life before ended, if nothing was found in staging.
    static String withoutStaging(final boolean wasClean) {
        return wasClean
                ? "closed cleanly"
                : "not closed cleanly and its staging memory is gone (reboot or other container): writes"
                        + " acknowledged at the process level may be missing";
    }

    private static String text(final String beginning, final RecoveryReport report) {
        final long damaged = report.damagedBlocks() + report.damagedRecords();
        return beginning + "; " + report.records() + " records replayed from "
                + (report.logBytes() >> 20)
                + " MiB in "
                + ms(report.totalNs()) + " ms (metadata " + ms(report.metadataNs()) + ", checkpoint "
                + ms(report.checkpointNs()) + ", reading " + ms(report.scanNs()) + ", applying "
                + ms(report.replayNs()) + ", staging " + ms(report.stagingNs()) + ")"
                + (report.offlineZones() == 0
                        ? ""
                        : "; LOST: " + report.offlineZones() + " zones are offline; of keys whose newest value or"
                                + " deletion lay there an older value, or none, is found")
                + (damaged == 0 ? "" : "; DAMAGED: " + damaged + " blocks or records");
    }

    private static long ms(final long ns) {
        return TimeUnit.NANOSECONDS.toMillis(ns);
    }
}
