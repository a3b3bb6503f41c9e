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
public final class SimMedia {
    private final ZoneGeometry geometry;
    private final EmulatedZones zones;
    private final AtomicReferenceArray<MemorySegment> bytes;
    private final MemorySegment[] conventional;
    private final List<VolatileAppend> volatileAppends = new ArrayList<>();
    private long reports;
    private boolean inUse;

    /// All zones empty.
    ///
    /// @throws IllegalArgumentException if a zone does not fit an array
    public SimMedia(final ZoneGeometry geometry) {
        this(geometry, 0);
    }

    /// All zones empty, and some conventional zones besides, filled with zeros.
    ///
    /// @param conventionalZones their number
    /// @throws IllegalArgumentException if a zone does not fit an array
    public SimMedia(final ZoneGeometry geometry, final int conventionalZones) {
        if (geometry.zoneCapacity() > Integer.MAX_VALUE - Long.BYTES) {
            throw new IllegalArgumentException("zoneCapacity=" + geometry.zoneCapacity() + " is too much for memory");
        }
        this.geometry = geometry;
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
        }
        MemorySegment.copy(source, at, bytes.get(zone), offset, length);
        final VolatileAppend append = new VolatileAppend(zone, offset, length);
        volatileAppends.add(append);
        return append;
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

    /// The media as it is found after a crash, for another device. The device that has this media open must
    /// not be used any more; neither it nor this media is changed.
    ///
    /// @param random decides what survives
    public SimMedia crash(final SimCrash crash, final RandomGenerator random) {
        final SimMedia survivor = new SimMedia(geometry, conventional.length);
        for (int zone = 0; zone < conventional.length; zone++) {
            survivor.conventional[zone].copyFrom(conventional[zone]);
        }
        for (int zone = 0; zone < geometry.zoneCount(); zone++) {
            if (bytes.get(zone) != null) {
                survivor.bytes.set(zone, MemorySegment.ofArray(bytes.get(zone).toArray(ValueLayout.JAVA_BYTE)));
            }
            final BitSet lost = crash == SimCrash.POWER ? loseBlocks(zone, random) : new BitSet();
            survivor.restore(zone, lost, zones.state(zone), zones.writePointer(zone));
        }
        if (crash == SimCrash.PROCESS) {
            // Still in the device's cache: a later power cut may take it.
            for (final VolatileAppend append : volatileAppends) {
                final VolatileAppend copy = new VolatileAppend(append.zone, append.offset, append.length);
                copy.report = 0;
                survivor.volatileAppends.add(copy);
            }
        }
        return survivor;
    }

    /// Blocks of a zone that a power cut takes: of each volatile append none, all, or any.
    private BitSet loseBlocks(final int zone, final RandomGenerator random) {
        final BitSet lost = new BitSet();
        for (final VolatileAppend append : volatileAppends) {
            if (append.zone != zone) {
                continue;
            }
            final int first = (int) (append.offset / geometry.blockSize());
            final int end = first + append.length / geometry.blockSize();
            switch (random.nextInt(3)) {
                case 0 -> lost.set(first, end);
                case 1 -> {
                    for (int block = first; block < end; block++) {
                        lost.set(block, random.nextBoolean());
                    }
                }
                default -> {
                    // survives whole
                }
            }
        }
        return lost;
    }

    private void restore(final int zone, final BitSet lost, final ZoneState state, final long writePointer) {
        final int block = geometry.blockSize();
        lost.stream()
                .forEach(i -> bytes.get(zone).asSlice((long) i * block, block).fill((byte) 0));
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
        private long report = Long.MAX_VALUE; // none yet

        VolatileAppend(final int zone, final long offset, final int length) {
            this.zone = zone;
            this.offset = offset;
            this.length = length;
        }
    }
}
