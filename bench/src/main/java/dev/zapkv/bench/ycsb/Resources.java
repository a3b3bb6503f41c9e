/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.io.DeviceCounters;

/// What one phase cost besides time.
///
/// @param cpuNs        processor time of the whole process, until its background work had come to rest
/// @param settleNs     how long that took after the last operation
/// @param deviceBytes  bytes written to storage as the kernel counts them, until then
/// @param engineBytes  the same as the engine counts them, or -1
/// @param userBytes    key and value bytes written
/// @param spaceBytes   allocated bytes of the database directory afterwards
/// @param liveBytes    key and value bytes of all records afterwards
/// @param peakRssBytes largest resident memory of the process during the phase
/// @param device       what the engine's device did in the phase
record Resources(
        long cpuNs,
        long settleNs,
        long deviceBytes,
        long engineBytes,
        long userBytes,
        long spaceBytes,
        long liveBytes,
        long peakRssBytes,
        DeviceCounters device) {}
