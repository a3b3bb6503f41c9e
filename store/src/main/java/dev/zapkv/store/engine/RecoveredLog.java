/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.FormatException;
import dev.zapkv.store.checkpoint.Checkpoint;
import dev.zapkv.store.checkpoint.CheckpointLoader;
import dev.zapkv.store.checkpoint.OpeningProgress;
import dev.zapkv.store.checkpoint.OpeningThreads;
import dev.zapkv.store.format.ChunkSetNote;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.StagingFile;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.store.recovery.Replay;
import dev.zapkv.store.recovery.StagingReplay;
import dev.zapkv.zone.ZoneTable;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// What is known of a store when its newest checkpoint was read and the log was replayed. Nothing was written for
/// it.
///
/// @param index        owned by the caller
/// @param hash         of its keys
/// @param base         what was read from a checkpoint, or null
/// @param replayed     what the replay found
/// @param chunkSets    large values that are there
/// @param chunkEntries index entries that are chunks
/// @param checkpoints  that the store may be opened from, newest first
/// @param text         what the line on recovery says of checkpoints
/// @param staging      file that a killed process left, owned by the caller; null if there is none
/// @param staged       what of it counts; null if there is none
/// @param stagedSets   chunk sets of the large values among that
record RecoveredLog(
        PointIndex index,
        KeyHash hash,
        CheckpointLoader.Loaded base,
        Replay.Outcome replayed,
        List<ChunkSetNote> chunkSets,
        long chunkEntries,
        List<Checkpoint> checkpoints,
        String text,
        StagingFile staging,
        StagingReplay staged,
        Set<Long> stagedSets) {
    /// Where the staging of a killed process is opened: its path is in the image.
    @FunctionalInterface
    interface StagingSource {
        /// The file, or null if there is none.
        StagingFile open(MetadataImage image);
    }

    /// Reads and replays.
    ///
    /// @param zones empty but for the metadata zones; filled here
    /// @param times told when the checkpoint was read
    static RecoveredLog of(
            final EngineConfig config,
            final StoreId storeId,
            final MetadataImage image,
            final ZoneTable zones,
            final StagingSource source,
            final OpeningTimes times) {
        try (OpeningThreads threads = threads(config)) {
            return of(config, storeId, image, zones, source, times, threads);
        }
    }

    private static OpeningThreads threads(final EngineConfig config) {
        final OpeningProgress progress = new OpeningProgress(config.recoveryListener());
        return config.threaded() ? OpeningThreads.forMachine(progress) : new OpeningThreads(1, progress);
    }

    private static RecoveredLog of(
            final EngineConfig config,
            final StoreId storeId,
            final MetadataImage image,
            final ZoneTable zones,
            final StagingSource source,
            final OpeningTimes times,
            final OpeningThreads threads) {
        final RecoveredIndex recovered = RecoveredIndex.load(config, storeId, image, threads);
        times.checkpointDone();
        StagingFile staging = null;
        try {
            staging = image.closedCleanly() || image.staging().isEmpty() ? null : source.open(image);
            requireBlockBytes(staging, image);
            final StagingReplay staged = staging == null ? null : new StagingReplay(staging, image.settledBlock());
            final KeyHash hash = new KeyHash(image.hashSeed0(), image.hashSeed1());
            final CheckpointLoader.Loaded base = recovered.base();
            final Replay replay = new Replay(
                    config.device(),
                    image,
                    storeId,
                    recovered.index(),
                    hash,
                    zones,
                    base,
                    staged,
                    threads,
                    config.memoryBytes(),
                    config.nanoClock());
            final Replay.Outcome replayed = replay.run();
            if (staged != null) {
                staged.read(replayed.stagedFrom());
            }
            final List<ChunkSetNote> stagedValues =
                    staged == null ? List.of() : staged.chunkSets(hash, recovered.index()::shardOf);
            final List<ChunkSetNote> chunkSets = replay.dropOrphans(stagedValues);
            return new RecoveredLog(
                    recovered.index(),
                    hash,
                    base,
                    replayed,
                    chunkSets,
                    replay.chunkEntries(),
                    recovered.checkpoints(),
                    recovered.text(),
                    staging,
                    staged,
                    stagedValues.stream().map(ChunkSetNote::chunkSet).collect(Collectors.toSet()));
        } catch (final RuntimeException | Error e) {
            recovered.index().close();
            if (staging != null) {
                staging.close();
            }
            throw e;
        }
    }

    private static void requireBlockBytes(final StagingFile staging, final MetadataImage image) {
        if (staging != null && staging.blockBytes() != image.blockBytes()) {
            throw new FormatException("the header of the staging file " + staging.path() + " is damaged (blocks of "
                    + staging.blockBytes() + " bytes, the store has " + image.blockBytes() + "): move the file away to"
                    + " open the store without what was only in staging");
        }
    }
}
