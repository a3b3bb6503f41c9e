/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class LargeHeadTest {
    private static final LargeHead GOLDEN = new LargeHead(0x1122334455667788L, 300_000, 130_000);

    @Test
    void shouldBeStoredAsInTheGoldenFile() throws IOException {
        final byte[] record = GoldenFile.read("record-large");
        final int value = RecordFormat.HEADER_LENGTH + 5;
        final byte[] stored = Arrays.copyOfRange(record, value, value + LargeHead.LENGTH);
        assertArrayEquals(stored, GOLDEN.encode());
        assertEquals(GOLDEN, LargeHead.decode(stored));
    }

    @Test
    void shouldDivideAValueIntoChunks() {
        assertEquals(3, GOLDEN.chunkCount());
        assertEquals(130_000, GOLDEN.lengthOfChunk(0));
        assertEquals(40_000, GOLDEN.lengthOfChunk(2));
        assertEquals(1, new LargeHead(1, 100, 100).chunkCount());
        assertEquals(2, new LargeHead(1, 101, 100).chunkCount());
        assertEquals(1, new LargeHead(1, 101, 100).lengthOfChunk(1));
    }

    @Test
    void shouldRefuseBytesThatAreNoHead() {
        assertNull(LargeHead.decode(new byte[0]));
        assertNull(LargeHead.decode(new byte[LargeHead.LENGTH]));
        assertNull(LargeHead.decode(Arrays.copyOf(GOLDEN.encode(), LargeHead.LENGTH - 1)));
        assertNull(LargeHead.decode(Arrays.copyOf(GOLDEN.encode(), LargeHead.LENGTH + 1)));
        assertNull(LargeHead.decode(new LargeHead(1, 0, 100).encode()));
        assertNull(LargeHead.decode(new LargeHead(1, -1, 100).encode()));
        assertNull(LargeHead.decode(new LargeHead(1, 1L << 31, 100).encode()));
        assertNull(LargeHead.decode(new LargeHead(1, 100, 0).encode()));
        assertNull(LargeHead.decode(new LargeHead(1, 100, -1).encode()));
        final byte[] reserved = GOLDEN.encode();
        reserved[LargeHead.LENGTH - 1] = 1;
        assertNull(LargeHead.decode(reserved));
    }

    @Test
    void shouldStoreChunkKeysAsInTheGoldenFile() throws IOException {
        final byte[] record = GoldenFile.read("record-chunk");
        final byte[] key = new byte[ChunkKey.LENGTH];
        ChunkKey.set(key, 0x1122334455667788L, 2);
        assertArrayEquals(
                Arrays.copyOfRange(record, RecordFormat.HEADER_LENGTH, RecordFormat.HEADER_LENGTH + ChunkKey.LENGTH),
                key);
        assertEquals(0x1122334455667788L, ChunkKey.chunkSet(key));
    }
}
