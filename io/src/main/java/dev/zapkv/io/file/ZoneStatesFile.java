/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.emulated.EmulatedZones;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// The file {@code ZONES}: zone states of a device that was closed cleanly. It is renamed when the device is
/// opened, so its absence means an unclean stop; what it becomes keeps its space for the next one, so that a device
/// can be closed cleanly on a full file system. Little-endian.
///
/// | offset | type | field | meaning, valid range |
/// |---:|---|---|---|
/// | 0 | u8[8] | magic | {@code ZAPZONES} |
/// | 8 | u32 | version | 1 |
/// | 12 | u32 | zone count | as in the identity file |
/// | 16 + 16i | u64 | write pointer of zone i | 0 to zone capacity, a multiple of the block |
/// | 24 + 16i | u8 | state of zone i | 0 empty, 1 closed, 2 full, 3 read-only, 4 offline; open is saved as closed, or
/// empty |
/// | 25 + 16i | u8 | write pointer is exact | 0 or 1 |
/// | 26 + 16i | u8[6] | reserved | zero |
/// | 16 + 16n | u32 | CRC32C | over all bytes before |
final class ZoneStatesFile {
    static final String FILE_NAME = "ZONES";

    private static final byte[] MAGIC = "ZAPZONES".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION = 1;
    private static final int VERSION_OFFSET = 8;
    private static final int ZONE_COUNT_OFFSET = VERSION_OFFSET + Integer.BYTES;
    private static final int ENTRIES_OFFSET = ZONE_COUNT_OFFSET + Integer.BYTES;
    private static final int ENTRY_WRITE_POINTER_OFFSET = 0;
    private static final int ENTRY_STATE_OFFSET = ENTRY_WRITE_POINTER_OFFSET + Long.BYTES;
    private static final int ENTRY_EXACT_OFFSET = ENTRY_STATE_OFFSET + Byte.BYTES;
    private static final int ENTRY_RESERVED_OFFSET = ENTRY_EXACT_OFFSET + Byte.BYTES;
    private static final int ENTRY_LENGTH = 16;
    private static final int ZONE_COUNT_MAX = (Integer.MAX_VALUE - ENTRIES_OFFSET - Integer.BYTES) / ENTRY_LENGTH;

    private static final int EMPTY = 0;
    private static final int CLOSED = 1;
    private static final int FULL = 2;
    private static final int READ_ONLY = 3;
    private static final int OFFLINE = 4;

    private ZoneStatesFile() {}

    /// Zones that the file can describe.
    static int zoneCountMax() {
        return ZONE_COUNT_MAX;
    }

    static void write(final Path directory, final ZoneGeometry geometry, final EmulatedZones zones) throws IOException {
        DurableFiles.replace(directory.resolve(FILE_NAME), encode(geometry, zones));
    }

    /// Takes the file away, and sees to it that another can be written.
    static void invalidate(final Path directory, final ZoneGeometry geometry) throws IOException {
        DurableFiles.withdraw(directory.resolve(FILE_NAME), length(geometry));
    }

    /// Restores the zones from the file.
    ///
    /// @return false if there is none
    static boolean read(final Path directory, final ZoneGeometry geometry, final EmulatedZones zones)
            throws IOException {
        final Path path = directory.resolve(FILE_NAME);
        final byte[] content = DurableFiles.read(path, Integer.MAX_VALUE - Long.BYTES);
        if (content == null) {
            return false;
        }
        decode(path, content, geometry, zones);
        return true;
    }

    static byte[] encode(final ZoneGeometry geometry, final EmulatedZones zones) {
        final ByteBuffer buffer = ByteBuffer.allocate(length(geometry)).order(ByteOrder.LITTLE_ENDIAN);
        buffer.put(0, MAGIC).putInt(VERSION_OFFSET, VERSION).putInt(ZONE_COUNT_OFFSET, geometry.zoneCount());
        for (int zone = 0; zone < geometry.zoneCount(); zone++) {
            final int entry = ENTRIES_OFFSET + zone * ENTRY_LENGTH;
            buffer.putLong(entry + ENTRY_WRITE_POINTER_OFFSET, zones.writePointer(zone))
                    .put(entry + ENTRY_STATE_OFFSET, (byte) code(zones.state(zone), zones.writePointer(zone)))
                    .put(entry + ENTRY_EXACT_OFFSET, (byte) (zones.report(zone).writePointerExact() ? 1 : 0));
        }
        buffer.putInt(buffer.capacity() - Integer.BYTES, crc(buffer.array()));
        return buffer.array();
    }

    static void decode(final Path path, final byte[] content, final ZoneGeometry geometry, final EmulatedZones zones) {
        final ByteBuffer buffer = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        if (content.length < ENTRIES_OFFSET + Integer.BYTES
                || !Arrays.equals(MAGIC, 0, MAGIC.length, content, 0, MAGIC.length)
                || buffer.getInt(content.length - Integer.BYTES) != crc(content)) {
            throw damaged(path, "its checksum or its length is wrong");
        }
        if (Integer.compareUnsigned(buffer.getInt(VERSION_OFFSET), VERSION) > 0) {
            throw new DeviceException(
                    path + " has version " + Integer.toUnsignedString(buffer.getInt(VERSION_OFFSET))
                            + ", this version reads up to " + VERSION
                            + ": open the device with the newer version that wrote it",
                    0);
        }
        if (buffer.getInt(ZONE_COUNT_OFFSET) != geometry.zoneCount() || content.length != length(geometry)) {
            throw damaged(path, "it describes another number of zones than " + geometry.zoneCount());
        }
        for (int zone = 0; zone < geometry.zoneCount(); zone++) {
            decodeZone(path, buffer, geometry, zones, zone);
        }
    }

    private static void decodeZone(
            final Path path,
            final ByteBuffer buffer,
            final ZoneGeometry geometry,
            final EmulatedZones zones,
            final int zone) {
        final int entry = ENTRIES_OFFSET + zone * ENTRY_LENGTH;
        final long writePointer = buffer.getLong(entry + ENTRY_WRITE_POINTER_OFFSET);
        final ZoneState state = state(buffer.get(entry + ENTRY_STATE_OFFSET));
        final int exact = buffer.get(entry + ENTRY_EXACT_OFFSET);
        boolean valid = state != null
                && writePointer >= 0
                && writePointer <= geometry.zoneCapacity()
                && writePointer % geometry.blockSize() == 0
                && (exact == 0 || exact == 1)
                && (state != ZoneState.EMPTY || writePointer == 0);
        for (int i = entry + ENTRY_RESERVED_OFFSET; i < entry + ENTRY_LENGTH; i++) {
            valid &= buffer.get(i) == 0;
        }
        if (!valid) {
            throw damaged(path, "the entry of zone " + zone + " is impossible");
        }
        zones.restore(zone, state, writePointer, exact == 1);
    }

    private static DeviceException damaged(final Path path, final String what) {
        return new DeviceException(
                path + " is damaged: " + what
                        + "; delete it to open the device as after an unclean stop (no data is lost, every zone is scanned)",
                0);
    }

    private static int length(final ZoneGeometry geometry) {
        return ENTRIES_OFFSET + geometry.zoneCount() * ENTRY_LENGTH + Integer.BYTES;
    }

    private static int code(final ZoneState state, final long writePointer) {
        return switch (state) {
            case EMPTY -> EMPTY;
            case OPEN, CLOSED -> writePointer == 0 ? EMPTY : CLOSED;
            case FULL -> FULL;
            case READ_ONLY -> READ_ONLY;
            case OFFLINE -> OFFLINE;
        };
    }

    private static ZoneState state(final int code) {
        return switch (code) {
            case EMPTY -> ZoneState.EMPTY;
            case CLOSED -> ZoneState.CLOSED;
            case FULL -> ZoneState.FULL;
            case READ_ONLY -> ZoneState.READ_ONLY;
            case OFFLINE -> ZoneState.OFFLINE;
            default -> null;
        };
    }

    private static int crc(final byte[] content) {
        final CRC32C crc = new CRC32C();
        crc.update(content, 0, content.length - Integer.BYTES);
        return (int) crc.getValue();
    }
}
