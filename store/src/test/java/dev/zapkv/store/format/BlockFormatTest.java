/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BlockFormatTest {
    private static final int LOGICAL_BLOCK = 512;
    private static final long FIRST_POSITION = 131_200;

    private final Arena arena = Arena.ofConfined();
    private final CRC32C crc = new CRC32C();

    @AfterEach
    void free() {
        arena.close();
    }

    private static BlockFormat.Header header(final int payload) {
        return new BlockFormat.Header(
                2,
                0x0102030405060708L,
                0x1112131415161718L,
                3,
                1,
                7,
                3,
                payload,
                FIRST_POSITION,
                FIRST_POSITION + 96,
                FIRST_POSITION);
    }

    private MemorySegment goldenBlock() throws IOException {
        final byte[] payload = GoldenFile.read("record-batch");
        final MemorySegment block = arena.allocate(LOGICAL_BLOCK, 16);
        MemorySegment.copy(payload, 0, block, ValueLayout.JAVA_BYTE, BlockFormat.HEADER_LENGTH, payload.length);
        // The number is there before the block is sealed.
        block.set(LittleEndian.LONG, BlockFormat.BLOCK_NUMBER_OFFSET, 1);
        BlockFormat.seal(block, header(payload.length), LOGICAL_BLOCK, crc);
        return block;
    }

    private boolean isValid(final MemorySegment block) {
        final ByteBuffer view = block.asByteBuffer();
        return BlockFormat.isHeaderValid(block, view, 0, block.byteSize(), crc)
                && BlockFormat.isPayloadValid(block, view, 0, crc);
    }

    @Test
    void shouldBeStoredAsInTheGoldenFile() throws IOException {
        GoldenFile.assertMatches("block", goldenBlock());
    }

    @Test
    void shouldReadTheGoldenFile() throws IOException {
        final MemorySegment block = MemorySegment.ofArray(GoldenFile.read("block"));
        assertTrue(isValid(block));
        assertEquals(BlockFormat.VERSION, BlockFormat.version(block, 0));
        assertEquals(2, BlockFormat.streamCode(block, 0));
        assertEquals(0x0102030405060708L, BlockFormat.storeIdHigh(block, 0));
        assertEquals(0x1112131415161718L, BlockFormat.storeIdLow(block, 0));
        assertEquals(3, BlockFormat.epoch(block, 0));
        assertEquals(1, BlockFormat.blockNumber(block, 0));
        assertEquals(7, BlockFormat.zoneGeneration(block, 0));
        assertEquals(3, BlockFormat.recordCount(block, 0));
        assertEquals(144, BlockFormat.payloadLength(block, 0));
        assertEquals(FIRST_POSITION, BlockFormat.horizon(block, 0));
        assertEquals(FIRST_POSITION + 96, BlockFormat.maxLogPosition(block, 0));
    }

    @Test
    void shouldNoticeEveryFlippedBitOfHeaderAndPayload() throws IOException {
        final MemorySegment block = goldenBlock();
        final int end = BlockFormat.HEADER_LENGTH + BlockFormat.payloadLength(block, 0);
        for (int bit = 0; bit < end * 8; bit++) {
            flip(block, bit);
            assertFalse(isValid(block), "bit " + bit + " was flipped and not noticed");
            flip(block, bit);
        }
        assertTrue(isValid(block));
    }

    @Test
    void shouldNoticeEveryFlippedBitOfARecord() throws IOException {
        for (final String name :
                new String[] {"record-put", "record-tombstone", "record-relocated", "record-chunk", "record-large"}) {
            final MemorySegment record = MemorySegment.ofArray(GoldenFile.read(name));
            final ByteBuffer view = record.asByteBuffer();
            assertNull(RecordFormat.invalidReason(record, view, 0, record.byteSize(), crc), name);
            for (int bit = 0; bit < RecordFormat.length(record, 0) * 8; bit++) {
                flip(record, bit);
                assertNotNull(
                        RecordFormat.invalidReason(record, view, 0, record.byteSize(), crc), name + " bit " + bit);
                flip(record, bit);
            }
        }
    }

    private static void flip(final MemorySegment memory, final int bit) {
        final byte old = memory.get(ValueLayout.JAVA_BYTE, bit / 8);
        memory.set(ValueLayout.JAVA_BYTE, bit / 8, (byte) (old ^ 1 << bit % 8));
    }

    @Test
    void shouldRefuseATruncatedBlock() throws IOException {
        final MemorySegment block = goldenBlock();
        final ByteBuffer view = block.asByteBuffer();
        for (int length = 0; length < BlockFormat.HEADER_LENGTH + 144; length++) {
            assertFalse(BlockFormat.isHeaderValid(block, view, 0, length, crc), "length " + length);
        }
    }

    @Test
    void shouldNeverFailOnBytesThatAreNoRecord() {
        final long seed = 42;
        final SplittableRandom random = new SplittableRandom(seed);
        final MemorySegment memory = arena.allocate(256, 16);
        final ByteBuffer view = memory.asByteBuffer();
        for (int i = 0; i < 20_000; i++) {
            for (int at = 0; at < 64; at += 8) {
                // Small numbers too, so that lengths and flags come into their ranges.
                final long word = random.nextBoolean() ? random.nextLong() : random.nextLong(300);
                memory.set(LittleEndian.LONG, at, word);
            }
            final int end = random.nextInt(257);
            assertNotNull(RecordFormat.invalidReason(memory, view, 0, end, crc), "seed " + seed + " round " + i);
            assertFalse(BlockFormat.isHeaderValid(memory, view, 0, end, crc), "seed " + seed + " round " + i);
        }
    }

    @Test
    void shouldZeroWhatFollowsThePayloadWhenSealed() {
        final SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 200; i++) {
            final MemorySegment block = arena.allocate(4096, 16).fill((byte) 0xAA);
            final int payload = random.nextInt(4096 - BlockFormat.HEADER_LENGTH + 1);
            BlockFormat.seal(block, header(payload), LOGICAL_BLOCK, crc);
            final int length = BlockFormat.appendLength(payload, LOGICAL_BLOCK);
            assertTrue(length % LOGICAL_BLOCK == 0 && length - payload - BlockFormat.HEADER_LENGTH < LOGICAL_BLOCK);
            for (int at = BlockFormat.HEADER_LENGTH + payload; at < length; at++) {
                assertEquals(0, block.get(ValueLayout.JAVA_BYTE, at));
            }
            assertTrue(isValid(block), "payload " + payload);
        }
    }
}
