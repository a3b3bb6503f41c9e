/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.meta;

import dev.zapkv.FormatException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.zone.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/// Finds the newest metadata image of a device. It lies in the conventional zones, if one is there; else in zones 0 and
/// 1; and if neither of these can take a further image, perhaps in any zone that begins with a metadata block.
public final class MetadataSearch {
    private static final int SCAN_BYTES = 1 << 20;
    private static final int ALIGNMENT = 4096;
    // The lowest ones are used first.
    private static final int MOST_FORGOTTEN_ZONES = 256;

    private final ZoneDevice device;
    private final MemorySegment memory;
    private final ByteBuffer view;
    private final int block;
    private final CRC32C crc = new CRC32C();
    private Found newest;
    private long highest;
    private int newerVersion;
    private boolean anything;

    private MetadataSearch(final ZoneDevice device, final Arena arena) {
        this.device = device;
        memory = arena.allocate(
                Math.max(
                        Math.min(SCAN_BYTES, device.geometry().zoneCapacity()),
                        2L * device.geometry().maxAppend()),
                ALIGNMENT);
        view = memory.asByteBuffer();
        block = device.geometry().blockSize();
    }

    /// What a search for metadata found.
    ///
    /// @param storeId  identity of the store
    /// @param image    newest valid image
    /// @param zone     where it lies, or {@link #CONVENTIONAL}
    /// @param sequence its number
    public record Found(StoreId storeId, MetadataImage image, int zone, long sequence) {
        /// Instead of a zone: in the conventional zones, at the place that its number says.
        public static final int CONVENTIONAL = -1;

        /// Whether it lies in the conventional zones.
        public boolean isConventional() {
            return zone == CONVENTIONAL;
        }
    }

    /// Finds the newest image.
    ///
    /// @return what was found, or null if there is no store yet: nothing lies where metadata would
    /// @throws FormatException if there is data but no image this version can read
    public static Found find(final ZoneDevice device) {
        try (Arena arena = Arena.ofConfined()) {
            final MetadataSearch search = new MetadataSearch(device, arena);
            final Optional<ConventionalPlaces> places = ConventionalPlaces.of(device);
            places.ifPresent(search::searchConventional);
            if (search.newest != null) {
                search.requireEmptyMetadataZones();
            } else {
                search.searchZones();
            }
            return search.result();
        }
    }

    /// Whether all that is there may be the first image of a store, which a power cut tore: zone 0 holds something
    /// that is no image and begins none but the first, and nothing else was ever written to. Without an image
    /// nothing can have been.
    public static boolean isTornFirstImage(final ZoneDevice device) {
        final ZoneState first = device.report(0).state();
        if (first == ZoneState.EMPTY || SequentialPlaces.isDead(first)) {
            return false;
        }
        for (int zone = 1; zone < device.geometry().zoneCount(); zone++) {
            if (device.report(zone).state() != ZoneState.EMPTY) {
                return false;
            }
        }
        try (Arena arena = Arena.ofConfined()) {
            final MetadataSearch search = new MetadataSearch(device, arena);
            ConventionalPlaces.of(device).ifPresent(search::searchConventional);
            final boolean onlyThere = !search.anything;
            search.searchZones();
            return onlyThere && search.newest == null && search.newerVersion == 0 && search.highest <= 1;
        }
    }

    /// The highest number of all images that are there, readable or not, whichever store's they are, and that may
    /// show once more: 0 if there is none. What is written behind a reset may leave holes that show what was
    /// there before.
    public static long highestNumber(final ZoneDevice device) {
        try (Arena arena = Arena.ofConfined()) {
            final MetadataSearch search = new MetadataSearch(device, arena);
            ConventionalPlaces.of(device).ifPresent(search::searchConventional);
            search.searchZones();
            final long there = search.highest;
            search.highest = 0;
            search.searchForgotten();
            final long behind = device.geometry().zoneCapacity() / search.block * SequentialPlaces.ATTEMPTS;
            return Math.max(there, search.highest == 0 ? 0 : search.highest + behind);
        }
    }

    /// The beginnings of metadata zones that are reported as empty: of what lies behind each image takes a block
    /// and a few numbers at most.
    private void searchForgotten() {
        final int length = (int) Math.min(memory.byteSize(), device.geometry().zoneCapacity());
        for (int zone = 0; zone < MetadataLog.ZONES; zone++) {
            if (device.report(zone).state() == ZoneState.EMPTY) {
                final int read = device.readForgotten(zone, memory, length);
                for (int at = 0; at < read; ) {
                    at += examine(at, read - at, zone);
                }
            }
        }
    }

    private Found result() {
        if (newerVersion > 0) {
            throw new FormatException("the store was written by a newer version of ZapKV (format " + newerVersion
                    + ", this one reads up to " + BlockFormat.VERSION + "): open it with that version");
        }
        if (newest == null || !newest.isConventional()) {
            checkWhatCannotBeRead();
        }
        if (newest == null && anything) {
            throw new FormatException("the zones of metadata (0 and 1, or the conventional ones) hold data but no"
                    + " readable store metadata: the device holds something else, or both zones were damaged;"
                    + " restore it from a backup, or get out what can be got: zapkv salvage");
        }
        return newest;
    }

    private void searchConventional(final ConventionalPlaces places) {
        for (int place = 0; place < places.count(); place++) {
            places.read(place, memory, block);
            if (!BlockFormat.hasMagic(memory, 0)) {
                continue;
            }
            anything = true;
            if (BlockFormat.isHeaderValid(memory, view, 0, places.largest(), crc)) {
                places.read(place, memory, BlockFormat.appendLength(BlockFormat.payloadLength(memory, 0), block));
                examine(0, places.largest(), Found.CONVENTIONAL);
            }
        }
    }

    /// A store with metadata in conventional zones leaves these alone.
    private void requireEmptyMetadataZones() {
        for (int zone = 0; zone < MetadataLog.ZONES; zone++) {
            final ZoneState state = device.report(zone).state();
            if (state != ZoneState.EMPTY && !SequentialPlaces.isDead(state)) {
                throw new FormatException("the conventional zones hold the metadata of a store, but zone " + zone
                        + ", which that store does not use, is not empty: other data was written to the zones since,"
                        + " perhaps a store without the conventional zones. Name the range of zones that the store was"
                        + " made on (--zones, Context.zones), or format the zones anew");
            }
        }
    }

    private void searchZones() {
        for (final int zone : zonesToSearch()) {
            final ZoneInfo info = device.report(zone);
            if (info.state() == ZoneState.EMPTY
                    || info.state() == ZoneState.OFFLINE
                    || (info.state() == ZoneState.READ_ONLY && info.writePointer() == 0)) {
                continue;
            }
            anything = true;
            searchZone(zone, info.writePointer());
        }
    }

    private void searchZone(final int zone, final long end) {
        final int maxAppend = device.geometry().maxAppend();
        long at = 0;
        long loadedFrom = 0;
        int loaded = 0;
        while (at < end) {
            if (at < loadedFrom || at + maxAppend > loadedFrom + loaded) {
                loadedFrom = at;
                loaded = (int) Math.min(memory.byteSize(), end - at);
                device.readSync(device.geometry().address(zone, at), memory, 0, loaded);
            }
            at += examine((int) (at - loadedFrom), loaded - (int) (at - loadedFrom), zone);
        }
    }

    /// Looks at a block in memory.
    ///
    /// @return bytes to the next one
    private int examine(final int offset, final int available, final int zone) {
        if (!BlockFormat.isHeaderValid(memory, view, offset, available, crc)) {
            return block;
        }
        // A zone that took metadata once may hold anything behind it.
        final boolean metadata = BlockFormat.streamCode(memory, offset) == Stream.METADATA.code();
        if (metadata) {
            highest = Math.max(highest, BlockFormat.blockNumber(memory, offset));
        }
        if (!BlockFormat.isPayloadValid(memory, view, offset, crc)) {
            return block;
        }
        if (BlockFormat.version(memory, offset) > BlockFormat.VERSION
                || (metadata
                        && MetadataImage.version(memory, offset + BlockFormat.HEADER_LENGTH) > MetadataImage.VERSION)) {
            newerVersion = Math.max(BlockFormat.version(memory, offset), newerVersion + 1);
            return block;
        }
        final int payload = BlockFormat.payloadLength(memory, offset);
        final MetadataImage image =
                metadata ? MetadataImage.decode(memory, offset + BlockFormat.HEADER_LENGTH, payload) : null;
        final long sequence = BlockFormat.blockNumber(memory, offset);
        if (image != null && (newest == null || sequence > newest.sequence())) {
            final StoreId id =
                    new StoreId(BlockFormat.storeIdHigh(memory, offset), BlockFormat.storeIdLow(memory, offset));
            newest = new Found(id, image, zone, sequence);
        }
        return BlockFormat.appendLength(payload, block);
    }

    /// Zones 0 and 1, and if metadata may have moved those that begin with a metadata block.
    private List<Integer> zonesToSearch() {
        final List<Integer> zones = new ArrayList<>(List.of(0, 1));
        if (!mayHaveMoved()) {
            return zones;
        }
        for (int zone = MetadataLog.ZONES; zone < device.geometry().zoneCount(); zone++) {
            final ZoneState state = device.report(zone).state();
            if (state == ZoneState.EMPTY || state == ZoneState.OFFLINE) {
                continue;
            }
            device.readSync(device.geometry().address(zone, 0), memory, 0, block);
            if (BlockFormat.isHeaderValid(memory, view, 0, device.geometry().maxAppend(), crc)
                    && BlockFormat.streamCode(memory, 0) == Stream.METADATA.code()) {
                zones.add(zone);
            }
        }
        return zones;
    }

    private boolean hasDeadMetadataZone() {
        return SequentialPlaces.isDead(device.report(0).state())
                || SequentialPlaces.isDead(device.report(1).state());
    }

    /// See {@link SequentialPlaces}.
    private boolean mayHaveMoved() {
        return hasDeadMetadataZone()
                || (device.report(0).state() == ZoneState.FULL
                        && device.report(1).state() == ZoneState.FULL);
    }

    /// An image that was found is the newest only if none can lie in a zone that cannot be read. Where metadata has
    /// moved that may be any zone; but a zone is finished before the next image goes elsewhere, and an image names
    /// the zones that were dead before it was written.
    private void checkWhatCannotBeRead() {
        if (!mayHaveMoved()
                || (newest != null && device.report(newest.zone()).state().isActive())) {
            return;
        }
        boolean empty = true;
        for (int zone = 0; zone < device.geometry().zoneCount(); zone++) {
            final ZoneState state = device.report(zone).state();
            empty &= state == ZoneState.EMPTY || SequentialPlaces.isDead(state);
            if (newest != null && state == ZoneState.OFFLINE && !newest.image().isLossKnown(zone)) {
                throw new FormatException(
                        "zone " + zone + " is offline and may have held the newest metadata of the store;"
                                + " what was found in zone " + newest.zone() + " may be outdated and was not used."
                                + " Nothing was written; restore the store from a backup, or get out what can be got:"
                                + " zapkv salvage");
            }
        }
        if (newest == null && !empty && hasDeadMetadataZone()) {
            throw new FormatException(
                    "the metadata zones 0 and 1 are read-only or offline, and no zone begins with store"
                            + " metadata: restore the store from a backup, or format the zones anew");
        }
    }

    /// Whether zones that the device reports as empty still hold what the store wrote there last. Asked of
    /// metadata in conventional zones, which have no states that could be lost. A zone's generation is raised
    /// before the zone is emptied, so no block of the present one can lie there.
    public static boolean hasForgottenBlocks(final ZoneDevice device, final Found found) {
        if (!found.isConventional() || found.image().settledBlock() == 0) {
            return false;
        }
        for (int zone = 0; zone < device.geometry().zoneCount(); zone++) {
            final ZoneState state = device.report(zone).state();
            if (state != ZoneState.EMPTY && !SequentialPlaces.isDead(state)) {
                return false;
            }
        }
        final int zones = Math.min(device.geometry().zoneCount(), MOST_FORGOTTEN_ZONES);
        try (Arena arena = Arena.ofConfined()) {
            final int length = device.geometry().blockSize();
            final MemorySegment memory = arena.allocate(length, ALIGNMENT);
            for (int zone = MetadataLog.ZONES; zone < zones; zone++) {
                if (device.report(zone).state() == ZoneState.EMPTY
                        && device.readForgotten(zone, memory, length) == length
                        && isBlockOf(device, found, zone, memory)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean isBlockOf(
            final ZoneDevice device, final Found found, final int zone, final MemorySegment memory) {
        return BlockFormat.isHeaderValid(
                        memory, memory.asByteBuffer(), 0, device.geometry().maxAppend(), new CRC32C())
                && BlockFormat.storeIdHigh(memory, 0) == found.storeId().high()
                && BlockFormat.storeIdLow(memory, 0) == found.storeId().low()
                && BlockFormat.zoneGeneration(memory, 0) == found.image().generation(zone);
    }

    /// Whether a metadata zone that the device reports as empty begins with a metadata block.
    public static boolean hasForgottenImage(final ZoneDevice device) {
        try (Arena arena = Arena.ofConfined()) {
            final int length = device.geometry().maxAppend();
            final MemorySegment memory = arena.allocate(length, ALIGNMENT);
            for (final int zone : List.of(0, 1)) {
                if (device.report(zone).state() != ZoneState.EMPTY) {
                    continue;
                }
                final int read = device.readForgotten(zone, memory, length);
                if (read > BlockFormat.HEADER_LENGTH
                        && BlockFormat.isHeaderValid(memory, memory.asByteBuffer(), 0, read, new CRC32C())
                        && BlockFormat.streamCode(memory, 0) == Stream.METADATA.code()) {
                    return true;
                }
            }
            return false;
        }
    }
}
