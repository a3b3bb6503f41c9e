/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.meta;

import dev.zapkv.ZapKvException;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.log.DevicePort;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.Arena;
import java.util.function.IntSupplier;
import java.util.zip.CRC32C;

/// Writes metadata images, to the conventional zones of a drive if the store was made with some, else to zones 0 and 1.
///
/// *Invariant.* At every moment the newest durable image can be found: the next one never touches it, and counts only
/// once it is durable itself.
public final class MetadataLog implements AutoCloseable {
    /// Zones of the metadata stream. With metadata in conventional zones they stay empty.
    public static final int ZONES = 2;

    private final StoreId storeId;
    private final ImagePlaces places;
    private final Arena arena = Arena.ofShared();
    private final IoBuffer buffer;
    private final int logicalBlock;
    private final CRC32C crc = new CRC32C();
    private long sequence;
    private long appendedBytes;

    /// A log that goes on behind the newest image.
    ///
    /// @param table gets the metadata zones as the device has them
    /// @param found the newest image
    public MetadataLog(final DevicePort port, final ZoneTable table, final MetadataSearch.Found found) {
        storeId = found.storeId();
        sequence = found.sequence();
        places = found.isConventional()
                ? ConventionalPlaces.of(port.device()).orElseThrow().behind(found.sequence())
                : new SequentialPlaces(port, table, found.zone());
        logicalBlock = port.device().geometry().blockSize();
        buffer = port.device().register(arena.allocate(port.device().geometry().maxAppend(), 4096));
    }

    /// Where zones come from that take the place of a dead one: an empty zone, or a negative number if there is none.
    public void spareZones(final IntSupplier source) {
        if (places instanceof final SequentialPlaces zones) {
            zones.spareZones(source);
        }
    }

    /// Writes an image and waits until it is durable.
    ///
    /// @throws ZapKvException if the device does not take it, however often it is tried
    public void append(final MetadataImage image) {
        long result = 0;
        for (int attempt = 0; attempt < places.attempts(); attempt++) {
            final int length =
                    BlockFormat.appendLength(image.lossKnown(places.dead()).length(), logicalBlock);
            if (length > Math.min(buffer.memory().byteSize(), places.largest())) {
                throw new ZapKvException(
                        "the metadata of " + image.generations().size() + " zones takes " + length
                                + " bytes and does not fit one append of " + places.largest() + ": use larger zones");
            }
            sequence = places.prepare(sequence + 1, length);
            encode(image.lossKnown(places.dead()));
            appendedBytes += length;
            result = places.write(buffer, length);
            if (result >= 0) {
                return;
            }
        }
        throw new ZapKvException("writing metadata failed " + places.attempts() + " times, last in " + places.describe()
                + ", errno " + -result + ": the store stops taking writes; check the device");
    }

    private void encode(final MetadataImage image) {
        image.encode(buffer.memory(), BlockFormat.HEADER_LENGTH);
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
    }

    /// Identity of the store.
    public StoreId storeId() {
        return storeId;
    }

    /// Zone of the newest image, or {@link MetadataSearch.Found#CONVENTIONAL}.
    public int newestZone() {
        return places.newestZone();
    }

    /// Highest number that an image got, also if the device did not take it.
    public long newestNumber() {
        return sequence;
    }

    /// Bytes appended so far.
    public long appendedBytes() {
        return appendedBytes;
    }

    @Override
    public void close() {
        buffer.close();
        arena.close();
    }
}
