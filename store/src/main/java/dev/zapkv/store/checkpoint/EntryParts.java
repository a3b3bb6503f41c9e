/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.checkpoint;

import dev.zapkv.RecoveryProgress;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.store.format.CheckpointPart;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.PartPointer;
import dev.zapkv.store.format.ZoneNote;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.index.ShardWriter;
import dev.zapkv.store.meta.StoreId;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/// Reads the entries of a checkpoint into an index. Threads take shards, one at a time: so a shard is filled in
/// the order of its fingerprints, and nothing but what it is being filled with is touched.
final class EntryParts {
    private final ZoneDevice device;
    private final ZoneGeometry geometry;
    private final StoreId storeId;
    private final MetadataImage image;
    private final ZoneNote[] zones;
    private final PointIndex index;
    private final List<List<PartPointer>> shards = new ArrayList<>();
    private final AtomicReference<InvalidCheckpointException> problem = new AtomicReference<>();
    // Summed over the threads.
    private final long[] live;
    private final boolean[] changed;
    private long chunkEntries;
    private long bytesRead;

    /// @param parts of entries, each of a shard that the index has
    /// @param zones by number; entries into zones without a note are left out
    EntryParts(
            final ZoneDevice device,
            final StoreId storeId,
            final MetadataImage image,
            final List<PartPointer> parts,
            final ZoneNote[] zones,
            final PointIndex index) {
        this.device = device;
        geometry = device.geometry();
        this.storeId = storeId;
        this.image = image;
        this.zones = zones;
        this.index = index;
        live = new long[zones.length];
        changed = new boolean[index.shardCount()];
        for (int shard = 0; shard < index.shardCount(); shard++) {
            shards.add(new ArrayList<>());
        }
        for (final PartPointer part : parts) {
            shards.get(part.shard()).add(part);
        }
        // They were written in the order of their fingerprints.
        shards.forEach(ofShard -> ofShard.sort(Comparator.comparingLong(PartPointer::number)));
    }

    /// Reads them all.
    void read(final OpeningThreads threads) throws InvalidCheckpointException {
        final AtomicInteger next = new AtomicInteger();
        final long bytes = shards.stream()
                .flatMap(List::stream)
                .mapToLong(PartPointer::length)
                .sum();
        threads.progress().begin(RecoveryProgress.Phase.CHECKPOINT, bytes);
        threads.run(i -> readShards(next, threads));
        if (problem.get() != null) {
            throw problem.get();
        }
    }

    private void readShards(final AtomicInteger next, final OpeningThreads threads) {
        final long[] liveHere = new long[live.length];
        long chunksHere = 0;
        try (PartReader reader = new PartReader(device, storeId, image)) {
            for (int shard = next.getAndIncrement();
                    shard < shards.size() && problem.get() == null && !threads.hasFailed();
                    shard = next.getAndIncrement()) {
                try (ShardWriter writer = index.writeShard(shard)) {
                    for (final PartPointer part : shards.get(shard)) {
                        chunksHere += enter(part, reader.read(part), writer, liveHere);
                        threads.progress().advance(part.length());
                    }
                }
            }
            synchronized (this) {
                bytesRead += reader.bytesRead();
                chunkEntries += chunksHere;
                Arrays.setAll(live, zone -> live[zone] + liveHere[zone]);
            }
        } catch (final InvalidCheckpointException e) {
            problem.compareAndSet(null, e);
        }
    }

    /// Enters the entries of a part into the index.
    ///
    /// @return how many are chunks
    private long enter(
            final PartPointer part, final MemorySegment items, final ShardWriter writer, final long[] liveHere)
            throws InvalidCheckpointException {
        long chunks = 0;
        for (int item = 0; item < part.count(); item++) {
            final long at = CheckpointPart.itemOffset(CheckpointPart.ENTRIES, 0, item);
            final long word = items.get(LittleEndian.LONG, at + Long.BYTES);
            final int zone = isRecord(word) ? geometry.zoneOf(IndexEntry.deviceAddress(word)) : -1;
            if (zone < 0 || zone >= zones.length) {
                throw new InvalidCheckpointException("it has an entry that cannot be");
            }
            if (zones[zone] == null) {
                changed[part.shard()] = true;
                continue;
            }
            if (writer.set(items.get(LittleEndian.LONG, at), word) != 0) {
                throw new InvalidCheckpointException("it has an entry twice, or more than fit the memory budget");
            }
            liveHere[zone] += IndexEntry.lengthBytes(word);
            chunks += IndexEntry.isChunk(word) ? 1 : 0;
        }
        return chunks;
    }

    private static boolean isRecord(final long word) {
        return !IndexEntry.isMemory(word) && !IndexEntry.isTombstone(word) && IndexEntry.lengthBytes(word) > 0;
    }

    /// Bytes of each zone that entries point at.
    long[] live() {
        return live;
    }

    /// Whether entries of a shard were left out.
    boolean hasChanged(final int shard) {
        return changed[shard];
    }

    /// Entries that are chunks.
    long chunkEntries() {
        return chunkEntries;
    }

    long bytesRead() {
        return bytesRead;
    }
}
