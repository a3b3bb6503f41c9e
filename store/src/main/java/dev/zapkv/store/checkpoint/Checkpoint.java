/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.checkpoint;

import dev.zapkv.store.format.CheckpointRef;
import dev.zapkv.store.format.PartPointer;
import java.util.Arrays;
import java.util.List;

/// A complete checkpoint: where its parts are, and which state of each shard they show.
///
/// @param ref          what the metadata says of it
/// @param parts        all of its parts, root parts too
/// @param shardChanges {@link dev.zapkv.store.index.PointIndex#changes} of each shard when it was dumped or
/// loaded; -1:
///     not known
public record Checkpoint(CheckpointRef ref, List<PartPointer> parts, long[] shardChanges) {
    /// No shard's content is known to be that of the parts.
    static final long UNKNOWN = -1;

    /// Copies the list.
    public Checkpoint {
        parts = List.copyOf(parts);
    }

    /// A checkpoint that was found on the device.
    static Checkpoint found(final CheckpointRef ref, final List<PartPointer> parts) {
        final long[] changes = new long[ref.shards()];
        Arrays.fill(changes, UNKNOWN);
        return new Checkpoint(ref, parts, changes);
    }
}
