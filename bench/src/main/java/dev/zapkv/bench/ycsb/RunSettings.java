/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.Durability;
import dev.zapkv.bench.peer.Drive;
import java.util.List;
import java.util.Locale;

/// What a child process is to run: the same for every engine.
///
/// @param workloads  phases to report; the load always runs
/// @param records    records to load
/// @param operations operations of each phase after the load
/// @param warmUp     records and operations of the warm-up before that, or 0 for none
/// @param valueSize  bytes of a value
/// @param threads    client threads
/// @param durability level of every write
/// @param memoryBytes budget of the engine
/// @param target     operations per second of an open loop, or 0 for a closed loop
/// @param drive      a zoned drive to use instead of a directory, or null
/// @param seed       of keys, values and choices
record RunSettings(
        List<WorkloadKind> workloads,
        long records,
        long operations,
        long warmUp,
        int valueSize,
        int threads,
        Durability durability,
        long memoryBytes,
        long target,
        Drive drive,
        long seed) {
    /// The level's name on the command line and in reports.
    String durabilityName() {
        return durability.name().toLowerCase(Locale.ROOT);
    }

    /// Operations of a phase.
    long operations(final WorkloadKind workload) {
        return workload == WorkloadKind.LOAD ? records : operations;
    }

    /// The same for the warm-up.
    RunSettings ofWarmUp(final List<WorkloadKind> phases) {
        return new RunSettings(phases, warmUp, warmUp, 0, valueSize, threads, durability, memoryBytes, 0, drive, seed);
    }
}
