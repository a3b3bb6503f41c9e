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
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.PartPointer;
import dev.zapkv.store.format.ZoneNote;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.meta.StoreId;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/// Reads a checkpoint into an empty index. Everything is verified; a checkpoint that does not hold is no
/// checkpoint: the caller takes the one before, or replays everything.
///
/// Entries that point into a zone which was emptied since the checkpoint began are left out: a record that
/// was live there was relocated, and is found by the replay.
public final class CheckpointLoader {
    private static final int MAX_THREADS = 8;
    private static final int PARTS_PER_THREAD = 16;

    private final ZoneDevice device;
    private final ZoneGeometry geometry;
    private final StoreId storeId;
    private final MetadataImage image;
    private final CheckpointRef ref;
    private final PointIndex index;
    private final List<PartPointer> pointers = new ArrayList<>();
    private final ZoneNote[] zones;
    private final List<ChunkSetNote> chunkSets = new ArrayList<>();
    // Of the zones, summed over the threads.
    private final long[] live;
    private final boolean[] changed;
    private long chunkEntries;
    private long bytesRead;

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
        live = new long[geometry.zoneCount()];
        changed = new boolean[ref.shards()];
    }

    /// Reads a checkpoint.
    ///
    /// @param index    empty, with as many shards as the checkpoint's
    /// @param threaded whether other threads may help
    /// @throws InvalidCheckpointException if a part is not what was written; the index is of no use then
    public static Loaded load(
            final ZoneDevice device,
            final StoreId storeId,
            final MetadataImage image,
            final CheckpointRef ref,
            final PointIndex index,
            final boolean threaded)
            throws InvalidCheckpointException {
        final CheckpointLoader loader = new CheckpointLoader(device, storeId, image, ref, index);
        try {
            return loader.run(threaded);
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

    private Loaded run(final boolean threaded) throws InvalidCheckpointException {
        try (PartReader reader = new PartReader(device, storeId, image)) {
            pointers.addAll(rootChain(reader, ref));
            for (final PartPointer part : pointers) {
                readNotes(reader, part);
            }
            checkZones();
            bytesRead += reader.bytesRead();
        }
        reserve();
        final List<PartPointer> entries = pointers.stream()
                .filter(part -> part.kind() == CheckpointPart.ENTRIES)
                .toList();
        readEntries(entries, threaded ? threads(entries.size()) : 1);
        final long[] shardChanges = new long[ref.shards()];
        for (int shard = 0; shard < shardChanges.length; shard++) {
            shardChanges[shard] = changed[shard] ? Checkpoint.UNKNOWN : index.changes(shard);
        }
        return new Loaded(new Checkpoint(ref, pointers, shardChanges), zones, chunkSets, live, chunkEntries, bytesRead);
    }

    private static int threads(final int parts) {
        return Math.clamp(
                Math.min(parts / PARTS_PER_THREAD, Runtime.getRuntime().availableProcessors()), 1, MAX_THREADS);
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
            if (!index.reserve(shard, entries[shard])) {
                throw new InvalidCheckpointException("its index does not fit the memory budget");
            }
        }
    }

    // ---- entries

    private void readEntries(final List<PartPointer> entries, final int threads) throws InvalidCheckpointException {
        final AtomicInteger next = new AtomicInteger();
        final AtomicBoolean stop = new AtomicBoolean();
        if (threads == 1) {
            readEntries(entries, next, stop);
            return;
        }
        try (ExecutorService pool = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().name("zapkv-open-", 0).daemon(true).factory())) {
            final List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                running.add(pool.submit(() -> {
                    readEntries(entries, next, stop);
                    return null;
                }));
            }
            for (final Future<?> worker : running) {
                worker.get();
            }
        } catch (final ExecutionException e) {
            stop.set(true);
            throw new InvalidCheckpointException(e.getCause().getMessage());
        } catch (final InterruptedException e) {
            stop.set(true);
            Thread.currentThread().interrupt();
            throw new InvalidCheckpointException("the opening thread was interrupted");
        }
    }

    private void readEntries(final List<PartPointer> entries, final AtomicInteger next, final AtomicBoolean stop)
            throws InvalidCheckpointException {
        final long[] liveHere = new long[live.length];
        final boolean[] changedHere = new boolean[changed.length];
        long chunksHere = 0;
        try (PartReader reader = new PartReader(device, storeId, image)) {
            for (int i = next.getAndIncrement(); i < entries.size() && !stop.get(); i = next.getAndIncrement()) {
                final PartPointer part = entries.get(i);
                chunksHere += enter(part, reader.read(part), liveHere, changedHere);
            }
            synchronized (this) {
                bytesRead += reader.bytesRead();
                chunkEntries += chunksHere;
                Arrays.setAll(live, zone -> live[zone] + liveHere[zone]);
                for (int shard = 0; shard < changed.length; shard++) {
                    changed[shard] |= changedHere[shard];
                }
            }
        } catch (final InvalidCheckpointException | RuntimeException e) {
            stop.set(true);
            throw e;
        }
    }

    /// Enters the entries of a part into the index.
    ///
    /// @return how many are chunks
    private long enter(
            final PartPointer part, final MemorySegment items, final long[] liveHere, final boolean[] changedHere)
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
                changedHere[part.shard()] = true;
                continue;
            }
            if (index.setInShard(part.shard(), items.get(LittleEndian.LONG, at), word) != 0) {
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
}
