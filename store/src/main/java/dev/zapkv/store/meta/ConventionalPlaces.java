/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.meta;

import dev.zapkv.io.ConventionalZones;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Optional;

/// Metadata images in a drive's first two conventional zones, written in place. The number of an image says where it
/// lies, so that consecutive images lie in different zones, and none is overwritten before some others were written:
///
///     place = number mod (2 × slots), zone = place mod 2, offset = place / 2 × slot
///
/// A write that is cut short harms only the image that was to come. It is seen by its checksums, and the newest image
/// lies elsewhere. After a failed write the image is tried with the next number, and so at the next place.
final class ConventionalPlaces implements ImagePlaces {
    /// Zones used.
    static final int ZONES = 2;

    private static final int SLOT_BYTES = 1 << 20;
    private static final int MAX_SLOTS = 8;
    private static final int ATTEMPTS = 4;
    private static final int ALIGNMENT = 4096;

    private final ConventionalZones zones;
    private final int block;
    private final int slotBytes;
    private final int count;
    private long newest;
    private long sequence;

    private ConventionalPlaces(final ConventionalZones zones, final int block) {
        this.zones = zones;
        this.block = block;
        slotBytes = (int) Math.min(SLOT_BYTES, zones.capacity());
        count = ZONES * (int) Math.min(MAX_SLOTS, zones.capacity() / slotBytes);
    }

    /// The places of a device, if it has enough conventional zones.
    static Optional<ConventionalPlaces> of(final ZoneDevice device) {
        final int block = device.geometry().blockSize();
        return device.conventional()
                .filter(zones -> zones.count() >= ZONES && zones.capacity() >= block)
                .map(zones -> new ConventionalPlaces(zones, block));
    }

    /// Goes on behind the newest image.
    ///
    /// @param number of the newest image; 0 for a new store
    ConventionalPlaces behind(final long number) {
        newest = number;
        return this;
    }

    /// Number of places.
    int count() {
        return count;
    }

    /// The conventional zone in which a place lies.
    static int zone(final int place) {
        return place % ZONES;
    }

    /// Where a place begins in its zone.
    long offset(final int place) {
        return (long) (place / ZONES) * slotBytes;
    }

    /// Where an image lies.
    int place(final long number) {
        return (int) (number % count);
    }

    /// Whether a place is the one that a crash may have left half written: of the next image.
    boolean mayBeCutOff(final int place) {
        return place == place(newest + 1);
    }

    @Override
    public int largest() {
        return slotBytes;
    }

    @Override
    public int attempts() {
        return ATTEMPTS;
    }

    @Override
    public long prepare(final long wanted, final int length) {
        // Never where the newest one lies, however many attempts have failed.
        sequence = place(wanted) == place(newest) ? wanted + 1 : wanted;
        return sequence;
    }

    @Override
    public int newestZone() {
        return MetadataSearch.Found.CONVENTIONAL;
    }

    @Override
    public BitSet dead() {
        return new BitSet();
    }

    @Override
    public long write(final IoBuffer buffer, final int length) {
        try {
            write(place(sequence), buffer.memory(), length);
        } catch (final DeviceException e) {
            return -Math.max(1, e.errno());
        }
        newest = sequence;
        return 0;
    }

    private void write(final int place, final MemorySegment source, final int length) {
        zones.write(zone(place), offset(place), source, length);
    }

    /// Reads the beginning of a place.
    ///
    /// @param length bytes, a multiple of the logical block
    void read(final int place, final MemorySegment target, final int length) {
        zones.read(zone(place), offset(place), target, length);
    }

    /// Whether something lies at one of the places.
    boolean isInUse() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment memory = arena.allocate(block, ALIGNMENT);
            final MemorySegment zeros = arena.allocate(block, ALIGNMENT);
            for (int place = 0; place < count; place++) {
                read(place, memory, block);
                if (memory.mismatch(zeros) >= 0) {
                    return true;
                }
            }
            return false;
        }
    }

    /// Makes every place unreadable for good, but that of an image.
    void eraseBut(final long number) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment zeros = arena.allocate(block, ALIGNMENT);
            for (int place = 0; place < count; place++) {
                if (place != number % count) {
                    erase(place, zeros);
                }
            }
        }
    }

    private void erase(final int place, final MemorySegment zeros) {
        for (int attempt = 1; ; attempt++) {
            try {
                write(place, zeros, block);
                return;
            } catch (final DeviceException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    @Override
    public String describe() {
        return "conventional zone " + zone(place(sequence));
    }
}
