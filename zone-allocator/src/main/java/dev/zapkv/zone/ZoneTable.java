/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.zone;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;

/// What the store knows of each zone. Invariants, once no write is in flight: {@code 0 <= tombstoneBytes <=
/// liveBytes <= written <= capacity}; an empty zone has all of them 0.
///
/// *Threads.* {@link #addLive}, {@link #superseded} and {@link #liveBytes} may be called by any thread;
/// everything else belongs to the I/O agent, and others read it as statistics only.
public final class ZoneTable {
    /// Horizon of a zone that holds nothing.
    public static final long NO_HORIZON = Long.MAX_VALUE;

    private final ZoneGeometry geometry;
    private final ZoneState[] states;
    private final Stream[] streams;
    private final long[] written;
    private final int[] generations;
    private final long[] horizons;
    private final long[] newestTombstones;
    private final long[] tombstoneBytes;
    private final long[] newestHostBlocks;
    private final long[] newestLanded;
    private final AtomicLongArray live;
    private final AtomicLongArray supersededBy;
    private int usedZones;
    private int failures;

    /// A table of empty zones.
    public ZoneTable(final ZoneGeometry geometry) {
        this.geometry = geometry;
        final int zones = geometry.zoneCount();
        states = new ZoneState[zones];
        Arrays.fill(states, ZoneState.EMPTY);
        streams = new Stream[zones];
        written = new long[zones];
        generations = new int[zones];
        horizons = new long[zones];
        Arrays.fill(horizons, NO_HORIZON);
        newestTombstones = new long[zones];
        tombstoneBytes = new long[zones];
        newestHostBlocks = new long[zones];
        newestLanded = new long[zones];
        live = new AtomicLongArray(zones);
        supersededBy = new AtomicLongArray(zones);
    }

    /// Sizes of the device.
    public ZoneGeometry geometry() {
        return geometry;
    }

    /// Number of zones of the device.
    public int zoneCount() {
        return states.length;
    }

    /// One more than the highest zone that was ever in use since opening.
    public int usedZones() {
        return usedZones;
    }

    /// Writable bytes of each zone.
    public long capacity() {
        return geometry.zoneCapacity();
    }

    /// The zone of an address.
    public int zoneOf(final long address) {
        return geometry.zoneOf(address);
    }

    /// State of a zone.
    public ZoneState state(final int zone) {
        return states[zone];
    }

    /// Stream a zone belongs to, or null if it is empty.
    public Stream stream(final int zone) {
        return streams[zone];
    }

    /// Bytes appended, or being appended, to a zone since its reset.
    public long written(final int zone) {
        return written[zone];
    }

    /// Bytes of records in a zone that the index points at, plus tombstones not yet dropped. May be
    /// momentarily off by records in flight, and then even negative.
    public long liveBytes(final int zone) {
        return live.get(zone);
    }

    /// Bytes of tombstones among the live bytes.
    public long tombstoneBytes(final int zone) {
        return tombstoneBytes[zone];
    }

    /// Log position of the newest tombstone in a zone; 0 if there is none.
    public long newestTombstone(final int zone) {
        return newestTombstones[zone];
    }

    /// A log position such that the zone holds no superseded record whose successor is older than it: a
    /// tombstone at a position below every other zone's horizon has no older version left to hide.
    public long horizon(final int zone) {
        return horizons[zone];
    }

    /// Highest number of the host blocks appended to a zone in this life of the store, whether or not they landed;
    /// 0 if there is none.
    public long newestHostBlock(final int zone) {
        return newestHostBlocks[zone];
    }

    /// How often a zone was emptied; its blocks carry this number.
    public int generation(final int zone) {
        return generations[zone];
    }

    /// Changes a zone's live bytes. Any thread.
    public void addLive(final int zone, final long bytes) {
        live.getAndAdd(zone, bytes);
    }

    /// A record of a zone was superseded: by a host block up to this one. Before its bytes are taken from the
    /// live ones. Any thread.
    public void superseded(final int zone, final long hostBlock) {
        if (supersededBy.get(zone) < hostBlock) {
            supersededBy.accumulateAndGet(zone, hostBlock, Math::max);
        }
    }

    /// Whether nobody will miss what lies in a zone, whatever becomes of writes that are under way: nothing is
    /// live, no tombstone lies there, and what superseded its records is on stable media, as are its blocks: a
    /// number that is missing cuts off those behind it.
    ///
    /// @param flushed host block up to which all are on stable media
    public boolean isWorthless(final int zone, final long flushed) {
        return live.get(zone) == 0 && Math.max(supersededBy.get(zone), newestLanded[zone]) <= flushed;
    }

    /// The log was replayed. Zones that are empty among those in use begin another life: one of them may have
    /// been emptied for metadata without a note.
    public void replayed() {
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone <= usedZones && zone < states.length; zone++) {
            generations[zone] += states[zone] == ZoneState.EMPTY ? 1 : 0;
        }
    }

    /// Adds a tombstone to a zone's live bytes.
    public void addTombstone(final int zone, final long bytes, final long logPosition) {
        live.getAndAdd(zone, bytes);
        tombstoneBytes[zone] += bytes;
        newestTombstones[zone] = Math.max(newestTombstones[zone], logPosition);
    }

    /// Puts a zone to use for a stream.
    public void open(final int zone, final Stream stream) {
        states[zone] = ZoneState.OPEN;
        streams[zone] = stream;
        usedZones = Math.max(usedZones, zone + 1);
    }

    /// A zone takes no more appends.
    public void finish(final int zone) {
        states[zone] = ZoneState.FULL;
    }

    /// The device has made a zone read-only or taken it offline.
    public void fail(final int zone, final ZoneState state) {
        states[zone] = state;
        usedZones = Math.max(usedZones, zone + 1);
        failures++;
    }

    /// Whether there is a zone that is read-only or offline.
    public boolean hasFailedZones() {
        return failures > 0;
    }

    /// How often a zone was found read-only or offline: another number than before says that one more was.
    public int failures() {
        return failures;
    }

    /// Takes over what a scan or the device says of a zone.
    public void recover(final int zone, final ZoneState state, final Stream stream, final long writtenBytes) {
        states[zone] = state;
        streams[zone] = stream;
        written[zone] = writtenBytes;
        failures += state == ZoneState.READ_ONLY || state == ZoneState.OFFLINE ? 1 : 0;
        if (state != ZoneState.EMPTY) {
            usedZones = Math.max(usedZones, zone + 1);
        }
    }

    /// Takes over what the blocks in a zone say of its stream.
    public void stream(final int zone, final Stream stream) {
        streams[zone] = stream;
    }

    /// Counts an append.
    public void addWritten(final int zone, final long bytes) {
        written[zone] += bytes;
    }

    /// Notes a host block in a zone.
    public void addHostBlock(final int zone, final long block) {
        newestHostBlocks[zone] = Math.max(newestHostBlocks[zone], block);
    }

    /// Notes that a host block lies in a zone which may not be on stable media.
    public void landed(final int zone, final long block) {
        newestLanded[zone] = Math.max(newestLanded[zone], block);
    }

    /// Lowers a zone's horizon to that of a block in it.
    public void lowerHorizon(final int zone, final long logPosition) {
        horizons[zone] = Math.min(horizons[zone], logPosition);
    }

    /// Takes over the tombstones of a zone from a checkpoint.
    public void recoverTombstones(final int zone, final long bytes, final long newest) {
        tombstoneBytes[zone] = bytes;
        newestTombstones[zone] = newest;
        live.getAndAdd(zone, bytes);
    }

    /// Sets a zone's generation, at recovery.
    public void generation(final int zone, final int generation) {
        generations[zone] = generation;
    }

    /// Empties a zone: its next life begins.
    public void reset(final int zone) {
        states[zone] = ZoneState.EMPTY;
        streams[zone] = null;
        written[zone] = 0;
        horizons[zone] = NO_HORIZON;
        newestTombstones[zone] = 0;
        tombstoneBytes[zone] = 0;
        newestHostBlocks[zone] = 0;
        newestLanded[zone] = 0;
        live.set(zone, 0);
        supersededBy.set(zone, 0);
        generations[zone]++;
    }

    /// Lowest horizon of all zones but one.
    public long lowestHorizonExcept(final int zone) {
        long lowest = NO_HORIZON;
        for (int z = 0; z < usedZones; z++) {
            if (z != zone) {
                lowest = Math.min(lowest, horizons[z]);
            }
        }
        return lowest;
    }

    /// Tombstone bytes of all zones.
    public long totalTombstoneBytes() {
        long sum = 0;
        for (int zone = 0; zone < usedZones; zone++) {
            sum += tombstoneBytes[zone];
        }
        return sum;
    }

    /// Sum of live bytes over all zones.
    public long totalLiveBytes() {
        long sum = 0;
        for (int z = 0; z < usedZones; z++) {
            sum += live.get(z);
        }
        return sum;
    }

    /// Sum of written bytes over all zones of a stream, or of all data streams if null.
    public long totalWritten(final Stream stream) {
        long sum = 0;
        for (int z = 0; z < usedZones; z++) {
            if (streams[z] != null && (stream == null ? streams[z] != Stream.METADATA : streams[z] == stream)) {
                sum += written[z];
            }
        }
        return sum;
    }
}
