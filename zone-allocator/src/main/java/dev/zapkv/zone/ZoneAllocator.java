/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.zone;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import java.util.Arrays;
import org.agrona.collections.IntArrayList;

/// Decides which zone the next append of a stream goes to.
///
/// *Invariants.* The bytes handed out for a zone never exceed its capacity. Host appends never take one of
/// the last {@code reserve} empty zones: garbage collection can always finish the victim it began. At most
/// {@code zoneLimit} zones are in use. No more zones are open than the device allows, metadata's one
/// included: a stream that has filled its zone waits until the last append there has ended, if need be.
///
/// Belongs to the I/O agent.
public final class ZoneAllocator {
    /// Zones 0 and 1 hold metadata and are never handed out here; see also {@link #takeForMetadata}.
    public static final int FIRST_DATA_ZONE = 2;

    /// Returned when there is no zone to append to.
    public static final int NONE = -1;

    /// Returned when the device allows no further open zone before appends in flight have ended: try again.
    public static final int BUSY = -2;

    /// Fewest open zones a device must allow: one for metadata, one for writers, one for garbage collection.
    public static final int MIN_OPEN_ZONES = 3;

    /// What an append may take of the zones that are kept.
    public enum Reserve {
        /// None.
        NONE,
        /// All but the last one: that is for collections alone. For host blocks whose first append failed.
        BUT_THE_LAST,
        /// Each of them. For collections, and for host blocks that a collection waits for.
        ALL
    }

    private static final int STREAMS = Stream.CHECKPOINT.code() + 1;
    // Metadata's is not among them.
    private static final int DATA_STREAMS = 3;
    // On a full file system one call in so many asks it again.
    private static final int RETRY_PERIOD = 1024;

    private final ZoneDevice device;
    private final ZoneTable table;
    private final int zoneLimit;
    private final int reserve;
    private final int checkpointZones;
    private final int[] openZones = new int[STREAMS];
    private final int[] inFlight;
    // Zones of data that may be open at a time.
    private final int openLimit;
    private int open;
    // Empty zones whose space is reserved, in the order they will be used.
    private final IntArrayList forHost = new IntArrayList();
    private final IntArrayList reserved = new IntArrayList();
    private int emptyZones;
    // Zones of the checkpoint stream.
    private int checkpointsTaken;
    // Of the reserve, for metadata alone.
    private int keptForMetadata;
    private int searchFrom = FIRST_DATA_ZONE;
    private boolean fileSystemFull;
    private String refusal = "";
    private int refusedPreparations;
    private long zonesOpened;

    /// @param zoneLimit zones that may be in use, metadata zones included; at most the device's zone count
    /// @param reserve   empty zones that only garbage collection may take, and host blocks that are appended
    /// a
    ///     second time
    /// @param checkpointZones zones that checkpoints may take at a time
    public ZoneAllocator(
            final ZoneDevice device,
            final ZoneTable table,
            final int zoneLimit,
            final int reserve,
            final int checkpointZones) {
        if (zoneLimit > table.zoneCount() || zoneLimit < FIRST_DATA_ZONE + reserve + 1) {
            throw new IllegalArgumentException(
                    "zoneLimit=" + zoneLimit + " zoneCount=" + table.zoneCount() + " reserve=" + reserve);
        }
        this.device = device;
        this.table = table;
        this.zoneLimit = zoneLimit;
        this.reserve = reserve;
        this.checkpointZones = checkpointZones;
        inFlight = new int[table.zoneCount()];
        openLimit = openLimit(device.geometry()) - 1;
        Arrays.fill(openZones, NONE);
        for (int zone = FIRST_DATA_ZONE; zone < zoneLimit; zone++) {
            if (table.state(zone) == ZoneState.EMPTY) {
                emptyZones++;
            }
            if (table.stream(zone) == Stream.CHECKPOINT) {
                checkpointsTaken++;
            }
            if (table.stream(zone) == Stream.METADATA) {
                keptForMetadata = 1;
            }
        }
    }

    /// Zones that may be open, or open or closed, at a time, whichever is less: the store closes none but by
    /// filling it.
    public static int openLimit(final ZoneGeometry geometry) {
        final int openLimit = geometry.maxOpen() == 0 ? Integer.MAX_VALUE : geometry.maxOpen();
        return geometry.maxActive() == 0 ? openLimit : Math.min(openLimit, geometry.maxActive());
    }

    /// Whether the device allows fewer open zones than there are streams: one that needs a zone may have to
    /// wait until another has left its own.
    public boolean sharesPlaces() {
        return openLimit < DATA_STREAMS;
    }

    /// Zones that checkpoints may take at a time.
    public int checkpointZones() {
        return checkpointZones;
    }

    /// Continues to fill a zone that was open when the store was closed.
    public void adopt(final Stream stream, final int zone) {
        openZones[stream.code()] = zone;
        table.open(zone, stream);
        open++;
    }

    /// Reserves zones ahead of their use: first the reserve, then room for {@code ahead} bytes of host
    /// appends. To be called often; does nothing when there is enough.
    public void prepare(final long ahead) {
        final int wanted = (int) Math.max(1, ahead / table.capacity());
        if (fileSystemFull && ++refusedPreparations < RETRY_PERIOD) {
            return;
        }
        refusedPreparations = 0;
        while ((reserved.size() < reserve() || forHost.size() < wanted) && prepareNext()) {
            // Until there are enough, or there is no room for another.
        }
    }

    /// Has the next {@link #prepare} ask a full file system again.
    public void askAgain() {
        refusedPreparations = RETRY_PERIOD - 1;
    }

    /// Host appends of a length, at most, that are sure to find room: in the open zone and in zones reserved
    /// for them.
    public long hostRoom(final int length) {
        final int zone = openZones[Stream.HOST.code()];
        final long inOpenZone = zone == NONE ? 0 : (table.capacity() - table.written(zone)) / length;
        return inOpenZone + forHost.size() * (table.capacity() / length);
    }

    /// Host appends of a length, at most, that find room beyond {@link #hostRoom} on a full file system: in all zones
    /// of the reserve but one. It is for deletes, which make garbage, and for what was acknowledged in an earlier
    /// life.
    public long lentRoom(final int length) {
        return fileSystemFull ? Math.max(0, reserved.size() - keptForMetadata - 1) * (table.capacity() / length) : 0;
    }

    /// Whether the file system is full and zones of the reserve are missing: they come first.
    public boolean isShort() {
        return fileSystemFull && reserved.size() < reserve();
    }

    /// Takes room for an append: the zone to append to, {@link #NONE} if the stream has to wait until a zone
    /// is collected, or {@link #BUSY}. Each room taken must be given back by {@link #completed}.
    ///
    public int take(final Stream stream, final int length, final Reserve use) {
        int zone = openZones[stream.code()];
        if (zone != NONE && table.written(zone) + length > table.capacity()) {
            openZones[stream.code()] = NONE;
            retireOpenZone(zone);
            zone = NONE;
        }
        if (zone == NONE) {
            if (open >= openLimit) {
                return BUSY;
            }
            zone = stream == Stream.CHECKPOINT ? openForCheckpoint() : openNext(use);
            if (zone == NONE) {
                return NONE;
            }
            table.open(zone, stream);
            open++;
            openZones[stream.code()] = zone;
        }
        table.addWritten(zone, length);
        inFlight[zone]++;
        return zone;
    }

    /// Takes room for an append of another stream in the zone that a stream has open. To be given back by {@link
    /// #completed}.
    ///
    /// @return the zone; {@link #NONE} if there is none, or not enough room in it
    public int takeIn(final Stream stream, final int length) {
        final int zone = openZones[stream.code()];
        if (zone == NONE || table.written(zone) + length > table.capacity()) {
            return NONE;
        }
        table.addWritten(zone, length);
        inFlight[zone]++;
        return zone;
    }

    /// Takes an empty zone away from data for metadata, whose own zone has died: one that is promised to nobody,
    /// else one of the reserve. From now on another one is kept for it, as it cannot go back to zones 0 and 1.
    ///
    /// @return the zone, or {@link #NONE}
    public int takeForMetadata() {
        keptForMetadata = 1;
        for (int zone = zoneLimit - 1; zone >= FIRST_DATA_ZONE; zone--) {
            if (isUnpromised(zone)) {
                emptyZones--;
                return zone;
            }
        }
        if (reserved.isEmpty()) {
            return NONE;
        }
        emptyZones--;
        return reserved.removeAt(reserved.size() - 1);
    }

    /// As {@link #takeForMetadata}, for the first image of a life of the store, when no collection has begun: if
    /// no zone is empty, a full one that is worthless and holds no block still to be applied. The caller empties
    /// it. Its generation is not noted before, which is why {@link ZoneTable#replayed} begins another one in each
    /// zone that is found empty.
    ///
    /// @return the zone, or {@link #NONE}
    public int takeForFirstMetadata() {
        final int empty = takeForMetadata();
        for (int zone = FIRST_DATA_ZONE; empty == NONE && zone < zoneLimit; zone++) {
            if (collectable(zone) && table.isWorthless(zone, 0)) {
                return zone;
            }
        }
        return empty;
    }

    /// An append that {@link #take} made room for has completed, well or not.
    public void completed(final int zone) {
        inFlight[zone]--;
        if (inFlight[zone] == 0 && !isOpen(zone) && table.state(zone) == ZoneState.OPEN) {
            finish(zone);
        }
    }

    /// An append to the zone failed: no stream appends to it any more.
    public void abandon(final int zone) {
        for (int s = 0; s < STREAMS; s++) {
            if (openZones[s] == zone) {
                openZones[s] = NONE;
                retireOpenZone(zone);
            }
        }
    }

    /// Empties a zone whose content is not needed any more, so that it may be handed out again. A zone that
    /// the device has made read-only or taken away stays as it is and holds nothing of the store's from now
    /// on.
    public void reset(final int zone) {
        if (table.state(zone) != ZoneState.READ_ONLY) {
            try {
                device.reset(zone);
            } catch (final DeviceException e) {
                examine(zone, e);
            }
        }
        final ZoneState state = table.state(zone);
        if (table.stream(zone) == Stream.CHECKPOINT) {
            checkpointsTaken--;
        }
        table.reset(zone);
        if (isDead(state)) {
            table.fail(zone, state);
            return;
        }
        emptyZones++;
        searchFrom = Math.min(searchFrom, zone);
        fileSystemFull = false;
    }

    /// Whether a zone may be chosen as a victim: it takes no more appends, has none in flight, and can be read. A
    /// full one may hold nothing, if every append to it failed.
    public boolean collectable(final int zone) {
        final ZoneState state = table.state(zone);
        return zone >= FIRST_DATA_ZONE
                && table.stream(zone) != Stream.CHECKPOINT
                && (state == ZoneState.FULL || (state == ZoneState.READ_ONLY && table.written(zone) > 0))
                && table.stream(zone) != Stream.METADATA
                && inFlight[zone] == 0;
    }

    /// The zone that a stream appends to, or {@link #NONE}.
    public int openZone(final Stream stream) {
        return openZones[stream.code()];
    }

    /// Whether no stream appends to a zone, and no append is in flight there.
    public boolean isUnused(final int zone) {
        return inFlight[zone] == 0 && !isOpen(zone);
    }

    /// Leaves the zone that a stream appends to if no append is in flight there, so that another stream may
    /// open one.
    public void leave(final Stream stream) {
        final int zone = openZones[stream.code()];
        if (zone != NONE && inFlight[zone] == 0) {
            abandon(zone);
        }
    }

    /// Asks the device whether it has made a zone read-only or taken it away, after a command on it failed.
    ///
    /// @return whether it has
    public boolean examine(final int zone) {
        final ZoneState state = device.report(zone).state();
        if (!isDead(state)) {
            return false;
        }
        if (state != table.state(zone)) {
            if (table.state(zone) == ZoneState.OPEN && zone >= FIRST_DATA_ZONE) {
                open--;
            }
            table.fail(zone, state);
            for (int s = 0; s < STREAMS; s++) {
                openZones[s] = openZones[s] == zone ? NONE : openZones[s];
            }
        }
        return true;
    }

    private void examine(final int zone, final DeviceException failure) {
        if (!examine(zone)) {
            throw failure;
        }
    }

    /// Empty zones that writers and garbage collection may still take, the reserve included; none beyond the
    /// reserve count once the file system is full.
    public int emptyZones() {
        return fileSystemFull
                ? Math.min(emptyZones, forHost.size() + reserved.size())
                : Math.max(0, emptyZones - keptForCheckpoints());
    }

    /// Zones that checkpoints have taken.
    public int checkpointsTaken() {
        return checkpointsTaken;
    }

    private int keptForCheckpoints() {
        return Math.max(0, checkpointZones - checkpointsTaken);
    }

    /// Empty zones that are kept: for garbage collection, and one for metadata if that lies elsewhere than in
    /// zones 0 and 1.
    public int reserve() {
        return reserve + keptForMetadata;
    }

    /// Whether all these zones are there: none was taken and not yet replaced.
    public boolean isReserveWhole() {
        return reserved.size() >= reserve();
    }

    /// Zones that may be in use, metadata zones included.
    public int zoneLimit() {
        return zoneLimit;
    }

    /// Zones opened so far.
    public long zonesOpened() {
        return zonesOpened;
    }

    /// Whether the last attempt to open a zone found no space on the file system.
    public boolean fileSystemFull() {
        return fileSystemFull;
    }

    /// What the last attempt to open a zone was told that found no space on the file system.
    public String refusal() {
        return refusal;
    }

    private static boolean isDead(final ZoneState state) {
        return state == ZoneState.READ_ONLY || state == ZoneState.OFFLINE;
    }

    private boolean isOpen(final int zone) {
        for (final int open : openZones) {
            if (open == zone) {
                return true;
            }
        }
        return false;
    }

    private void retireOpenZone(final int zone) {
        if (inFlight[zone] == 0 && table.state(zone) == ZoneState.OPEN) {
            finish(zone);
        }
    }

    private void finish(final int zone) {
        try {
            device.finish(zone);
            table.finish(zone);
            open--;
        } catch (final DeviceException e) {
            examine(zone, e);
        }
    }

    /// Checkpoints take no zone that is promised to writers or kept for garbage collection.
    private int openForCheckpoint() {
        if (checkpointsTaken >= checkpointZones || fileSystemFull || reserved.size() < reserve()) {
            return NONE;
        }
        for (int zone = FIRST_DATA_ZONE; zone < zoneLimit; zone++) {
            if (isUnpromised(zone)) {
                emptyZones--;
                if (reserveSpace(zone)) {
                    checkpointsTaken++;
                    zonesOpened++;
                    return zone;
                }
                emptyZones += table.state(zone) == ZoneState.EMPTY ? 1 : 0;
                return NONE;
            }
        }
        return NONE;
    }

    private boolean isUnpromised(final int zone) {
        return table.state(zone) == ZoneState.EMPTY && !forHost.containsInt(zone) && !reserved.containsInt(zone);
    }

    private int openNext(final Reserve use) {
        // The host's zones are promised to blocks already claimed: garbage collection keeps to its own, unless failed
        // appends have used them up.
        final int kept = keptForMetadata + (use == Reserve.BUT_THE_LAST ? 1 : 0);
        final IntArrayList source = use != Reserve.NONE && reserved.size() > kept ? reserved : forHost;
        if (source.isEmpty()) {
            return NONE;
        }
        final int zone = source.removeAt(0);
        emptyZones--;
        zonesOpened++;
        return zone;
    }

    /// A drive with a limit of open zones has the space of each of its zones; elsewhere opening a zone early
    /// is what reserves its space.
    private boolean reserveSpace(final int zone) {
        if (openLimit != Integer.MAX_VALUE - 1) {
            return true;
        }
        try {
            device.open(zone);
            return true;
        } catch (final DeviceException e) {
            if (e.errno() == DeviceException.ENOSPC) {
                fileSystemFull = true;
                refusal = e.getMessage();
            } else {
                examine(zone, e);
            }
            return false;
        }
    }

    /// Reserves the space of one more empty zone: for garbage collection if that has not its share, else for
    /// the host.
    private boolean prepareNext() {
        final int unpromised = emptyZones - forHost.size() - reserved.size();
        if (reserved.size() >= reserve() && unpromised <= keptForCheckpoints()) {
            return false;
        }
        for (int zone = searchFrom; zone < zoneLimit; zone++) {
            if (isUnpromised(zone)) {
                searchFrom = zone + 1;
                if (!reserveSpace(zone)) {
                    if (fileSystemFull) {
                        searchFrom = zone;
                        return false;
                    }
                    emptyZones--;
                    continue;
                }
                (reserved.size() < reserve() ? reserved : forHost).addInt(zone);
                fileSystemFull = false;
                return true;
            }
        }
        return false;
    }
}
