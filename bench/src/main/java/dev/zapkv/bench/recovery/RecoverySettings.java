/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.recovery;

import dev.zapkv.bench.peer.EngineKind;
import java.util.List;

/// What is measured: the same for every engine.
///
/// @param engines     to compare
/// @param records     keys
/// @param valueSize   bytes of a value
/// @param sinceBytes  bytes of the log to overwrite before the process is killed
/// @param memoryBytes budget of the engine
/// @param repetitions of each opening
record RecoverySettings(
        List<EngineKind> engines, long records, int valueSize, long sinceBytes, long memoryBytes, int repetitions) {
    private static final int HEADER_BYTES = 32;
    private static final int ALIGNMENT = 16;

    /// How many overwrites make that many bytes in ZapKV's log; the others get as many.
    long overwrites() {
        final long record = (long) (HEADER_BYTES + Keys.LENGTH + valueSize + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        return Math.max(1, sinceBytes / record);
    }
}
