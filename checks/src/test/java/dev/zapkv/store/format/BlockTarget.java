/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.zapkv.checks.fuzz.Checksums;
import dev.zapkv.checks.fuzz.FuzzInput;
import dev.zapkv.checks.fuzz.FuzzTarget;
import dev.zapkv.checks.fuzz.RawZones;
import dev.zapkv.checks.fuzz.SeedBlock;
import dev.zapkv.zone.Stream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.CRC32C;

/// Blocks and records at any multiple of the logical block: what is said to be valid lies within the bytes.
public final class BlockTarget implements FuzzTarget {
    private static final int STEP = 512;
    private static final int BLOCK_BYTES = 64 << 10;

    private final CRC32C crc = new CRC32C();

    @Override
    public List<byte[]> seeds() {
        final byte[] key = "key".getBytes(UTF_8);
        final byte[] block = new SeedBlock(Stream.HOST, 3, BLOCK_BYTES)
                .add(0, key, "value".getBytes(UTF_8))
                .add(RecordFormat.FLAG_TOMBSTONE, key, new byte[0])
                .add(RecordFormat.FLAG_LARGE, key, new LargeHead(7, 1 << 20, 1 << 15).encode())
                .add(RecordFormat.FLAG_BATCH_PART, key, new byte[100])
                .add(RecordFormat.FLAG_RELOCATED, key, new byte[500])
                .add(RecordFormat.FLAG_CHUNK, new byte[ChunkKey.LENGTH], new byte[40])
                .seal(0);
        return List.of(
                RawZones.concatenated(new byte[] {0}, block),
                RawZones.concatenated(new byte[] {1}, block, block),
                RawZones.concatenated(new byte[] {1}, new byte[STEP], block));
    }

    @Override
    public void run(final byte[] bytes) {
        final FuzzInput input = new FuzzInput(bytes);
        final boolean repair = (input.u8() & 1) != 0;
        final MemorySegment memory = MemorySegment.ofArray(input.rest());
        if (repair) {
            Checksums.repairBlocks(memory, STEP);
        }
        final ByteBuffer view = memory.asByteBuffer();
        for (int at = 0; at + BlockFormat.HEADER_LENGTH <= memory.byteSize(); at += STEP) {
            final long left = memory.byteSize() - at;
            if (BlockFormat.isHeaderValid(memory, view, at, left, crc)) {
                final int payload = BlockFormat.payloadLength(memory, at);
                require(payload >= 0 && payload <= left - BlockFormat.HEADER_LENGTH, "payload");
                if (BlockFormat.isPayloadValid(memory, view, at, crc)) {
                    walk(memory, view, at + BlockFormat.HEADER_LENGTH, at + BlockFormat.HEADER_LENGTH + payload);
                }
            }
        }
    }

    private void walk(final MemorySegment memory, final ByteBuffer view, final int from, final int end) {
        int at = from;
        while (at < end && RecordFormat.invalidReason(memory, view, at, end, crc) == null) {
            final int length = RecordFormat.length(memory, at);
            final int flags = RecordFormat.flags(memory, at);
            final int keyEnd = RecordFormat.keyOffset(flags) + RecordFormat.keyLength(memory, at);
            require(length > RecordFormat.HEADER_LENGTH && length <= end - at, "length");
            require(keyEnd <= length, "key");
            if ((flags & RecordFormat.FLAG_LARGE) != 0) {
                head(memory.asSlice(at + keyEnd, length - keyEnd).toArray(LittleEndian.BYTE));
            }
            at += RecordFormat.align(length);
        }
    }

    private static void head(final byte[] value) {
        final LargeHead head = LargeHead.decode(value);
        if (head != null) {
            final int last = head.chunkCount() - 1;
            require(last >= 0 && head.lengthOfChunk(last) > 0, "last chunk");
            require((long) last * head.chunkLength() + head.lengthOfChunk(last) == head.totalLength(), "total");
        }
    }

    private static void require(final boolean holds, final String what) {
        if (!holds) {
            throw new AssertionError(what + " is out of bounds");
        }
    }
}
