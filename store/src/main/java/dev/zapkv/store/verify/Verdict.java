/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import dev.zapkv.Finding;

/// What a suspect turns out to be, once it is known what points into it.
final class Verdict {
    private Verdict() {}

    /// @param metadata whether it lies in a zone of metadata
    /// @param cutOff   whether it is a block that a crash cut off: it never counted
    static Finding of(final Suspect suspect, final boolean metadata, final boolean cutOff) {
        final boolean damage = suspect.entries > 0 || (suspect.certain && !cutOff);
        final boolean image = metadata && suspect.kind != Finding.Kind.UNREADABLE;
        return new Finding(
                image ? Finding.Kind.METADATA : suspect.kind,
                damage,
                suspect.zone,
                suspect.offset,
                suspect.length,
                suspect.block,
                suspect.entries,
                suspect.names,
                suspect.text + "; " + meaning(suspect, metadata, damage),
                advice(suspect, metadata, damage));
    }

    private static String meaning(final Suspect suspect, final boolean metadata, final boolean damage) {
        if (suspect.kind == Finding.Kind.PADDING) {
            return "nothing is kept there, but the device returned other bytes than were written";
        }
        if (metadata && !damage) {
            return "most likely a crash cut off an image that was being written: the one before it is used";
        }
        if (metadata) {
            return "an image of the metadata is lost; if it was the newest, the store was opened as it was before it";
        }
        if (suspect.entries > 0) {
            return suspect.entries == 1
                    ? "an entry of the index points there and is damaged"
                    : suspect.entries + " entries of the index point there and are damaged";
        }
        return damage
                ? "nothing in the index points at damaged bytes there; what was superseded or deleted in it cannot be"
                        + " read, and of keys written there last an older value, or none, may be found"
                : "nothing in the index points there: most likely a crash cut it off before it was acknowledged";
    }

    private static String advice(final Suspect suspect, final boolean metadata, final boolean damage) {
        if (suspect.entries > 0) {
            return Findings.RESTORE;
        }
        if (!damage) {
            return "nothing need be done";
        }
        return suspect.kind == Finding.Kind.PADDING || metadata
                ? "check the device"
                : "compare with a backup: keys that were written there last may be missing; check the device";
    }
}
