/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sim;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.emulated.EmulatedZones;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.random.RandomGenerator;

/// What a simulated device keeps when nobody has it open: bytes, zone states, and which appends are not
/// durable yet.
///
/// *Durability.* An append is volatile from the moment its bytes are placed. A durable append stops being so
/// when its result is reported; any other when a flush completes that was queued after its result was
/// reported.
///
/// *Conventional zones*, if it has some, are durable once written.
///
/// *Bytes.* A reset leaves them readable, as a recycled file does; a release drops them. What a power cut
/// takes reads as zeros.
///
/// *As a directory.* Media may also behave as a directory of recycled files: after a crash every zone that was ever
/// written is full, its write pointer unknown, and what a power cut takes is as it was before.
public final class SimMedia {
    private final ZoneGeometry geometry;
    private final EmulatedZones zones;
    private final AtomicReferenceArray<MemorySegment> bytes;
    // Zones whose bytes are another media's, too: copied before they change.
    private final BitSet shared = new BitSet();
    private final MemorySegment[] conventional;
    private final List<VolatileAppend> volatileAppends = new ArrayList<>();
    private final boolean asDirectory;
    private final ReadErrors readErrors = new ReadErrors();
    private long reports;
    private boolean inUse;

    /// All zones empty.
    ///
    /// @throws IllegalArgumentException if a zone does not fit an array
    public SimMedia(final ZoneGeometry geometry) {
        this(geometry, 0, false);
    }

    /// All zones empty, and some conventional zones besides, filled with zeros.
    ///
    /// @param conventionalZones their number
    /// @throws IllegalArgumentException if a zone does not fit an array
    public SimMedia(final ZoneGeometry geometry, final int conventionalZones) {
        this(geometry, conventionalZones, false);
    }

    /// All zones empty, and some conventional zones besides, filled with zeros.
    ///
    /// @param conventionalZones their number
    /// @param asDirectory       whether a crash leaves what it leaves of a directory
    /// @throws IllegalArgumentException if a zone does not fit an array
    public SimMedia(final ZoneGeometry geometry, final int conventionalZones, final boolean asDirectory) {
        if (geometry.zoneCapacity() > Integer.MAX_VALUE - Long.BYTES) {
            throw new IllegalArgumentException("zoneCapacity=" + geometry.zoneCapacity() + " is too much for memory");
        }
        this.geometry = geometry;
        this.asDirectory = asDirectory;
        zones = new EmulatedZones(geometry);
        bytes = new AtomicReferenceArray<>(geometry.zoneCount());
        conventional = new MemorySegment[conventionalZones];
        Arrays.setAll(conventional, zone -> MemorySegment.ofArray(new byte[(int) geometry.zoneCapacity()]));
    }

    /// Sizes of the device.
    public ZoneGeometry geometry() {
        return geometry;
    }

    /// Appends that a power cut could take.
    public int volatileAppendCount() {
        return volatileAppends.size();
    }

    /// Makes a zone read-only or takes it offline, at any moment: its bytes stay, appends that begin later fail.
    ///
    /// @param state {@link ZoneState#READ_ONLY} or {@link ZoneState#OFFLINE}
    public void fail(final int zone, final ZoneState state) {
        if (state != ZoneState.READ_ONLY && state != ZoneState.OFFLINE) {
            throw new IllegalArgumentException("state=" + state + " is no failure of a zone");
        }
        zones.restore(zone, state, zones.writePointer(zone), true);
    }

    /// Makes a zone full before its time: appends that begin later fail.
    public void fill(final int zone) {
        if (zones.state(zone) != ZoneState.OPEN && zones.state(zone) != ZoneState.CLOSED) {
            throw new IllegalArgumentException("zone=" + zone + " is " + zones.state(zone) + ": it takes no appends");
        }
        zones.restore(zone, ZoneState.FULL, zones.writePointer(zone), true);
    }

    /// Flips a bit of what is stored.
    ///
    /// @param offset in the zone, below its write pointer
    /// @param bit    0 to 7
    public void flip(final int zone, final long offset, final int bit) {
        final MemorySegment stored = own(zone);
        stored.set(ValueLayout.JAVA_BYTE, offset, (byte) (stored.get(ValueLayout.JAVA_BYTE, offset) ^ 1 << bit));
    }

    /// Lets the next reads that touch a byte fail.
    ///
    /// @param times so many reads
    public void failReads(final int zone, final long offset, final int times) {
        readErrors.add(geometry.address(zone, offset), times);
    }

    /// Whether a read would fail.
    public boolean hasReadErrors() {
        return readErrors.any();
    }

    /// Reads fail no more.
    public void healReads() {
        readErrors.clear();
    }

    /// Whether this read fails.
    boolean failsRead(final long address, final int length) {
        return readErrors.hit(address, length);
    }

    EmulatedZones zones() {
        return zones;
    }

    MemorySegment[] conventional() {
        return conventional;
    }

    /// One device at a time.
    void take() {
        if (inUse) {
            throw new IllegalStateException("a device is open on this media: close it, or crash the media");
        }
        inUse = true;
    }

    /// Clean end: zones lose their open resource.
    void giveBack() {
        for (int zone = 0; zone < geometry.zoneCount(); zone++) {
            if (zones.state(zone) == ZoneState.OPEN) {
                zones.restore(zone, closedState(zones.writePointer(zone)), zones.writePointer(zone), true);
            }
        }
        inUse = false;
    }

    private static ZoneState closedState(final long writePointer) {
        return writePointer == 0 ? ZoneState.EMPTY : ZoneState.CLOSED;
    }

    void read(final int zone, final long offset, final MemorySegment target, final long at, final int length) {
        final MemorySegment source = bytes.get(zone);
        if (source == null) {
            target.asSlice(at, length).fill((byte) 0);
        } else {
            MemorySegment.copy(source, offset, target, at, length);
        }
    }

    /// Stores the bytes of an append and makes it volatile.
    VolatileAppend place(
            final int zone, final long offset, final MemorySegment source, final long at, final int length) {
        if (bytes.get(zone) == null) {
            bytes.set(zone, MemorySegment.ofArray(new byte[(int) geometry.zoneCapacity()]));
            shared.clear(zone);
        }
        final MemorySegment stored = own(zone);
        final byte[] before = asDirectory ? stored.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE) : null;
        MemorySegment.copy(source, at, stored, offset, length);
        final VolatileAppend append = new VolatileAppend(zone, offset, length, before);
        volatileAppends.add(append);
        return append;
    }

    /// A zone's bytes, to be changed.
    private MemorySegment own(final int zone) {
        if (shared.get(zone)) {
            bytes.set(zone, MemorySegment.ofArray(bytes.get(zone).toArray(ValueLayout.JAVA_BYTE)));
            shared.clear(zone);
        }
        return bytes.get(zone);
    }

    /// The result of a placed append is reported.
    void reported(final VolatileAppend append, final boolean durable) {
        append.report = ++reports;
        if (durable) {
            volatileAppends.remove(append);
        }
    }

    /// Number of results reported so far: what a flush queued now covers.
    long reports() {
        return reports;
    }

    /// A flush completed.
    void flushed(final long coveredReports) {
        volatileAppends.removeIf(append -> append.report <= coveredReports);
    }

    /// The zone's data is of no interest any more.
    void reset(final int zone) {
        zones.reset(zone);
        volatileAppends.removeIf(append -> append.zone == zone);
    }

    void release(final int zone) {
        bytes.set(zone, null);
    }

    /// The media as it is found after a crash, for another device. The device that has this media open must not
    /// be used any more; neither it nor this media is changed. Both share what neither changes.
    ///
    /// @param random decides what survives
    public SimMedia crash(final SimCrash crash, final RandomGenerator random) {
        final SimMedia survivor = new SimMedia(geometry, conventional.length, asDirectory);
        for (int zone = 0; zone < conventional.length; zone++) {
            survivor.conventional[zone].copyFrom(conventional[zone]);
        }
        final Survival survival = crash == SimCrash.POWER ? Survival.draw(random) : Survival.ALL;
        for (int zone = 0; zone < geometry.zoneCount(); zone++) {
            if (bytes.get(zone) != null) {
                survivor.bytes.set(zone, bytes.get(zone));
                survivor.shared.set(zone);
                shared.set(zone);
            }
            final BitSet lost = loseBlocks(zone, survival, random, survivor);
            survivor.restore(zone, lost, zones.state(zone), zones.writePointer(zone));
        }
        survivor.readErrors.addAll(readErrors);
        if (crash == SimCrash.PROCESS) {
            // Still in the device's cache: a later power cut may take it.
            for (final VolatileAppend append : volatileAppends) {
                final VolatileAppend copy =
                        new VolatileAppend(append.zone, append.offset, append.length, append.before);
                copy.report = 0;
                survivor.volatileAppends.add(copy);
            }
        }
        return survivor;
    }

    /// What a power cut leaves of the appends that were neither durable nor flushed.
    private enum Survival {
        ALL,
        NONE,
        /// Of each append none, all, or any blocks.
        ANY,
        /// Of each append all but for one in eight.
        MOST,
        /// Of each append nothing but for one in eight.
        FEW;

        private static final int RARE = 8;

        static Survival draw(final RandomGenerator random) {
            return switch (random.nextInt(RARE)) {
                case 0 -> ALL;
                case 1 -> NONE;
                case 2 -> MOST;
                case 3 -> FEW;
                default -> ANY;
            };
        }

        /// 0: the append is lost, 1: any of its blocks are, else: none.
        int fate(final RandomGenerator random) {
            return switch (this) {
                case ALL -> 2;
                case NONE -> 0;
                case ANY -> random.nextInt(3);
                case MOST -> random.nextInt(RARE) == 0 ? random.nextInt(2) : 2;
                case FEW -> random.nextInt(RARE) == 0 ? 1 + random.nextInt(2) : 0;
            };
        }
    }

    /// Takes what a power cut takes of a zone.
    ///
    /// @return the blocks that were lost
    private BitSet loseBlocks(
            final int zone, final Survival survival, final RandomGenerator random, final SimMedia survivor) {
        final BitSet lost = new BitSet();
        for (final VolatileAppend append : volatileAppends) {
            if (append.zone != zone || survival == Survival.ALL) {
                continue;
            }
            final int fate = survival.fate(random);
            final int count = append.length / geometry.blockSize();
            for (int block = 0; block < count && fate < 2; block++) {
                if (fate == 0 || random.nextBoolean()) {
                    lost.set((int) (append.offset / geometry.blockSize()) + block);
                    append.takeBack(survivor.own(zone), block * geometry.blockSize(), geometry.blockSize());
                }
            }
        }
        return lost;
    }

    private void restore(final int zone, final BitSet lost, final ZoneState state, final long writePointer) {
        if (asDirectory && bytes.get(zone) != null && state != ZoneState.READ_ONLY && state != ZoneState.OFFLINE) {
            zones.restore(zone, ZoneState.FULL, geometry.zoneCapacity(), false);
            return;
        }
        final int block = geometry.blockSize();
        final boolean finished = state == ZoneState.FULL && writePointer < geometry.zoneCapacity();
        long end = writePointer;
        while (!finished && end > 0 && lost.get((int) (end / block) - 1)) {
            end -= block;
        }
        final boolean filled = state == ZoneState.FULL && end == geometry.zoneCapacity();
        final boolean writable = state == ZoneState.OPEN || state == ZoneState.CLOSED || state == ZoneState.FULL;
        zones.restore(zone, writable && !finished && !filled ? closedState(end) : state, end, true);
    }

    /// An append that is on the media but not durable.
    static final class VolatileAppend {
        private final int zone;
        private final long offset;
        private final int length;
        // What lay there, or null: zeros.
        private final byte[] before;
        private long report = Long.MAX_VALUE; // none yet

        VolatileAppend(final int zone, final long offset, final int length, final byte[] before) {
            this.zone = zone;
            this.offset = offset;
            this.length = length;
            this.before = before;
        }

        void takeBack(final MemorySegment media, final int from, final int bytes) {
            if (before == null) {
                media.asSlice(offset + from, bytes).fill((byte) 0);
            } else {
                MemorySegment.copy(before, from, media, ValueLayout.JAVA_BYTE, offset + from, bytes);
            }
        }
    }
}
