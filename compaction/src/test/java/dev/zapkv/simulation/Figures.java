/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import java.util.EnumMap;
import java.util.Map;

/// What happened in one history, or in many of them together.
final class Figures {
    long histories;
    long crashHistories;
    long steps;
    long crashes;
    long powerCuts;
    long recoveries;
    long openings;
    long fromCheckpoint;
    long zonesCollected;
    long failedEnds;
    long faults;
    long refusedReads;
    private final Map<CrashPhase, Long> crashesByPhase = new EnumMap<>(CrashPhase.class);

    void crashedIn(final CrashPhase phase) {
        crashesByPhase.merge(phase, 1L, Long::sum);
    }

    long crashesIn(final CrashPhase phase) {
        return crashesByPhase.getOrDefault(phase, 0L);
    }

    void add(final Figures other) {
        histories += other.histories;
        crashHistories += other.crashHistories;
        steps += other.steps;
        crashes += other.crashes;
        powerCuts += other.powerCuts;
        recoveries += other.recoveries;
        openings += other.openings;
        fromCheckpoint += other.fromCheckpoint;
        zonesCollected += other.zonesCollected;
        failedEnds += other.failedEnds;
        faults += other.faults;
        refusedReads += other.refusedReads;
        other.crashesByPhase.forEach((phase, count) -> crashesByPhase.merge(phase, count, Long::sum));
    }
}
