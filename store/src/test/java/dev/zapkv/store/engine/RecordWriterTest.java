/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.GoldenFile;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.RecordFormat;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RecordWriterTest {
    private static final long POSITION = 131_200;
    private static final byte[] HELLO = "hello".getBytes(UTF_8);

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory = arena.allocate(256 << 10, 16).fill((byte) 0xAA);
    private final ByteBuffer view = memory.asByteBuffer();
    private final CRC32C crc = new CRC32C();
    private final RecordWriter writer = new RecordWriter();

    @AfterEach
    void free() {
        arena.close();
    }

    private int write(final long offset, final long position, final int flags, final byte[] key, final byte[] value) {
        writer.write(memory, offset, position, flags, key, value, 0, value.length);
        RecordWriter.commit(memory, offset, RecordFormat.length(key.length, value.length));
        return RecordFormat.align(RecordFormat.length(key.length, value.length));
    }

    @Test
    void shouldWriteRecordsAsInTheGoldenFiles() throws IOException {
        write(0, POSITION, 0, HELLO, "world".getBytes(UTF_8));
        GoldenFile.assertMatches("record-put", memory);
        write(0, POSITION + 48, RecordFormat.FLAG_TOMBSTONE, HELLO, new byte[0]);
        GoldenFile.assertMatches("record-tombstone", memory);
        final byte[] chunkKey = new byte[ChunkKey.LENGTH];
        ChunkKey.set(chunkKey, 0x1122334455667788L, 2);
        write(0, POSITION, RecordFormat.FLAG_CHUNK, chunkKey, "chunk".getBytes(UTF_8));
        GoldenFile.assertMatches("record-chunk", memory);
        final byte[] head = new LargeHead(0x1122334455667788L, 300_000, 130_000).encode();
        write(0, POSITION, RecordFormat.FLAG_LARGE, HELLO, head);
        GoldenFile.assertMatches("record-large", memory);
    }

    @Test
    void shouldWriteABatchAsInTheGoldenFile() throws IOException {
        final int part = RecordFormat.FLAG_BATCH_PART;
        int at = write(0, POSITION, 0, new byte[] {'a'}, new byte[] {'1'});
        at += write(at, POSITION + at, part, new byte[] {'b'}, new byte[] {'2'});
        write(at, POSITION + at, part | RecordFormat.FLAG_TOMBSTONE, new byte[] {'c'}, new byte[0]);
        GoldenFile.assertMatches("record-batch", memory);
    }

    @Test
    void shouldBeReadBackWhateverKeyAndValueAre() {
        final long seed = 3;
        final SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 2_000; round++) {
            final byte[] key = new byte[1 + random.nextInt(round % 50 == 0 ? 65_536 : 100)];
            final byte[] value = new byte[random.nextInt(round % 50 == 0 ? 100_000 : 200)];
            random.nextBytes(key);
            random.nextBytes(value);
            final long position = random.nextLong(1L << 60) & -16;
            final int aligned = write(0, position, 0, key, value);
            final String context = "seed " + seed + " round " + round;
            assertNull(RecordFormat.invalidReason(memory, view, 0, aligned, crc), context);
            assertEquals(position, RecordFormat.logPosition(memory, 0), context);
            assertEquals(key.length, RecordFormat.keyLength(memory, 0), context);
            final long valueAt = RecordFormat.HEADER_LENGTH + (long) key.length;
            assertArrayEquals(
                    key,
                    memory.asSlice(RecordFormat.HEADER_LENGTH, key.length).toArray(ValueLayout.JAVA_BYTE),
                    context);
            assertArrayEquals(value, memory.asSlice(valueAt, value.length).toArray(ValueLayout.JAVA_BYTE), context);
            for (long at = valueAt + value.length; at < aligned; at++) {
                assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, at), context + " padding");
            }
        }
    }

    @Test
    void shouldNotCountBeforeItsLengthIsCommitted() {
        memory.fill((byte) 0);
        writer.write(memory, 0, POSITION, 0, HELLO, HELLO, 0, HELLO.length);
        assertNotNull(RecordFormat.invalidReason(memory, view, 0, 4096, crc));
        RecordWriter.commit(memory, 0, RecordFormat.length(HELLO.length, HELLO.length));
        assertNull(RecordFormat.invalidReason(memory, view, 0, 4096, crc));
    }

    @Test
    void shouldBecomeValidPaddingWhenCancelled() {
        final int aligned = write(0, POSITION, 0, HELLO, HELLO);
        writer.cancel(memory, 0);
        assertNull(RecordFormat.invalidReason(memory, view, 0, aligned, crc));
        assertEquals(RecordFormat.FLAG_PADDING, RecordFormat.flags(memory, 0));
    }

    @Test
    void shouldWriteAPartOfAnArray() {
        final byte[] value = {9, 8, 7, 6, 5, 4};
        writer.write(memory, 0, POSITION, 0, HELLO, value, 2, 3);
        RecordWriter.commit(memory, 0, RecordFormat.length(HELLO.length, 3));
        assertNull(RecordFormat.invalidReason(memory, view, 0, 48, crc));
        assertArrayEquals(
                new byte[] {7, 6, 5},
                memory.asSlice(RecordFormat.HEADER_LENGTH + 5, 3).toArray(ValueLayout.JAVA_BYTE));
    }
}
