/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.recovery.StagingReplay;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Appends again what a killed process had in staging only. A batch is appended as one: were its records appended one
/// by one, a power cut before the next flush could leave some of them.
final class StagingRepeat {
    private final Engine engine;
    private final Set<Long> sets;
    private final List<byte[]> keys = new ArrayList<>();
    // null deletes
    private final List<byte[]> values = new ArrayList<>();

    /// @param sets chunk sets whose head is in staging
    StagingRepeat(final Engine engine, final Set<Long> sets) {
        this.engine = engine;
        this.sets = sets;
    }

    /// Appends everything.
    ///
    /// @return number of records
    long run(final StagingReplay staged) {
        final long records = staged.visit((position, flags, key, value) -> repeat(flags, key, value));
        endBatch();
        return records;
    }

    private void repeat(final int flags, final byte[] key, final byte[] value) {
        if ((flags & RecordFormat.FLAG_BATCH_PART) == 0) {
            endBatch();
        }
        if ((flags & (RecordFormat.FLAG_CHUNK | RecordFormat.FLAG_LARGE)) == 0) {
            keys.add(key);
            values.add((flags & RecordFormat.FLAG_TOMBSTONE) != 0 ? null : value);
        } else if ((flags & RecordFormat.FLAG_CHUNK) == 0 || sets.contains(ChunkKey.chunkSet(key))) {
            // A head comes behind its chunks: chunks without one belong to a value that was never written.
            engine.repeat(flags, key, value);
        }
    }

    private void endBatch() {
        if (!keys.isEmpty()) {
            engine.repeat(keys.toArray(byte[][]::new), values.toArray(byte[][]::new));
            keys.clear();
            values.clear();
        }
    }
}
