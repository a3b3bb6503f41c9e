/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.checkpoint;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.CheckpointPart;
import dev.zapkv.store.format.CheckpointRef;
import dev.zapkv.store.format.ChunkSetNote;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.PartPointer;
import dev.zapkv.store.format.ZoneNote;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.index.ShardWriter;
import dev.zapkv.store.meta.StoreId;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Reads a checkpoint into an empty index. Everything is verified; a checkpoint that does not hold is no
/// checkpoint: the caller takes the one before, or replays everything.
///
/// Entries that point into a zone which was emptied since the checkpoint began are left out: a record that
/// was live there was relocated, and is found by the replay.
public final class CheckpointLoader {
    private final ZoneDevice device;
    private final ZoneGeometry geometry;
    private final StoreId storeId;
    private final MetadataImage image;
    private final CheckpointRef ref;
    private final PointIndex index;
    private final List<PartPointer> pointers = new ArrayList<>();
    private final ZoneNote[] zones;
    private final List<ChunkSetNote> chunkSets = new ArrayList<>();

    /// What was read.
    ///
    /// @param checkpoint   where its parts are
    /// @param zones        by number; null where nothing is noted, or the zone was emptied since
    /// @param chunkSets    large values when it began
    /// @param live         bytes of the zones that entries point at
    /// @param chunkEntries entries that are chunks
    /// @param bytesRead    from the device
    public record Loaded(
            Checkpoint checkpoint,
            ZoneNote[] zones,
            List<ChunkSetNote> chunkSets,
            long[] live,
            long chunkEntries,
            long bytesRead) {}

    private CheckpointLoader(
            final ZoneDevice device,
            final StoreId storeId,
            final MetadataImage image,
            final CheckpointRef ref,
            final PointIndex index) {
        this.device = device;
        geometry = device.geometry();
        this.storeId = storeId;
        this.image = image;
        this.ref = ref;
        this.index = index;
        zones = new ZoneNote[geometry.zoneCount()];
    }

    /// Reads a checkpoint.
    ///
    /// @param index    empty, with as many shards as the checkpoint's
    /// @param threads  that share the work
    /// @throws InvalidCheckpointException if a part is not what was written; the index is of no use then
    public static Loaded load(
            final ZoneDevice device,
            final StoreId storeId,
            final MetadataImage image,
            final CheckpointRef ref,
            final PointIndex index,
            final OpeningThreads threads)
            throws InvalidCheckpointException {
        final CheckpointLoader loader = new CheckpointLoader(device, storeId, image, ref, index);
        try {
            return loader.run(threads);
        } catch (final DeviceException e) {
            throw new InvalidCheckpointException(e.getMessage());
        }
    }

    /// Reads where the parts of a checkpoint are, and nothing else of it.
    public static Checkpoint find(
            final ZoneDevice device, final StoreId storeId, final MetadataImage image, final CheckpointRef ref)
            throws InvalidCheckpointException {
        try (PartReader reader = new PartReader(device, storeId, image)) {
            return Checkpoint.found(ref, rootChain(reader, ref));
        } catch (final DeviceException e) {
            throw new InvalidCheckpointException(e.getMessage());
        }
    }

    private Loaded run(final OpeningThreads threads) throws InvalidCheckpointException {
        final long noteBytes;
        try (PartReader reader = new PartReader(device, storeId, image)) {
            pointers.addAll(rootChain(reader, ref));
            for (final PartPointer part : pointers) {
                readNotes(reader, part);
            }
            checkZones();
            noteBytes = reader.bytesRead();
        }
        reserve();
        final List<PartPointer> parts = pointers.stream()
                .filter(part -> part.kind() == CheckpointPart.ENTRIES)
                .toList();
        final EntryParts entries = new EntryParts(device, storeId, image, parts, zones, index);
        entries.read(threads);
        final long[] shardChanges = new long[ref.shards()];
        for (int shard = 0; shard < shardChanges.length; shard++) {
            shardChanges[shard] = entries.hasChanged(shard) ? Checkpoint.UNKNOWN : index.changes(shard);
        }
        return new Loaded(
                new Checkpoint(ref, pointers, shardChanges),
                zones,
                chunkSets,
                entries.live(),
                entries.chunkEntries(),
                noteBytes + entries.bytesRead());
    }

    /// All pointers, those to the root parts included.
    private static List<PartPointer> rootChain(final PartReader reader, final CheckpointRef ref)
            throws InvalidCheckpointException {
        final List<PartPointer> all = new ArrayList<>();
        PartPointer root = ref.root();
        while (root != null) {
            all.add(root);
            final MemorySegment items = reader.read(root);
            final List<PartPointer> found = CheckpointPart.pointers(items, 0, root.count());
            if (found == null) {
                throw new InvalidCheckpointException("a root part names parts that cannot be");
            }
            PartPointer next = null;
            for (final PartPointer pointer : found) {
                if (pointer.kind() != CheckpointPart.ROOT) {
                    all.add(pointer);
                } else if (pointer.number() < root.number()) {
                    // Written before: the chain has an end.
                    next = pointer;
                } else {
                    throw new InvalidCheckpointException("a root part names a later one");
                }
            }
            root = next;
        }
        return all;
    }

    private void readNotes(final PartReader reader, final PartPointer part) throws InvalidCheckpointException {
        if (part.kind() == CheckpointPart.ZONES) {
            final List<ZoneNote> notes = CheckpointPart.zones(reader.read(part), 0, part.count(), image.layout());
            if (notes == null) {
                throw new InvalidCheckpointException("it notes zones that cannot be");
            }
            for (final ZoneNote note : notes) {
                if (note.generation() == image.generation(note.zone()) && isReadable(note.zone())) {
                    zones[note.zone()] = note;
                }
            }
        } else if (part.kind() == CheckpointPart.CHUNK_SETS) {
            final List<ChunkSetNote> notes = CheckpointPart.chunkSets(reader.read(part), 0, part.count(), ref.shards());
            if (notes == null) {
                throw new InvalidCheckpointException("it notes large values that cannot be");
            }
            chunkSets.addAll(notes);
        } else if (part.shard() >= ref.shards()) {
            throw new InvalidCheckpointException("it has entries of shard " + part.shard() + " of " + ref.shards());
        }
    }

    /// What a zone that was lost held is absent from now on, or an older version of it counts.
    private boolean isReadable(final int zone) {
        return !image.isLossKnown(zone) && device.report(zone).state() != ZoneState.OFFLINE;
    }

    /// A zone that was written to and not emptied since must not be empty.
    private void checkZones() throws InvalidCheckpointException {
        for (final ZoneNote note : zones) {
            if (note != null) {
                final ZoneInfo info = device.report(note.zone());
                if (info.state() == ZoneState.EMPTY) {
                    throw new InvalidCheckpointException("zone " + note.zone() + " is empty and should not be");
                }
            }
        }
    }

    private void reserve() throws InvalidCheckpointException {
        final long[] entries = new long[ref.shards()];
        for (final PartPointer part : pointers) {
            if (part.kind() == CheckpointPart.ENTRIES) {
                entries[part.shard()] += part.count();
            }
        }
        for (int shard = 0; shard < entries.length; shard++) {
            try (ShardWriter writer = index.writeShard(shard)) {
                if (!writer.reserve(entries[shard])) {
                    throw new InvalidCheckpointException("its index does not fit the memory budget");
                }
            }
        }
    }
}
