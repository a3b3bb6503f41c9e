/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

/// What the client threads of one phase did.
///
/// @param operations    operations done
/// @param elapsedNs     from the first operation's start to the last one's end
/// @param latency       their latencies
/// @param userBytes     key and value bytes written
/// @param insertedBytes the part of them that were new records
record PhaseOutcome(long operations, long elapsedNs, Latency latency, long userBytes, long insertedBytes) {}
