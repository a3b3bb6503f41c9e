/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// What a simulated store runs on, and which faults it meets there.
enum Drive {
    /// Zones of three to eight blocks.
    SMALL_ZONES("zones of three to eight blocks"),
    /// Zones of two blocks: a stream is always about to run out of its zone.
    TINY_ZONES("zones of two blocks"),
    /// Few open zones are allowed, and some become read-only.
    FRAGILE("few open zones, some become read-only"),
    /// Zones become read-only or go offline.
    DYING("zones become read-only or go offline"),
    /// Appends of 16 KiB at most.
    SMALL_APPENDS("appends of 16 KiB at most"),
    /// Metadata lies in conventional zones, and some others become read-only.
    CONVENTIONAL("metadata in conventional zones, others become read-only"),
    /// As a directory after an unclean end: every zone with data is reported as full, with old bytes behind the last
    /// append and in the place of those that were lost.
    FORGETFUL("as a directory: after a crash write pointers are unknown and old bytes show"),
    /// Appends and flushes fail for a while, zones are full early.
    FAILING("appends and flushes fail for a while, zones are full early"),
    /// Bits flip, and reads fail for a while.
    ROTTING("bits flip, reads fail"),
    /// Few keys that are often deleted, many batches and collections, and power fails soon after a process has died:
    /// what
    /// was taken over from its staging is on the device in part.
    HASTY("few keys, many batches and deletes, power fails soon after a process has died");

    private final String text;

    Drive(final String text) {
        this.text = text;
    }

    /// As it is named on the command line.
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// One line on it.
    String text() {
        return text;
    }

    /// The drive of a name on the command line.
    static Drive named(final String label) {
        return Arrays.stream(values())
                .filter(drive -> drive.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no drive '" + label + "', but "
                        + Arrays.stream(values()).map(Drive::label).collect(Collectors.joining(", "))));
    }

    int blockBytes() {
        return this == SMALL_APPENDS || this == HASTY ? 16 << 10 : 64 << 10;
    }

    int[] zoneCapacities() {
        return switch (this) {
            case SMALL_ZONES, FORGETFUL -> new int[] {192 << 10, 256 << 10, 384 << 10, 512 << 10};
            case TINY_ZONES -> new int[] {128 << 10};
            case FRAGILE, DYING, CONVENTIONAL, FAILING, ROTTING -> new int[] {192 << 10, 256 << 10};
            case SMALL_APPENDS, HASTY -> new int[] {48 << 10, 64 << 10, 128 << 10, 192 << 10};
        };
    }

    /// Zones that may be lost to the store in a history, for a while or for good.
    int zonesToFail() {
        return switch (this) {
            case SMALL_ZONES, TINY_ZONES, SMALL_APPENDS, HASTY -> 0;
            case FRAGILE, DYING, CONVENTIONAL, ROTTING -> 2;
            // The open zones of several crashes, and those that were full early, are of no use until they are
            // collected.
            case FORGETFUL, FAILING -> 4;
        };
    }
}
