/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.checkpoint;

import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.CheckpointPart;
import dev.zapkv.store.format.CheckpointRef;
import dev.zapkv.store.format.ChunkSetNote;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.PartPointer;
import dev.zapkv.store.format.ZoneNote;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.store.log.DevicePort;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/// Writes checkpoints in the background: the index, shard by shard, while writers go on, so that opening the
/// store reads the checkpoint and replays only what was appended since it began.
///
/// A checkpoint *begins* at a quiet moment: no append is in flight and no relocation is half done. Then every
/// record in a block before {@code firstBlock} is in the index, and nothing newer lies before the noted write
/// pointers. It is
/// *dumped* piece by piece. Entries of records that are still in staging are left out: replay finds those
/// records, because the checkpoint is *committed* only when all blocks up to the last one claimed during the
/// dump are on stable media. See docs/checkpoints.md for why replay behind it ends in the same index as
/// replay of everything.
///
/// The parts of a shard that has not changed since the checkpoint before are not written again.
///
/// Belongs to the I/O agent.
public final class CheckpointWriter implements AutoCloseable {
    // Bytes appended from one checkpoint to the next, in sizes of a checkpoint.
    private static final int LOG_PER_CHECKPOINT = 16;
    private static final long MIN_LOG_BYTES = 64L << 20;
    private static final long MAX_AGE_NS = TimeUnit.MINUTES.toNanos(10);
    private static final long BYTES_PER_SECOND = 64L << 20;
    private static final long BURST_BYTES = 1 << 20;
    private static final long QUIET_WAIT_NS = TimeUnit.MILLISECONDS.toNanos(50);
    // The device may need seconds for what is in flight.
    private static final long STUCK_NS = TimeUnit.SECONDS.toNanos(10);
    private static final int MAX_QUIET_ATTEMPTS = 10;
    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(200);

    private final AppendAgent append;
    private final ZoneAllocator allocator;
    private final ZoneTable zones;
    private final PointIndex index;
    private final CheckpointHost host;
    private final long logBytes;
    private final LongSupplier nanoClock;
    private final PartAppender parts;
    private final long[] piece;
    private final List<Checkpoint> retained = new ArrayList<>();

    private State state = State.IDLE;
    private boolean requested;
    private long nextNumber;
    // When the newest checkpoint, and the one being written, began.
    private long loggedBefore;
    private long loggedAtBegin;
    private long begunAt;
    private long appendedBefore;
    private long checkAtBytes;
    private long notBefore;
    private String refused = "";
    private long taken;
    private int quietAttempts;
    private long movedAt;
    private boolean landedSince;

    // Of the checkpoint being written.
    private long firstBlock;
    private long firstGcBlock;
    private List<ZoneNote> zoneNotes = List.of();
    private List<ChunkSetNote> chunkSets = List.of();
    private Map<Integer, List<PartPointer>> unchanged = Map.of();
    private final List<PartPointer> pointers = new ArrayList<>();
    private final Set<PartPointer> written = new HashSet<>();
    private long[] shardChanges = {};
    private int shard;
    private long nextFingerprint;
    private int notesSent;
    private int pointersLeft;
    private PartPointer root;
    private long lastBlock;

    private enum State {
        IDLE,
        QUIETING,
        ENTRIES,
        ZONES,
        CHUNK_SETS,
        ROOT,
        SETTLING,
        ABANDONING
    }

    /// @param logBytes appended bytes from one checkpoint to the next; 0: decided by the size of the index
    /// @param known    checkpoints the store may be opened from, newest first
    /// @param replayed bytes appended since the newest of them began
    public CheckpointWriter(
            final DevicePort port,
            final AppendAgent append,
            final ZoneAllocator allocator,
            final ZoneTable zones,
            final PointIndex index,
            final CheckpointHost host,
            final StoreId storeId,
            final long epoch,
            final long logBytes,
            final LongSupplier nanoClock,
            final List<Checkpoint> known,
            final long replayed) {
        this.append = append;
        this.allocator = allocator;
        this.zones = zones;
        this.index = index;
        this.host = host;
        this.logBytes = logBytes;
        this.nanoClock = nanoClock;
        long newestPart = 0;
        for (final Checkpoint checkpoint : known) {
            nextNumber = Math.max(nextNumber, checkpoint.ref().number());
            newestPart = Math.max(newestPart, checkpoint.ref().root().number());
        }
        nextNumber++;
        parts = new PartAppender(
                port, allocator, zones, storeId, epoch, append.staging().blockBytes(), newestPart + 1, this::landed);
        piece = new long[2 * parts.capacity(CheckpointPart.ENTRIES)];
        retained.addAll(known);
        for (final PartPointer part : retainedParts(retained)) {
            zones.addLive(zoneOf(part), part.length());
        }
        loggedBefore = host.loggedBytes() - replayed;
        begunAt = nanoClock.getAsLong();
    }

    /// Whether the store keeps checkpoints at all.
    public boolean isEnabled() {
        return allocator.checkpointZones() > 0;
    }

    /// Asks for a checkpoint as soon as possible and at full speed.
    public void request() {
        if (isEnabled()) {
            requested = true;
            notBefore = Long.MIN_VALUE;
        } else {
            refused = "a store of so few zones keeps none";
        }
    }

    /// Whether a request is still being worked on.
    public boolean isRequested() {
        return requested || state != State.IDLE;
    }

    /// Whether anything was appended since the newest checkpoint began.
    public boolean isBehind() {
        return isEnabled() && (retained.isEmpty() || host.loggedBytes() > loggedBefore);
    }

    /// Checkpoints written in this life of the store.
    public long taken() {
        return taken;
    }

    /// Bytes appended for checkpoints in this life of the store.
    public long appendedBytes() {
        return parts.appendedBytes();
    }

    /// Why the last checkpoint was not written; empty if it was.
    public String refused() {
        return refused;
    }

    /// Checkpoints the store may be opened from, newest first.
    public List<CheckpointRef> refs() {
        return retained.stream().map(Checkpoint::ref).toList();
    }

    /// One bounded step.
    ///
    /// @return amount of work done
    public int doWork() {
        int work = parts.doWork();
        if (parts.failure() != null && state != State.ABANDONING) {
            giveUp(parts.failure());
        }
        work += step();
        if (state != State.IDLE && !isMoving(work) && state != State.ABANDONING) {
            giveUp("the store or its device did not come to the point where it could be written");
        }
        return work;
    }

    private int step() {
        return switch (state) {
            case IDLE -> begin();
            case QUIETING -> quiet();
            case ENTRIES -> sendEntries();
            case ZONES -> sendZones();
            case CHUNK_SETS -> sendChunkSets();
            case ROOT -> sendRoot();
            case SETTLING -> settle();
            case ABANDONING -> abandon();
        };
    }

    /// Whether the checkpoint has come nearer to its end within the time that it is given for that: nobody
    /// may wait for it for ever.
    private boolean isMoving(final int work) {
        final long now = nanoClock.getAsLong();
        if (work > 0 || landedSince) {
            landedSince = false;
            movedAt = now;
        }
        return now - movedAt <= STUCK_NS;
    }

    private void giveUp(final String reason) {
        refused = reason;
        if (state == State.QUIETING) {
            append.hold(false);
            host.holdCollector(false);
        }
        state = State.ABANDONING;
    }

    // ---- when

    private int begin() {
        if (!isDue()) {
            return 0;
        }
        if (!makeRoom()) {
            postpone();
            return 0;
        }
        state = State.QUIETING;
        movedAt = nanoClock.getAsLong();
        append.hold(true);
        host.holdCollector(true);
        notBefore = nanoClock.getAsLong() + QUIET_WAIT_NS;
        return 1;
    }

    private boolean isDue() {
        if (!isEnabled()) {
            return false;
        }
        final long logged = host.loggedBytes();
        if (!requested && logged < checkAtBytes) {
            return false;
        }
        final long now = nanoClock.getAsLong();
        if (now < notBefore) {
            return false;
        }
        if (requested) {
            return true;
        }
        final long own = estimatedBytes();
        final long wanted = logBytes > 0 ? logBytes : Math.max(MIN_LOG_BYTES, LOG_PER_CHECKPOINT * own);
        final long since = logged - loggedBefore;
        if (since >= wanted || (since >= Math.max(own, 1) && now - begunAt >= MAX_AGE_NS)) {
            return true;
        }
        // The index may shrink, and time may pass: to be asked again in between.
        checkAtBytes = logged + Math.min(wanted - since, MIN_LOG_BYTES / 4);
        return false;
    }

    private long estimatedBytes() {
        return index.size() * CheckpointPart.ENTRY_LENGTH + (long) zones.usedZones() * ZoneNote.LENGTH;
    }

    /// Gives up the older checkpoint if the new one would not fit beside both.
    private boolean makeRoom() {
        final long capacity = zones.capacity();
        final long needed = (estimatedBytes() * 5 / 4 + capacity - 1) / capacity + 1;
        if (allocator.checkpointsTaken() + needed > allocator.checkpointZones() && retained.size() > 1) {
            retain(List.of(retained.getFirst()));
        }
        if (allocator.checkpointsTaken() + needed <= allocator.checkpointZones()) {
            return true;
        }
        refused = "a checkpoint needs " + needed + " zones beside the one before, " + allocator.checkpointZones()
                + " may be used in all";
        return false;
    }

    /// Not now; when as much again was logged.
    private void postpone() {
        requested = false;
        checkAtBytes = host.loggedBytes() + (logBytes > 0 ? logBytes : MIN_LOG_BYTES);
        state = State.IDLE;
    }

    private int quiet() {
        if (append.isQuiet() && host.isCollectorQuiet()) {
            note();
            append.hold(false);
            // On a drive without an open zone to spare collections pause until the checkpoint is written.
            host.holdCollector(allocator.sharesPlaces());
            quietAttempts = 0;
            state = State.ENTRIES;
            return 1;
        }
        if (append.isRepeating() || nanoClock.getAsLong() > notBefore) {
            // What holds the others up may need them to go on.
            append.hold(false);
            host.holdCollector(false);
            notBefore = nanoClock.getAsLong() + RETRY_NS;
            state = State.IDLE;
            if (++quietAttempts >= MAX_QUIET_ATTEMPTS) {
                quietAttempts = 0;
                refused = "garbage collection or a repeated append found no place to end";
                postpone();
            }
        }
        return 0;
    }

    // ---- the parts

    private void note() {
        firstBlock = append.frontier() + 1;
        firstGcBlock = host.nextGcBlock();
        loggedAtBegin = host.loggedBytes();
        begunAt = nanoClock.getAsLong();
        appendedBefore = parts.appendedBytes();
        zoneNotes = new ArrayList<>();
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones.usedZones(); zone++) {
            final Stream stream = zones.stream(zone);
            if (stream != null && stream != Stream.METADATA && zones.written(zone) > 0) {
                zoneNotes.add(new ZoneNote(
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
        chunkSets = host.chunkSets();
        pointers.clear();
        written.clear();
        shard = 0;
        nextFingerprint = 0;
        notesSent = 0;
        root = null;
        shardChanges = new long[index.shardCount()];
        unchanged = reusableParts();
        if (allocator.sharesPlaces()) {
            allocator.leave(Stream.GC);
        }
    }

    /// Parts of the newest checkpoint, by shard; none if they take so many zones that it is better to write
    /// all anew, or lie in zones that are failing.
    private Map<Integer, List<PartPointer>> reusableParts() {
        if (retained.isEmpty() || allocator.checkpointsTaken() > allocator.checkpointZones() / 2) {
            return Map.of();
        }
        final List<PartPointer> newest = retained.getFirst().parts();
        for (final PartPointer part : newest) {
            final ZoneState zone = zones.state(zoneOf(part));
            if (zone == ZoneState.READ_ONLY || zone == ZoneState.OFFLINE) {
                return Map.of();
            }
        }
        return newest.stream()
                .filter(part -> part.kind() == CheckpointPart.ENTRIES)
                .collect(Collectors.groupingBy(PartPointer::shard));
    }

    private int sendEntries() {
        final MemorySegment buffer = parts.free();
        if (shard < index.shardCount()) {
            if (buffer == null || !mayGoOn()) {
                return 0;
            }
            if (nextFingerprint == 0 && reuse()) {
                shard++;
                return 1;
            }
            dumpPiece(buffer);
            return 1;
        }
        // Whatever was left out because it was in staging lies in a block up to this one.
        lastBlock = append.staging().lastClaimedBlock();
        state = State.ZONES;
        return 1;
    }

    private boolean mayGoOn() {
        if (isInTheWay()) {
            return false;
        }
        final double seconds = (nanoClock.getAsLong() - begunAt) / 1e9;
        return requested || parts.appendedBytes() - appendedBefore <= BURST_BYTES + seconds * BYTES_PER_SECOND;
    }

    /// Whether writers wait for a collection that waits for the checkpoint: then there will be none.
    private boolean isInTheWay() {
        if (allocator.sharesPlaces() && append.isStuck()) {
            giveUp("writers needed the zones");
            return true;
        }
        return false;
    }

    private boolean reuse() {
        shardChanges[shard] = index.changes(shard);
        if (unchanged.isEmpty() || retained.getFirst().shardChanges()[shard] != shardChanges[shard]) {
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
            parts.send(CheckpointPart.ENTRIES, nextNumber, shard, kept);
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
            state = State.CHUNK_SETS;
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
        parts.send(CheckpointPart.ZONES, nextNumber, 0, count);
        return 1;
    }

    private int sendChunkSets() {
        if (notesSent == chunkSets.size()) {
            pointersLeft = -1;
            state = State.ROOT;
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
        parts.send(CheckpointPart.CHUNK_SETS, nextNumber, 0, count);
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
            append.flushBehind(lastBlock);
            state = State.SETTLING;
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
        parts.send(CheckpointPart.ROOT, nextNumber, 0, count + next);
        return 1;
    }

    private static long at(final int kind, final int item) {
        return CheckpointPart.itemOffset(kind, BlockFormat.HEADER_LENGTH, item);
    }

    private void landed(final PartPointer part) {
        landedSince = true;
        written.add(part);
        zones.addLive(zoneOf(part), part.length());
        if (part.kind() == CheckpointPart.ROOT) {
            root = part;
        } else {
            pointers.add(part);
        }
    }

    // ---- the end

    private int settle() {
        if (isInTheWay() || append.flushed() < lastBlock || append.flushRequired()) {
            return 0;
        }
        final CheckpointRef ref = new CheckpointRef(nextNumber, firstBlock, firstGcBlock, index.shardCount(), root);
        final Set<PartPointer> all = new HashSet<>(pointers);
        all.addAll(written);
        final List<Checkpoint> next = new ArrayList<>();
        next.add(new Checkpoint(ref, List.copyOf(all), shardChanges));
        next.addAll(retained.subList(0, Math.min(retained.size(), MetadataImage.MAX_CHECKPOINTS - 1)));
        written.clear();
        retain(next);
        loggedBefore = loggedAtBegin;
        nextNumber++;
        taken++;
        refused = "";
        finish();
        return 1;
    }

    private int abandon() {
        if (!parts.abandon()) {
            return 0;
        }
        for (final PartPointer part : written) {
            zones.addLive(zoneOf(part), -part.length());
        }
        written.clear();
        finish();
        postpone();
        sweep();
        return 1;
    }

    private void finish() {
        pointers.clear();
        zoneNotes = List.of();
        chunkSets = List.of();
        unchanged = Map.of();
        requested = false;
        checkAtBytes = 0;
        state = State.IDLE;
        if (allocator.sharesPlaces()) {
            allocator.leave(Stream.CHECKPOINT);
            host.holdCollector(false);
        }
    }

    /// Makes these the checkpoints to open from, and empties zones that only others needed.
    private void retain(final List<Checkpoint> next) {
        final Set<PartPointer> before = retainedParts(retained);
        final Set<PartPointer> after = retainedParts(next);
        host.commit(next.stream().map(Checkpoint::ref).toList());
        retained.clear();
        retained.addAll(next);
        for (final PartPointer part : before) {
            if (!after.contains(part)) {
                zones.addLive(zoneOf(part), -part.length());
            }
        }
        sweep();
    }

    /// Empties the zones of the stream that hold nothing which is needed.
    public void sweep() {
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones.usedZones(); zone++) {
            if (zones.stream(zone) == Stream.CHECKPOINT
                    && zones.liveBytes(zone) == 0
                    && allocator.isUnused(zone)
                    && zones.state(zone) != ZoneState.OFFLINE) {
                host.retire(zone);
            }
        }
    }

    private static Set<PartPointer> retainedParts(final List<Checkpoint> checkpoints) {
        final Set<PartPointer> all = new HashSet<>();
        for (final Checkpoint checkpoint : checkpoints) {
            all.addAll(checkpoint.parts());
        }
        return all;
    }

    private int zoneOf(final PartPointer part) {
        return zones.zoneOf(part.address());
    }

    /// Releases memory. No command is in flight.
    @Override
    public void close() {
        parts.close();
    }
}
