/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

/// What a child process tells its parent, one JSON object in a line of its standard output.
sealed interface ChildMessage {
    /// How far a phase is.
    record Progress(WorkloadKind workload, long done, long total, double operationsPerSecond) implements ChildMessage {}

    /// A phase is over.
    record Result(PhaseResult phase) implements ChildMessage {}

    /// The run failed; nothing follows.
    record Failure(String message) implements ChildMessage {}
}
