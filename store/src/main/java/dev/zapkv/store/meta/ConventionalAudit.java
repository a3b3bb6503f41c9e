/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.meta;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.zone.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.zip.CRC32C;

/// Reads every metadata image in a drive's conventional zones, and keeps nothing of them.
public final class ConventionalAudit {
    private static final int ALIGNMENT = 4096;

    private final ConventionalPlaces places;
    private final MetadataSearch.Found newest;
    private final IntConsumer beforeRead;
    private final int block;
    private final MemorySegment memory;
    private final ByteBuffer view;
    private final MemorySegment zeros;
    private final CRC32C crc = new CRC32C();
    private final List<Damage> damaged = new ArrayList<>();
    private int images;
    private long bytesRead;

    private ConventionalAudit(
            final ZoneDevice device,
            final MetadataSearch.Found newest,
            final IntConsumer beforeRead,
            final Arena arena) {
        places = ConventionalPlaces.of(device).orElseThrow().behind(newest.sequence());
        this.newest = newest;
        this.beforeRead = beforeRead;
        block = device.geometry().blockSize();
        memory = arena.allocate(places.largest(), ALIGNMENT);
        view = memory.asByteBuffer();
        zeros = arena.allocate(block, ALIGNMENT);
    }

    /// A place at which no image can be read.
    ///
    /// @param unreadable whether the device does not let it be read
    /// @param cutOff     whether a crash may have left it so
    /// @param length     in bytes
    /// @param text       where it is and what is wrong with it
    public record Damage(boolean unreadable, boolean cutOff, int length, String text) {}

    /// What came of it.
    ///
    /// @param images    whole images of the store
    /// @param damaged   places that hold something else
    /// @param bytesRead from the device
    public record Outcome(int images, List<Damage> damaged, long bytesRead) {}

    /// Reads them.
    ///
    /// @param newest     the image that was found, in conventional zones
    /// @param beforeRead told how many bytes will be read next
    public static Outcome check(
            final ZoneDevice device, final MetadataSearch.Found newest, final IntConsumer beforeRead) {
        try (Arena arena = Arena.ofConfined()) {
            final ConventionalAudit audit = new ConventionalAudit(device, newest, beforeRead, arena);
            for (int place = 0; place < audit.places.count(); place++) {
                audit.check(place);
            }
            return new Outcome(audit.images, List.copyOf(audit.damaged), audit.bytesRead);
        }
    }

    private void check(final int place) {
        try {
            final String problem = problem(place);
            if (problem != null) {
                found(place, false, problem);
            }
        } catch (final DeviceException e) {
            found(place, true, e.getMessage());
        }
    }

    private void found(final int place, final boolean unreadable, final String problem) {
        damaged.add(new Damage(
                unreadable,
                places.mayBeCutOff(place),
                block,
                "conventional zone " + ConventionalPlaces.zone(place) + " offset " + places.offset(place) + ": "
                        + problem));
    }

    private String problem(final int place) {
        read(place, block);
        if (memory.asSlice(0, block).mismatch(zeros) < 0) {
            return null;
        }
        if (!BlockFormat.isHeaderValid(memory, view, 0, places.largest(), crc)) {
            return "the header is damaged, or a write was interrupted";
        }
        if (BlockFormat.storeIdHigh(memory, 0) != newest.storeId().high()
                || BlockFormat.storeIdLow(memory, 0) != newest.storeId().low()) {
            return "a block of another store lies there";
        }
        final int payload = BlockFormat.payloadLength(memory, 0);
        final int length = BlockFormat.appendLength(payload, block);
        read(place, length);
        if (!BlockFormat.isPayloadValid(memory, view, 0, crc)) {
            return "the checksum of the image does not hold";
        }
        final long number = BlockFormat.blockNumber(memory, 0);
        if (BlockFormat.streamCode(memory, 0) != Stream.METADATA.code()
                || MetadataImage.decode(memory, BlockFormat.HEADER_LENGTH, payload) == null
                || places.place(number) != place) {
            return "what lies there has a valid checksum and is no image for this place";
        }
        images++;
        final int end = BlockFormat.HEADER_LENGTH + payload;
        return memory.asSlice(end, length - end).mismatch(zeros.asSlice(0, length - end)) < 0
                ? null
                : "the rest of the image's last logical block is not zero";
    }

    private void read(final int place, final int length) {
        beforeRead.accept(length);
        places.read(place, memory, length);
        bytesRead += length;
    }
}
