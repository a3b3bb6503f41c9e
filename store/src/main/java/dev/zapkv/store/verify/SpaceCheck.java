/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import dev.zapkv.Finding;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.meta.MetadataLog;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneTable;
import java.util.BitSet;

/// What is known of each zone against the device, and the account of live bytes against the index.
final class SpaceCheck {
    private static final String REPORT = "nothing is lost; keep a copy of the store and report this";

    private final VerifyInput input;
    private final LogTruth truth;
    private final IndexCheck index;
    private final Findings findings;
    private final ZoneTable zones;

    SpaceCheck(final VerifyInput input, final LogTruth truth, final IndexCheck index, final Findings findings) {
        this.input = input;
        this.truth = truth;
        this.index = index;
        this.findings = findings;
        zones = input.zones();
    }

    /// @param suspect zones in which something is damaged: what lay there is accounted for as it was
    void run(final BitSet suspect) {
        for (int zone = 0; zone < zones.zoneCount(); zone++) {
            final ZoneInfo info = input.device().report(zone);
            checkState(zone, info);
            if (zone >= MetadataLog.ZONES && zones.stream(zone) != Stream.METADATA) {
                checkLive(zone, !suspect.get(zone));
            }
        }
    }

    private void checkState(final int zone, final ZoneInfo info) {
        if (info.state() != ZoneState.EMPTY && zone >= input.image().zoneLimit()) {
            add(
                    true,
                    zone,
                    "it is in use, but the store has only " + input.image().zoneLimit() + " zones",
                    REPORT);
        }
        if (info.state() == ZoneState.OFFLINE) {
            add(
                    true,
                    zone,
                    "the device has taken it offline: of keys whose newest value or deletion lay there an older value,"
                            + " or none, is found",
                    Findings.RESTORE);
        } else if (zones.written(zone) > info.writePointer()) {
            add(
                    true,
                    zone,
                    zones.written(zone) + " bytes were written to it, its write pointer is at " + info.writePointer(),
                    "the device has lost what was written; " + Findings.RESTORE);
        } else if (zones.state(zone) == ZoneState.EMPTY && info.writePointer() > 0 && info.writePointerExact()) {
            add(true, zone, "it should be empty, its write pointer is at " + info.writePointer(), REPORT);
        }
    }

    private void checkLive(final int zone, final boolean sound) {
        final long records = zones.liveBytes(zone) - zones.tombstoneBytes(zone);
        final boolean parts = zones.stream(zone) == Stream.CHECKPOINT;
        final boolean fits =
                parts ? records >= 0 && records <= truth.checkpointBytes(zone) : records == index.liveBytes(zone);
        if (!fits) {
            findings.add(
                    Finding.Kind.SPACE,
                    true,
                    zone,
                    0,
                    0,
                    0,
                    "the account says " + records + " live bytes, the index points at " + index.liveBytes(zone),
                    REPORT);
        }
        // A block whose append was reported as failed, and was not, may be there twice.
        if (sound && zones.tombstoneBytes(zone) != truth.tombstoneBytes(zone)) {
            findings.add(
                    Finding.Kind.SPACE,
                    false,
                    zone,
                    0,
                    0,
                    0,
                    "the account says " + zones.tombstoneBytes(zone) + " bytes of deletes, "
                            + truth.tombstoneBytes(zone) + " were found",
                    "nothing is lost; nothing need be done");
        }
    }

    private void add(final boolean damage, final int zone, final String text, final String advice) {
        findings.add(Finding.Kind.ZONE, damage, zone, 0, 0, 0, text, advice);
    }
}
