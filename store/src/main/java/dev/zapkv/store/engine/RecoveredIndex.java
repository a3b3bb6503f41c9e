/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.store.checkpoint.Checkpoint;
import dev.zapkv.store.checkpoint.CheckpointLoader;
import dev.zapkv.store.checkpoint.InvalidCheckpointException;
import dev.zapkv.store.checkpoint.OpeningThreads;
import dev.zapkv.store.format.CheckpointRef;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.store.meta.StoreId;
import java.util.ArrayList;
import java.util.List;

/// The index that a replay begins with: read from the newest checkpoint that holds, or empty.
///
/// @param index       owned by the caller
/// @param base        what was read, or null if the index is empty
/// @param checkpoints that the store may be opened from, newest first
/// @param text        what the line on recovery says of it
record RecoveredIndex(PointIndex index, CheckpointLoader.Loaded base, List<Checkpoint> checkpoints, String text) {
    // A small store's index stays small; a large one's shards grow in steps of a few milliseconds at most.
    private static final long MEMORY_PER_SHARD = 16L << 20;
    private static final long MAX_SHARDS = 4096;
    // Shards much larger than they should be keep writers waiting when they grow.
    private static final int RESHARD_FACTOR = 4;
    // Each costs 16 bytes of every metadata block; full replay finds out which are needed.
    private static final int MAX_VOIDS = 1000;

    /// Reads the newest checkpoint that holds.
    static RecoveredIndex load(
            final EngineConfig config, final StoreId storeId, final MetadataImage image, final OpeningThreads threads) {
        final List<String> unusable = new ArrayList<>();
        final List<CheckpointRef> candidates = image.voids().size() > MAX_VOIDS ? List.of() : image.checkpoints();
        for (int i = 0; i < candidates.size(); i++) {
            final CheckpointRef ref = candidates.get(i);
            if (ref.shards() * RESHARD_FACTOR <= shards(config)) {
                // An entry does not tell which of more shards it belongs to.
                unusable.add("checkpoint " + ref.number() + " was made for a much smaller memory budget: the log is"
                        + " replayed this once");
                continue;
            }
            final PointIndex index = empty(config, ref.shards());
            try {
                final CheckpointLoader.Loaded base =
                        CheckpointLoader.load(config.device(), storeId, image, ref, index, threads);
                final List<Checkpoint> checkpoints = new ArrayList<>();
                checkpoints.add(base.checkpoint());
                for (final CheckpointRef older : candidates.subList(i + 1, candidates.size())) {
                    find(config, storeId, image, older, checkpoints, unusable);
                }
                final String read = "; checkpoint " + ref.number() + " read (" + (base.bytesRead() >> 20) + " MiB)";
                return new RecoveredIndex(index, base, checkpoints, text(unusable) + read);
            } catch (final InvalidCheckpointException e) {
                unusable.add(ofNoUse(ref, e));
                index.close();
            } catch (final RuntimeException e) {
                index.close();
                throw e;
            }
        }
        return new RecoveredIndex(empty(config, shards(config)), null, List.of(), text(unusable));
    }

    private static void find(
            final EngineConfig config,
            final StoreId storeId,
            final MetadataImage image,
            final CheckpointRef ref,
            final List<Checkpoint> checkpoints,
            final List<String> unusable) {
        try {
            checkpoints.add(CheckpointLoader.find(config.device(), storeId, image, ref));
        } catch (final InvalidCheckpointException e) {
            unusable.add(ofNoUse(ref, e));
        }
    }

    private static String ofNoUse(final CheckpointRef ref, final InvalidCheckpointException reason) {
        return "checkpoint " + ref.number() + " is of no use: " + reason.getMessage();
    }

    private static String text(final List<String> unusable) {
        return unusable.isEmpty() ? "" : "; " + String.join("; ", unusable);
    }

    /// An empty index within the memory budget.
    static PointIndex empty(final EngineConfig config, final int shards) {
        final long memory = config.memoryBytes() - AppendAgent.MIN_STAGING_BYTES;
        return new PointIndex(shards, Math.min(memory, shards * PointIndex.MAX_SHARD_BYTES));
    }

    private static int shards(final EngineConfig config) {
        return (int) Math.clamp(Long.highestOneBit(config.memoryBytes() / MEMORY_PER_SHARD), 1, MAX_SHARDS);
    }
}
