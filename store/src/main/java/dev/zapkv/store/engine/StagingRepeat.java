/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.Durability;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.log.StagingLog;
import dev.zapkv.store.log.TakeOverNotes;
import dev.zapkv.store.recovery.StagingReplay;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Appends again what a killed process had in staging only, and notes how far it came. A batch is appended as one:
/// were its records appended one by one, a power cut before the next flush could leave some of them.
final class StagingRepeat {
    private static final byte[] NOTHING = {};

    private final Engine engine;
    private final IoAgent agent;
    private final StagingLog staging;
    private final TakeOverNotes notes;
    private final Set<Long> sets;
    private final List<byte[]> keys = new ArrayList<>();
    // null deletes
    private final List<byte[]> values = new ArrayList<>();
    private long batchPosition;
    private long lastBegun;

    /// @param staging of this process, which nobody else writes to yet
    /// @param notes   in the staging file of the killed process
    /// @param sets    chunk sets whose head is in that
    StagingRepeat(
            final Engine engine,
            final IoAgent agent,
            final StagingLog staging,
            final TakeOverNotes notes,
            final Set<Long> sets) {
        this.engine = engine;
        this.agent = agent;
        this.staging = staging;
        this.notes = notes;
        this.sets = sets;
    }

    /// Appends everything.
    ///
    /// @return number of records
    long run(final StagingReplay staged) {
        final long records = staged.visit(this::repeat);
        endBatch();
        return records;
    }

    private void repeat(final long position, final int flags, final byte[] key, final byte[] value) {
        if ((flags & RecordFormat.FLAG_BATCH_PART) == 0) {
            endBatch();
        }
        if ((flags & (RecordFormat.FLAG_CHUNK | RecordFormat.FLAG_LARGE)) == 0) {
            if (keys.isEmpty()) {
                batchPosition = position;
            }
            keys.add(key);
            values.add((flags & RecordFormat.FLAG_TOMBSTONE) != 0 ? null : value);
        } else if ((flags & RecordFormat.FLAG_CHUNK) == 0 || sets.contains(ChunkKey.chunkSet(key))) {
            // A head comes behind its chunks: chunks without one belong to a value that was never written.
            notes.next(position);
            engine.repeat(flags, key, value);
            noteBlock(position);
        }
    }

    private void endBatch() {
        if (keys.isEmpty()) {
            return;
        }
        notes.next(batchPosition);
        if (keys.size() > 1) {
            engine.repeat(keys.toArray(byte[][]::new), values.toArray(byte[][]::new));
        } else if (values.getFirst() == null) {
            engine.repeat(RecordFormat.FLAG_TOMBSTONE, keys.getFirst(), NOTHING);
        } else {
            engine.repeat(0, keys.getFirst(), values.getFirst());
        }
        noteBlock(batchPosition);
        keys.clear();
        values.clear();
    }

    /// @param position of what was just written
    private void noteBlock(final long position) {
        final long block = staging.lastClaimedBlock();
        if (block != lastBegun) {
            agent.await(block - TakeOverNotes.BLOCKS, Durability.DEVICE);
            notes.begun(block, position);
            lastBegun = block;
        }
    }
}
