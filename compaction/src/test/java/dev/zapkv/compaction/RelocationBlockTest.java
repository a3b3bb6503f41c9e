/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.IoBuffer;
import dev.zapkv.store.engine.RecordWriter;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RelocationBlockTest {
    private static final int BLOCK = 4096;
    private static final long ENTRY = 0x1234;
    private static final long ADDRESS = 7 * 4096;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment source = arena.allocate(16 << 10, 16);
    private final RelocationBlock block = new RelocationBlock(
            new IoBuffer() {
                private final MemorySegment memory = arena.allocate(BLOCK, 4096).fill((byte) 0xEE);

                @Override
                public MemorySegment memory() {
                    return memory;
                }

                @Override
                public boolean registered() {
                    return false;
                }

                @Override
                public void close() {
                    // The arena's.
                }
            },
            BLOCK);

    @AfterEach
    void free() {
        arena.close();
    }

    private void write(final int at, final long position, final int flags, final String key, final int valueLength) {
        final byte[] value = new byte[valueLength];
        Arrays.fill(value, (byte) position);
        new RecordWriter().write(source, at, position, flags, key.getBytes(UTF_8), value, 0, valueLength);
        source.set(
                LittleEndian.INT,
                at + RecordFormat.LENGTH_OFFSET,
                RecordFormat.length(key.getBytes(UTF_8).length, valueLength));
    }

    private void assertRelocated(
            final int at, final long position, final String key, final int valueLength, final long origin) {
        final MemorySegment memory = block.memory();
        assertNull(RecordFormat.invalidReason(memory, memory.asByteBuffer(), at, BLOCK, new CRC32C()));
        assertEquals(position, RecordFormat.logPosition(memory, at));
        assertEquals(origin, RecordFormat.origin(memory, at));
        final int keyAt = at + RecordFormat.ORIGIN_OFFSET + RecordFormat.ORIGIN_LENGTH;
        final int keyLength = RecordFormat.keyLength(memory, at);
        assertEquals(key, new String(memory.asSlice(keyAt, keyLength).toArray(LittleEndian.BYTE), UTF_8));
        final int length = RecordFormat.length(memory, at);
        assertEquals(RecordFormat.ORIGIN_LENGTH + RecordFormat.length(keyLength, valueLength), length);
        for (int i = keyAt + keyLength; i < at + length; i++) {
            assertEquals((byte) position, memory.get(LittleEndian.BYTE, i));
        }
        for (int i = at + length; i < at + RecordFormat.align(length); i++) {
            assertEquals(0, memory.get(LittleEndian.BYTE, i), "padding");
        }
    }

    @Test
    void shouldCopyARecordWithItsPositionAndAddItsOrigin() {
        write(64, 99, 0, "hello", 100);
        assertTrue(block.isEmpty());
        assertTrue(block.add(source, 64, ENTRY, ADDRESS));
        assertFalse(block.isEmpty());
        assertEquals(1, block.records());
        assertEquals(BlockFormat.HEADER_LENGTH, block.offset(0));
        assertEquals(ENTRY, block.expected(0));
        assertEquals(ADDRESS, block.source(0));
        assertEquals(RecordFormat.align(40 + 5 + 100), block.payloadLength());
        assertEquals(RecordFormat.FLAG_RELOCATED, RecordFormat.flags(block.memory(), block.offset(0)));
        assertRelocated(block.offset(0), 99, "hello", 100, ADDRESS);
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                RecordFormat.FLAG_TOMBSTONE,
                RecordFormat.FLAG_CHUNK,
                RecordFormat.FLAG_LARGE,
                RecordFormat.FLAG_BATCH_PART,
                RecordFormat.FLAG_BATCH_PART | RecordFormat.FLAG_LARGE
            })
    void shouldKeepWhatARecordIsButNotItsPlaceInABatch(final int flags) {
        write(0, 5, flags, "key", 0);
        assertTrue(block.add(source, 0, 0, ADDRESS));
        assertEquals(
                (flags & ~RecordFormat.FLAG_BATCH_PART) | RecordFormat.FLAG_RELOCATED,
                RecordFormat.flags(block.memory(), block.offset(0)));
        assertRelocated(block.offset(0), 5, "key", 0, ADDRESS);
    }

    @Test
    void shouldNotGrowARecordThatIsMovedAgain() {
        write(0, 5, 0, "key", 60);
        assertTrue(block.add(source, 0, ENTRY, ADDRESS));
        final int length = block.payloadLength();
        MemorySegment.copy(block.memory(), block.offset(0), source, 1024, length);
        block.clear();
        assertTrue(block.add(source, 1024, ENTRY, ADDRESS + 512));
        assertEquals(length, block.payloadLength());
        assertRelocated(block.offset(0), 5, "key", 60, ADDRESS + 512);
    }

    @Test
    void shouldKnowTheSmallestAndLargestPosition() {
        final long[] positions = {500, 100, 900, 300};
        for (final long position : positions) {
            write(0, position, 0, "k" + position, 10);
            assertTrue(block.add(source, 0, ENTRY + position, ADDRESS + position * 16));
        }
        assertEquals(100, block.minPosition());
        assertEquals(900, block.maxPosition());
        for (int i = 0; i < positions.length; i++) {
            assertEquals(ENTRY + positions[i], block.expected(i));
            assertRelocated(block.offset(i), positions[i], "k" + positions[i], 10, ADDRESS + positions[i] * 16);
        }
        block.clear();
        assertTrue(block.isEmpty());
        assertEquals(0, block.payloadLength());
        write(0, 700, 0, "k", 10);
        assertTrue(block.add(source, 0, ENTRY, ADDRESS));
        assertEquals(700, block.minPosition());
        assertEquals(700, block.maxPosition());
    }

    @Test
    void shouldRefuseWhatDoesNotFitAndStayAsItIs() {
        final int fits =
                BLOCK - BlockFormat.HEADER_LENGTH - RecordFormat.ORIGIN_LENGTH - RecordFormat.HEADER_LENGTH - 1;
        write(0, 1, 0, "k", fits - 64);
        assertTrue(block.add(source, 0, ENTRY, ADDRESS));
        final int length = block.payloadLength();
        write(8192, 2, 0, "k", 30);
        assertFalse(block.add(source, 8192, ENTRY, ADDRESS));
        assertEquals(1, block.records());
        assertEquals(length, block.payloadLength());
        assertEquals(1, block.maxPosition());
        assertRelocated(block.offset(0), 1, "k", fits - 64, ADDRESS);
        write(8192, 3, 0, "k", 20);
        assertTrue(block.add(source, 8192, ENTRY, ADDRESS), "exactly the rest");
        assertEquals(BLOCK - BlockFormat.HEADER_LENGTH, block.payloadLength());
    }

    @Test
    void shouldTakeAsManyOfTheSmallestRecordsAsFit() {
        int count = 0;
        write(0, 1, RecordFormat.FLAG_TOMBSTONE, "k", 0);
        while (block.add(source, 0, 0, ADDRESS)) {
            count++;
        }
        assertEquals((BLOCK - BlockFormat.HEADER_LENGTH) / 48, count);
    }
}
