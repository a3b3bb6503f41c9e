/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.meta;

import dev.zapkv.FormatException;
import dev.zapkv.ZapKvException;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.log.DevicePort;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntSupplier;
import java.util.zip.CRC32C;

/// Writes and finds metadata images in zones 0 and 1. If the device has made one of them read-only or taken it away,
/// another zone takes its place; which one is found by looking at the beginning of all zones, in that case alone.
///
/// *Invariant.* At every moment the newest durable image is in one of the zones: the other zone is reset only when
/// the newest image lies in this one, and an image counts only once its append is durable.
public final class MetadataLog implements AutoCloseable {
    /// Zones of the metadata stream.
    public static final int ZONES = 2;

    private static final int NONE = -1;
    private static final int MAX_ATTEMPTS = 4;
    private static final int SCAN_BYTES = 1 << 20;

    private final DevicePort port;
    private final ZoneTable table;
    private final StoreId storeId;
    private final Arena arena = Arena.ofShared();
    private final IoBuffer buffer;
    private final int logicalBlock;
    private final CRC32C crc = new CRC32C();
    // Zones 0 and 1, and those that took the place of a dead one, in the order they are preferred.
    private final List<Integer> candidates = new ArrayList<>();
    private final BitSet dead = new BitSet();
    private IntSupplier spareZones = () -> NONE;
    private int zone;
    private int newest;
    private long sequence;
    private long appendedBytes;

    /// A log that goes on behind the newest image.
    ///
    /// @param zone     zone of the newest image, or 0 for a new store
    /// @param sequence number of the newest image, or 0 for a new store
    public MetadataLog(
            final DevicePort port, final ZoneTable table, final StoreId storeId, final int zone, final long sequence) {
        this.port = port;
        this.table = table;
        this.storeId = storeId;
        this.zone = zone;
        newest = zone;
        this.sequence = sequence;
        candidates.addAll(List.of(0, 1));
        if (zone >= ZONES) {
            candidates.add(zone);
        }
        for (int z = 0; z < ZONES; z++) {
            dead.set(z, isDead(table.state(z)));
        }
        logicalBlock = port.device().geometry().blockSize();
        buffer = port.device().register(arena.allocate(port.device().geometry().maxAppend(), 4096));
    }

    /// Where zones come from that take the place of a dead one: an empty zone, or a negative number if there is none.
    public void spareZones(final IntSupplier source) {
        spareZones = source;
    }

    /// Appends an image and waits until it is durable.
    ///
    /// @throws ZapKvException if the device does not take it, however often it is tried
    public void append(final MetadataImage image) {
        final int length = BlockFormat.appendLength(image.lossKnown(dead).length(), logicalBlock);
        if (length > buffer.memory().byteSize()) {
            throw new ZapKvException("the metadata of " + image.generations().size()
                    + " zones does not fit one append of " + buffer.memory().byteSize() + " bytes: use larger zones");
        }
        long result = 0;
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            if (result < 0 || !writable(newest, length)) {
                // Even if the other zone was tried just now: what the failed append left there may be anything.
                zone = prepareNext();
            }
            result = appendOnce(image.lossKnown(dead));
            if (result >= 0) {
                newest = zone;
                return;
            }
            examine(zone);
        }
        throw new ZapKvException("writing metadata failed " + MAX_ATTEMPTS + " times, last in zone " + zone + ", errno "
                + -result + ": the store stops taking writes; check the device");
    }

    /// One metadata zone is open at a time: drives allow few.
    private void leave(final int full) {
        if (isActive(table.state(full))) {
            try {
                port.device().finish(full);
                table.finish(full);
            } catch (final DeviceException e) {
                examine(full, e);
            }
        }
    }

    /// The zone to go on in, empty.
    private int prepareNext() {
        leave(newest);
        while (true) {
            final int next = next();
            if (next >= ZONES && table.state(next) == ZoneState.EMPTY) {
                return next;
            }
            try {
                port.device().reset(next);
                table.reset(next);
                return next;
            } catch (final DeviceException e) {
                examine(next, e);
            }
        }
    }

    private int next() {
        for (final int candidate : candidates) {
            if (candidate != newest && !dead.get(candidate)) {
                return candidate;
            }
        }
        final int spare = spareZones.getAsInt();
        if (spare < 0) {
            throw new ZapKvException("the device has made metadata zones " + dead
                    + " read-only or taken them offline, and no empty zone is left to take their place: the store stops"
                    + " taking writes; open it again, delete keys, and replace the device");
        }
        candidates.add(spare);
        return spare;
    }

    /// Asks the device whether a zone on which a command failed is dead.
    private boolean examine(final int failed) {
        final ZoneState state = port.device().report(failed).state();
        if (isDead(state)) {
            table.fail(failed, state);
            dead.set(failed);
        }
        return isDead(state);
    }

    private void examine(final int failed, final DeviceException failure) {
        if (!examine(failed)) {
            throw failure;
        }
    }

    private static boolean isActive(final ZoneState state) {
        return state == ZoneState.OPEN || state == ZoneState.CLOSED;
    }

    private static boolean isDead(final ZoneState state) {
        return state == ZoneState.READ_ONLY || state == ZoneState.OFFLINE;
    }

    private long appendOnce(final MetadataImage image) {
        final int length = BlockFormat.appendLength(image.length(), logicalBlock);
        if (table.state(zone) == ZoneState.EMPTY) {
            table.open(zone, Stream.METADATA);
        }
        image.encode(buffer.memory(), BlockFormat.HEADER_LENGTH);
        sequence++;
        final BlockFormat.Header header = new BlockFormat.Header(
                Stream.METADATA.code(),
                storeId.high(),
                storeId.low(),
                image.epoch(),
                sequence,
                0,
                0,
                image.length(),
                0,
                0,
                0);
        BlockFormat.seal(buffer.memory(), header, logicalBlock, crc);
        table.addWritten(zone, length);
        appendedBytes += length;
        return port.appendAndWait(zone, buffer, length, DevicePort.METADATA);
    }

    /// Bytes appended so far.
    public long appendedBytes() {
        return appendedBytes;
    }

    private boolean writable(final int candidate, final int length) {
        final ZoneState state = table.state(candidate);
        return (state == ZoneState.EMPTY || state == ZoneState.OPEN || state == ZoneState.CLOSED)
                && table.written(candidate) + length <= table.capacity();
    }

    /// What a search for metadata found.
    ///
    /// @param storeId  identity of the store
    /// @param image    newest valid image
    /// @param zone     where it lies
    /// @param sequence its number
    public record Found(StoreId storeId, MetadataImage image, int zone, long sequence) {}

    /// Finds the newest image.
    ///
    /// @return what was found, or null if both zones are empty: there is no store yet
    /// @throws FormatException if there is data but no image this version can read
    public static Found find(final ZoneDevice device) {
        Found newest = null;
        boolean anything = false;
        int newerVersion = 0;
        try (Arena arena = Arena.ofConfined()) {
            final int chunk = Math.max(SCAN_BYTES, 2 * device.geometry().maxAppend());
            final MemorySegment memory = arena.allocate(chunk, 4096);
            final ByteBuffer view = memory.asByteBuffer();
            final CRC32C crc = new CRC32C();
            final int step = device.geometry().blockSize();
            for (final int zone : zonesToSearch(device, memory, view, crc)) {
                final ZoneInfo info = device.report(zone);
                if (info.state() == ZoneState.EMPTY
                        || info.state() == ZoneState.OFFLINE
                        || (info.state() == ZoneState.READ_ONLY && info.writePointer() == 0)) {
                    continue;
                }
                anything = true;
                long at = 0;
                long loadedFrom = 0;
                int loaded = 0;
                while (at < info.writePointer()) {
                    if (at < loadedFrom || at + device.geometry().maxAppend() > loadedFrom + loaded) {
                        loadedFrom = at;
                        loaded = (int) Math.min(chunk, info.writePointer() - at);
                        device.readSync(device.geometry().address(zone, at), memory, 0, loaded);
                    }
                    final int offset = (int) (at - loadedFrom);
                    final int available = loaded - offset;
                    if (!BlockFormat.isHeaderValid(memory, view, offset, available, crc)
                            || !BlockFormat.isPayloadValid(memory, view, offset, crc)) {
                        at += step;
                        continue;
                    }
                    if (BlockFormat.version(memory, offset) > BlockFormat.VERSION
                            || MetadataImage.version(memory, offset + BlockFormat.HEADER_LENGTH)
                                    > MetadataImage.VERSION) {
                        newerVersion = Math.max(BlockFormat.version(memory, offset), newerVersion + 1);
                        at += step;
                        continue;
                    }
                    final int payload = BlockFormat.payloadLength(memory, offset);
                    final MetadataImage image = BlockFormat.streamCode(memory, offset) == Stream.METADATA.code()
                            ? MetadataImage.decode(memory, offset + BlockFormat.HEADER_LENGTH, payload)
                            : null;
                    final long sequence = BlockFormat.blockNumber(memory, offset);
                    if (image != null && (newest == null || sequence > newest.sequence())) {
                        final StoreId id = new StoreId(
                                BlockFormat.storeIdHigh(memory, offset), BlockFormat.storeIdLow(memory, offset));
                        newest = new Found(id, image, zone, sequence);
                    }
                    at += BlockFormat.appendLength(payload, step);
                }
            }
        }
        if (newerVersion > 0) {
            throw new FormatException("the store was written by a newer version of ZapKV (format " + newerVersion
                    + ", this one reads up to " + BlockFormat.VERSION + "): open it with that version");
        }
        checkWhatCannotBeRead(device, newest);
        if (newest == null && anything) {
            throw new FormatException("the metadata zones 0 and 1 hold data but no readable store metadata:"
                    + " the device holds something else, or both zones were damaged; restore it from a backup");
        }
        return newest;
    }

    /// Zones 0 and 1, and if one of them is dead those that begin with a metadata block.
    private static List<Integer> zonesToSearch(
            final ZoneDevice device, final MemorySegment memory, final ByteBuffer view, final CRC32C crc) {
        final List<Integer> zones = new ArrayList<>(List.of(0, 1));
        if (!hasDeadMetadataZone(device)) {
            return zones;
        }
        for (int zone = ZONES; zone < device.geometry().zoneCount(); zone++) {
            final ZoneState state = device.report(zone).state();
            if (state == ZoneState.EMPTY || state == ZoneState.OFFLINE) {
                continue;
            }
            final int length = device.geometry().maxAppend();
            device.readSync(device.geometry().address(zone, 0), memory, 0, length);
            if (BlockFormat.isHeaderValid(memory, view, 0, length, crc)
                    && BlockFormat.streamCode(memory, 0) == Stream.METADATA.code()) {
                zones.add(zone);
            }
        }
        return zones;
    }

    private static boolean hasDeadMetadataZone(final ZoneDevice device) {
        return isDead(device.report(0).state()) || isDead(device.report(1).state());
    }

    /// An image that was found is the newest only if none can lie in a zone that cannot be read. Where metadata has
    /// moved that may be any zone; but a zone is finished before the next image goes elsewhere, and an image names
    /// the zones that were dead before it was written.
    private static void checkWhatCannotBeRead(final ZoneDevice device, final Found newest) {
        if (!hasDeadMetadataZone(device)
                || (newest != null && isActive(device.report(newest.zone()).state()))) {
            return;
        }
        boolean empty = true;
        for (int zone = 0; zone < device.geometry().zoneCount(); zone++) {
            final ZoneState state = device.report(zone).state();
            empty &= state == ZoneState.EMPTY || isDead(state);
            if (newest != null && state == ZoneState.OFFLINE && !newest.image().isLossKnown(zone)) {
                throw new FormatException(
                        "zone " + zone + " is offline and may have held the newest metadata of the store;"
                                + " what was found in zone " + newest.zone() + " may be outdated and was not used."
                                + " Nothing was written; restore the store from a backup");
            }
        }
        if (newest == null && !empty) {
            throw new FormatException(
                    "the metadata zones 0 and 1 are read-only or offline, and no zone begins with store"
                            + " metadata: restore the store from a backup, or format the zones anew");
        }
    }

    /// Whether a metadata zone that the device reports as empty begins with a metadata block.
    public static boolean hasForgottenImage(final ZoneDevice device) {
        try (Arena arena = Arena.ofConfined()) {
            final int length = device.geometry().maxAppend();
            final MemorySegment memory = arena.allocate(length, 4096);
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

    @Override
    public void close() {
        buffer.close();
        arena.close();
    }
}
