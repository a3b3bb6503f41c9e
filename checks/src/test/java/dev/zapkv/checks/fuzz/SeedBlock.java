/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.fuzz;

import dev.zapkv.store.engine.RecordWriter;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.zone.Stream;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// A valid block of a small log, as a seed: records first, then {@link #seal}.
public final class SeedBlock {
    /// Logical block of the devices that seeds are for.
    public static final int LOGICAL_BLOCK = 512;
    /// First half of the identity that seeds carry.
    public static final long STORE_ID_HIGH = 1;
    /// Second half.
    public static final long STORE_ID_LOW = 2;

    private static final int LENGTH = 8 << 10;

    private final byte[] bytes = new byte[LENGTH];
    private final MemorySegment memory = MemorySegment.ofArray(bytes);
    private final RecordWriter writer = new RecordWriter();
    private final Stream stream;
    private final long number;
    private final long start;
    private int at = BlockFormat.HEADER_LENGTH;
    private int records;

    /// An empty block.
    ///
    /// @param blockBytes of the log, for positions
    public SeedBlock(final Stream stream, final long number, final int blockBytes) {
        this.stream = stream;
        this.number = number;
        start = number * blockBytes;
    }

    /// A block that holds a metadata image and nothing else.
    public static byte[] of(final MetadataImage image, final long sequence) {
        final SeedBlock block = new SeedBlock(Stream.METADATA, sequence, 0);
        image.encode(block.memory, block.at);
        block.at += image.length();
        return block.seal(0);
    }

    /// Adds a record.
    public SeedBlock add(final int flags, final byte[] key, final byte[] value) {
        final int length = RecordFormat.length(key.length, value.length);
        writer.write(memory, at, start + at, flags, key, value, 0, value.length);
        memory.set(LittleEndian.INT, at + RecordFormat.LENGTH_OFFSET, length);
        at += RecordFormat.align(length);
        records++;
        return this;
    }

    /// The block, as long as it is appended.
    public byte[] seal(final int zoneGeneration) {
        final int payload = at - BlockFormat.HEADER_LENGTH;
        final BlockFormat.Header header = new BlockFormat.Header(
                stream.code(),
                STORE_ID_HIGH,
                STORE_ID_LOW,
                1,
                number,
                zoneGeneration,
                records,
                payload,
                start + BlockFormat.HEADER_LENGTH,
                start + at,
                start);
        BlockFormat.seal(memory, header, LOGICAL_BLOCK, new CRC32C());
        return Arrays.copyOf(bytes, BlockFormat.appendLength(payload, LOGICAL_BLOCK));
    }
}
