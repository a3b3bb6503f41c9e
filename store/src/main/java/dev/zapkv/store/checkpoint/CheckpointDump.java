/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.checkpoint;

import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.CheckpointPart;
import dev.zapkv.store.format.CheckpointRef;
import dev.zapkv.store.format.ChunkSetNote;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.PartPointer;
import dev.zapkv.store.format.ZoneNote;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/// One checkpoint while it is written: what was noted at its beginning, and how far its parts are sent out. They are
/// sent
/// in the order of {@link Stage}, a part per step. Belongs to the I/O agent.
final class CheckpointDump {
    private final PointIndex index;
    private final ZoneTable zones;
    private final AppendAgent append;
    private final PartAppender parts;
    private final BooleanSupplier mayGoOn;
    private final long[] piece;

    private final long number;
    private final long firstBlock;
    private final long firstGcBlock;
    private final List<ZoneNote> zoneNotes;
    private final List<ChunkSetNote> chunkSets;
    private final long[] shardChanges;
    private final Checkpoint before;
    private final Map<Integer, List<PartPointer>> unchanged;
    private final long appendedBefore;

    private final List<PartPointer> pointers = new ArrayList<>();
    private final Set<PartPointer> written = new HashSet<>();
    private Stage stage = Stage.ENTRIES;
    private int shard;
    private long nextFingerprint;
    private int notesSent;
    private int pointersLeft;
    private PartPointer root;
    private long lastBlock;

    private enum Stage {
        ENTRIES,
        ZONES,
        CHUNK_SETS,
        ROOT,
        SENT
    }

    /// Begins a checkpoint, at a quiet moment.
    ///
    /// @param piece   room for the entries of a part
    /// @param before  the newest checkpoint, whose parts are used again for shards that have not changed, or null
    /// @param mayGoOn asked before each piece of the index
    CheckpointDump(
            final PointIndex index,
            final ZoneTable zones,
            final AppendAgent append,
            final CheckpointHost host,
            final PartAppender parts,
            final long number,
            final long[] piece,
            final Checkpoint before,
            final BooleanSupplier mayGoOn) {
        this.index = index;
        this.zones = zones;
        this.append = append;
        this.parts = parts;
        this.number = number;
        this.piece = piece;
        this.before = before;
        this.mayGoOn = mayGoOn;
        firstBlock = append.frontier() + 1;
        firstGcBlock = host.nextGcBlock();
        appendedBefore = parts.appendedBytes();
        zoneNotes = noteZones();
        chunkSets = host.chunkSets();
        shardChanges = new long[index.shardCount()];
        unchanged = before == null ? Map.of() : reusableParts();
    }

    private List<ZoneNote> noteZones() {
        final List<ZoneNote> notes = new ArrayList<>();
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones.usedZones(); zone++) {
            final Stream stream = zones.stream(zone);
            if (stream != null && stream != Stream.METADATA && zones.written(zone) > 0) {
                notes.add(new ZoneNote(
                        zone,
                        zones.generation(zone),
                        stream,
                        zones.state(zone) != ZoneState.OPEN,
                        zones.written(zone),
                        zones.horizon(zone),
                        zones.newestTombstone(zone),
                        zones.tombstoneBytes(zone)));
            }
        }
        return notes;
    }

    /// Parts of the checkpoint before, by shard; none if some lie in zones that are failing.
    private Map<Integer, List<PartPointer>> reusableParts() {
        final List<PartPointer> newest = before.parts();
        for (final PartPointer part : newest) {
            final ZoneState zone = zones.state(zones.zoneOf(part.address()));
            if (zone == ZoneState.READ_ONLY || zone == ZoneState.OFFLINE) {
                return Map.of();
            }
        }
        return newest.stream()
                .filter(part -> part.kind() == CheckpointPart.ENTRIES)
                .collect(Collectors.groupingBy(PartPointer::shard));
    }

    /// Bytes appended for it so far.
    long appendedBytes() {
        return parts.appendedBytes() - appendedBefore;
    }

    /// Whether all parts were sent and have landed.
    boolean isSent() {
        return stage == Stage.SENT;
    }

    /// Last host block claimed when the index had been dumped: whatever was left out because it was in staging lies in
    /// a
    /// block up to this one.
    long lastBlock() {
        return lastBlock;
    }

    /// The whole checkpoint, once everything was sent.
    Checkpoint complete() {
        final Set<PartPointer> all = new HashSet<>(pointers);
        all.addAll(written);
        final CheckpointRef ref = new CheckpointRef(number, firstBlock, firstGcBlock, index.shardCount(), root);
        return new Checkpoint(ref, List.copyOf(all), shardChanges);
    }

    /// Makes what was written garbage.
    void discard() {
        for (final PartPointer part : written) {
            zones.addLive(zones.zoneOf(part.address()), -part.length());
        }
    }

    /// A part has its place.
    void landed(final PartPointer part) {
        written.add(part);
        zones.addLive(zones.zoneOf(part.address()), part.length());
        if (part.kind() == CheckpointPart.ROOT) {
            root = part;
        } else {
            pointers.add(part);
        }
    }

    /// Sends a part, or goes on to the next stage.
    ///
    /// @return amount of work done
    int step() {
        return switch (stage) {
            case ENTRIES -> sendEntries();
            case ZONES -> sendZones();
            case CHUNK_SETS -> sendChunkSets();
            case ROOT -> sendRoot();
            case SENT -> 0;
        };
    }

    private int sendEntries() {
        final MemorySegment buffer = parts.free();
        if (shard < index.shardCount()) {
            if (buffer == null || !mayGoOn.getAsBoolean()) {
                return 0;
            }
            if (nextFingerprint == 0 && reuse()) {
                shard++;
                return 1;
            }
            dumpPiece(buffer);
            return 1;
        }
        lastBlock = append.staging().lastClaimedBlock();
        stage = Stage.ZONES;
        return 1;
    }

    private boolean reuse() {
        shardChanges[shard] = index.changes(shard);
        if (unchanged.isEmpty() || before.shardChanges()[shard] != shardChanges[shard]) {
            return false;
        }
        pointers.addAll(unchanged.getOrDefault(shard, List.of()));
        return true;
    }

    private void dumpPiece(final MemorySegment buffer) {
        final int read = index.readShard(shard, nextFingerprint, piece);
        int kept = 0;
        for (int i = 0; i < read; i++) {
            final long word = piece[2 * i + 1];
            if (!IndexEntry.isMemory(word)) {
                final long at = at(CheckpointPart.ENTRIES, kept++);
                buffer.set(LittleEndian.LONG, at, piece[2 * i]);
                buffer.set(LittleEndian.LONG, at + Long.BYTES, word);
            }
        }
        if (kept > 0) {
            parts.send(CheckpointPart.ENTRIES, number, shard, kept);
        }
        final boolean full = read == piece.length / 2;
        nextFingerprint = full ? piece[2 * read - 2] + 1 : 0;
        // Zero after a full piece: the highest fingerprint there is was in it.
        if (nextFingerprint == 0) {
            shard++;
        }
    }

    private int sendZones() {
        if (notesSent == zoneNotes.size()) {
            notesSent = 0;
            stage = Stage.CHUNK_SETS;
            return 1;
        }
        final MemorySegment buffer = parts.free();
        if (buffer == null) {
            return 0;
        }
        final int count = Math.min(parts.capacity(CheckpointPart.ZONES), zoneNotes.size() - notesSent);
        for (int item = 0; item < count; item++) {
            zoneNotes.get(notesSent++).encode(buffer, at(CheckpointPart.ZONES, item));
        }
        parts.send(CheckpointPart.ZONES, number, 0, count);
        return 1;
    }

    private int sendChunkSets() {
        if (notesSent == chunkSets.size()) {
            pointersLeft = -1;
            stage = Stage.ROOT;
            return 1;
        }
        final MemorySegment buffer = parts.free();
        if (buffer == null) {
            return 0;
        }
        final int count = Math.min(parts.capacity(CheckpointPart.CHUNK_SETS), chunkSets.size() - notesSent);
        for (int item = 0; item < count; item++) {
            chunkSets.get(notesSent++).encode(buffer, at(CheckpointPart.CHUNK_SETS, item));
        }
        parts.send(CheckpointPart.CHUNK_SETS, number, 0, count);
        return 1;
    }

    /// The root is a chain, written from its end: each part names the next one.
    private int sendRoot() {
        if (!parts.isDrained()) {
            return 0;
        }
        if (pointersLeft < 0) {
            pointersLeft = pointers.size();
        } else if (pointersLeft == 0) {
            stage = Stage.SENT;
            return 1;
        }
        final MemorySegment buffer = parts.free();
        final int next = root == null ? 0 : 1;
        final int count = Math.min(parts.capacity(CheckpointPart.ROOT) - next, pointersLeft);
        for (int item = 0; item < count; item++) {
            pointers.get(--pointersLeft).encode(buffer, at(CheckpointPart.ROOT, item));
        }
        if (next > 0) {
            root.encode(buffer, at(CheckpointPart.ROOT, count));
        }
        parts.send(CheckpointPart.ROOT, number, 0, count + next);
        return 1;
    }

    private static long at(final int kind, final int item) {
        return CheckpointPart.itemOffset(kind, BlockFormat.HEADER_LENGTH, item);
    }
}
