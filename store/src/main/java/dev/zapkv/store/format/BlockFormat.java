/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import static dev.zapkv.store.format.LittleEndian.INT;
import static dev.zapkv.store.format.LittleEndian.LONG;
import static dev.zapkv.store.format.LittleEndian.SHORT;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// A block: the unit of a zone append. Header, then records back to back, then zeros up to the device's logical
/// block.
///
/// | offset | size | type | field          | meaning and valid range
///  |
/// |-------:|-----:|------|----------------|--------------------------------------------------------------------------|
/// |      0 |    4 | u32  | magic          | {@link #MAGIC}
///  |
/// |      4 |    2 | u16  | formatVersion  | {@link #VERSION}
///  |
/// |      6 |    2 | u16  | stream         | 1 metadata, 2 host, 3 gc
///  |
/// |      8 |    8 | u64  | storeIdHigh    | the store's random identity
///  |
/// |     16 |    8 | u64  | storeIdLow     |
///  |
/// |     24 |    8 | u64  | epoch          | one open-to-close life of the store, from 1
///  |
/// |     32 |    8 | u64  | blockNumber    | host and gc blocks are numbered apart, each from 1
///  |
/// |     40 |    4 | u32  | zoneGeneration | resets of the zone before this block was written
///  |
/// |     44 |    4 | u32  | recordCount    | 0 in metadata
///  |
/// |     48 |    4 | u32  | payloadLength  | bytes behind the header, padding excluded
///  |
/// |     52 |    4 | u32  | payloadCrc     | CRC32C of the payload
///  |
/// |     56 |    8 | u64  | minLogPosition | smallest log position of its records
///  |
/// |     64 |    8 | u64  | maxLogPosition | largest
///  |
/// |     72 |    8 | u64  | horizon        | no record was superseded before this log position when it was written
///  |
/// |     80 |   44 | –    | reserved       | 0
///  |
/// |    124 |    4 | u32  | headerCrc      | CRC32C of bytes 0 to 124
///  |
public final class BlockFormat {
    /// {@code "ZAPB"}.
    public static final int MAGIC = 0x4250415A;
    /// The only version there is.
    public static final int VERSION = 1;

    /// Offset of the magic.
    public static final int MAGIC_OFFSET = 0;
    /// Offset of the format version.
    public static final int VERSION_OFFSET = MAGIC_OFFSET + 4;
    /// Offset of the stream's code.
    public static final int STREAM_OFFSET = VERSION_OFFSET + 2;
    /// Offset of the store identity's first half.
    public static final int STORE_ID_HIGH_OFFSET = STREAM_OFFSET + 2;
    /// Offset of the store identity's second half.
    public static final int STORE_ID_LOW_OFFSET = STORE_ID_HIGH_OFFSET + 8;
    /// Offset of the epoch.
    public static final int EPOCH_OFFSET = STORE_ID_LOW_OFFSET + 8;
    /// Offset of the block number.
    public static final int BLOCK_NUMBER_OFFSET = EPOCH_OFFSET + 8;
    /// Offset of the zone generation.
    public static final int ZONE_GENERATION_OFFSET = BLOCK_NUMBER_OFFSET + 8;
    /// Offset of the record count.
    public static final int RECORD_COUNT_OFFSET = ZONE_GENERATION_OFFSET + 4;
    /// Offset of the payload length.
    public static final int PAYLOAD_LENGTH_OFFSET = RECORD_COUNT_OFFSET + 4;
    /// Offset of the payload checksum.
    public static final int PAYLOAD_CRC_OFFSET = PAYLOAD_LENGTH_OFFSET + 4;
    /// Offset of the smallest log position.
    public static final int MIN_LOG_POSITION_OFFSET = PAYLOAD_CRC_OFFSET + 4;
    /// Offset of the largest log position.
    public static final int MAX_LOG_POSITION_OFFSET = MIN_LOG_POSITION_OFFSET + 8;
    /// Offset of the horizon.
    public static final int HORIZON_OFFSET = MAX_LOG_POSITION_OFFSET + 8;
    /// Offset of the reserved bytes.
    public static final int RESERVED_OFFSET = HORIZON_OFFSET + 8;
    /// Offset of the header checksum.
    public static final int HEADER_CRC_OFFSET = 124;
    /// Length of the header; the first record starts here.
    public static final int HEADER_LENGTH = HEADER_CRC_OFFSET + 4;

    private BlockFormat() {}

    /// Bytes to append for a payload: header and payload rounded up to the logical block.
    public static int appendLength(final int payloadLength, final int logicalBlock) {
        return (HEADER_LENGTH + payloadLength + logicalBlock - 1) & -logicalBlock;
    }

    /// Whether a header starts here, as far as its magic says.
    public static boolean hasMagic(final MemorySegment memory, final long offset) {
        return memory.get(INT, offset + MAGIC_OFFSET) == MAGIC;
    }

    /// The format version.
    public static int version(final MemorySegment memory, final long offset) {
        return memory.get(SHORT, offset + VERSION_OFFSET) & 0xFFFF;
    }

    /// The stream's code.
    public static int streamCode(final MemorySegment memory, final long offset) {
        return memory.get(SHORT, offset + STREAM_OFFSET) & 0xFFFF;
    }

    /// First half of the store's identity.
    public static long storeIdHigh(final MemorySegment memory, final long offset) {
        return memory.get(LONG, offset + STORE_ID_HIGH_OFFSET);
    }

    /// Second half of the store's identity.
    public static long storeIdLow(final MemorySegment memory, final long offset) {
        return memory.get(LONG, offset + STORE_ID_LOW_OFFSET);
    }

    /// The epoch.
    public static long epoch(final MemorySegment memory, final long offset) {
        return memory.get(LONG, offset + EPOCH_OFFSET);
    }

    /// The block number.
    public static long blockNumber(final MemorySegment memory, final long offset) {
        return memory.get(LONG, offset + BLOCK_NUMBER_OFFSET);
    }

    /// The zone's generation.
    public static int zoneGeneration(final MemorySegment memory, final long offset) {
        return memory.get(INT, offset + ZONE_GENERATION_OFFSET);
    }

    /// The number of records.
    public static int recordCount(final MemorySegment memory, final long offset) {
        return memory.get(INT, offset + RECORD_COUNT_OFFSET);
    }

    /// The payload's length.
    public static int payloadLength(final MemorySegment memory, final long offset) {
        return memory.get(INT, offset + PAYLOAD_LENGTH_OFFSET);
    }

    /// The horizon.
    public static long horizon(final MemorySegment memory, final long offset) {
        return memory.get(LONG, offset + HORIZON_OFFSET);
    }

    /// Smallest log position.
    public static long minLogPosition(final MemorySegment memory, final long offset) {
        return memory.get(LONG, offset + MIN_LOG_POSITION_OFFSET);
    }

    /// Largest log position.
    public static long maxLogPosition(final MemorySegment memory, final long offset) {
        return memory.get(LONG, offset + MAX_LOG_POSITION_OFFSET);
    }

    /// Whether the header's checksum and bounds hold: the fields may be used.
    ///
    /// @param view   the same memory as a buffer, whose position and limit are changed
    /// @param length bytes from {@code offset} that may belong to the block
    public static boolean isHeaderValid(
            final MemorySegment memory, final ByteBuffer view, final long offset, final long length, final CRC32C crc) {
        if (length < HEADER_LENGTH || !hasMagic(memory, offset)) {
            return false;
        }
        if (crcOf(view, (int) offset, HEADER_CRC_OFFSET, crc) != memory.get(INT, offset + HEADER_CRC_OFFSET)) {
            return false;
        }
        final int payload = payloadLength(memory, offset);
        return payload >= 0 && payload <= length - HEADER_LENGTH;
    }

    /// Whether the payload's checksum holds; the header must be valid.
    public static boolean isPayloadValid(
            final MemorySegment memory, final ByteBuffer view, final long offset, final CRC32C crc) {
        return crcOf(view, (int) offset + HEADER_LENGTH, payloadLength(memory, offset), crc)
                == memory.get(INT, offset + PAYLOAD_CRC_OFFSET);
    }

    /// Writes the header of a block whose payload is complete, checksums included, and zeroes the padding behind the
    /// payload.
    public static void seal(final MemorySegment block, final Header header, final int logicalBlock, final CRC32C crc) {
        final ByteBuffer view = block.asByteBuffer();
        final int payload = header.payloadLength();
        // Not the whole header: a block in staging keeps its number at every moment, for the sake of a killed process.
        block.asSlice(RESERVED_OFFSET, HEADER_CRC_OFFSET - RESERVED_OFFSET).fill((byte) 0);
        final int end = HEADER_LENGTH + payload;
        block.asSlice(end, appendLength(payload, logicalBlock) - end).fill((byte) 0);
        block.set(INT, MAGIC_OFFSET, MAGIC);
        block.set(SHORT, VERSION_OFFSET, (short) VERSION);
        block.set(SHORT, STREAM_OFFSET, (short) header.streamCode());
        block.set(LONG, STORE_ID_HIGH_OFFSET, header.storeIdHigh());
        block.set(LONG, STORE_ID_LOW_OFFSET, header.storeIdLow());
        block.set(LONG, EPOCH_OFFSET, header.epoch());
        block.set(LONG, BLOCK_NUMBER_OFFSET, header.blockNumber());
        block.set(INT, ZONE_GENERATION_OFFSET, header.zoneGeneration());
        block.set(INT, RECORD_COUNT_OFFSET, header.recordCount());
        block.set(INT, PAYLOAD_LENGTH_OFFSET, payload);
        block.set(INT, PAYLOAD_CRC_OFFSET, crcOf(view, HEADER_LENGTH, payload, crc));
        block.set(LONG, MIN_LOG_POSITION_OFFSET, header.minLogPosition());
        block.set(LONG, MAX_LOG_POSITION_OFFSET, header.maxLogPosition());
        block.set(LONG, HORIZON_OFFSET, header.horizon());
        block.set(INT, HEADER_CRC_OFFSET, crcOf(view, 0, HEADER_CRC_OFFSET, crc));
    }

    /// What a header says, less its checksums.
    public record Header(
            int streamCode,
            long storeIdHigh,
            long storeIdLow,
            long epoch,
            long blockNumber,
            int zoneGeneration,
            int recordCount,
            int payloadLength,
            long minLogPosition,
            long maxLogPosition,
            long horizon) {}

    private static int crcOf(final ByteBuffer view, final int from, final int length, final CRC32C crc) {
        crc.reset();
        view.limit(from + length).position(from);
        crc.update(view);
        return (int) crc.getValue();
    }
}
