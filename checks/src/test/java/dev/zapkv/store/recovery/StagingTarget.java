/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.zapkv.FormatException;
import dev.zapkv.checks.fuzz.Checksums;
import dev.zapkv.checks.fuzz.FuzzInput;
import dev.zapkv.checks.fuzz.FuzzTarget;
import dev.zapkv.checks.fuzz.RawZones;
import dev.zapkv.checks.fuzz.SeedBlock;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.log.BootId;
import dev.zapkv.store.log.StagingFile;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.Stream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// A staging file that a killed process left: its header, and the records of its one slot.
public final class StagingTarget implements FuzzTarget {
    private static final StoreId STORE = new StoreId(SeedBlock.STORE_ID_HIGH, SeedBlock.STORE_ID_LOW);
    private static final KeyHash HASH = new KeyHash(1, 2);
    private static final int HEADER = 56;
    private static final int BLOCK_BYTES = 64 << 10;
    private static final int CONTENT_MAX = 4096;

    private final Path path;
    private final byte[] file = new byte[StagingFile.SLOTS_OFFSET + BLOCK_BYTES];

    /// Makes a file for all inputs.
    public StagingTarget() {
        try {
            path = Files.createTempFile("zapkv-fuzz", ".staging");
            path.toFile().deleteOnExit();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public List<byte[]> seeds() {
        final byte[] content = new SeedBlock(Stream.HOST, 6, BLOCK_BYTES)
                .add(0, "key".getBytes(UTF_8), new byte[20])
                .add(0, "batch".getBytes(UTF_8), new byte[10])
                .add(RecordFormat.FLAG_BATCH_PART, "part".getBytes(UTF_8), new byte[10])
                .add(RecordFormat.FLAG_TOMBSTONE, "key".getBytes(UTF_8), new byte[0])
                .add(RecordFormat.FLAG_LARGE, "large".getBytes(UTF_8), new LargeHead(7, 50, 50).encode())
                .seal(0);
        return List.of(
                RawZones.concatenated(new byte[] {0, 5}, header(), content),
                RawZones.concatenated(new byte[] {1, 5}, header(), content));
    }

    private static byte[] header() {
        final byte[] header = new byte[HEADER];
        final MemorySegment memory = MemorySegment.ofArray(header);
        memory.set(LittleEndian.INT, 0, StagingFile.MAGIC);
        memory.set(LittleEndian.INT, 4, StagingFile.VERSION);
        memory.set(LittleEndian.LONG, 8, STORE.high());
        memory.set(LittleEndian.LONG, 16, STORE.low());
        memory.set(LittleEndian.LONG, 24, 1);
        memory.set(LittleEndian.INT, 32, BLOCK_BYTES);
        memory.set(LittleEndian.INT, 36, 1);
        memory.set(LittleEndian.INT, 40, 1);
        return header;
    }

    @Override
    public void run(final byte[] bytes) {
        final FuzzInput input = new FuzzInput(bytes);
        final boolean repair = (input.u8() & 1) != 0;
        final int behind = input.u8();
        write(input, repair);
        final StagingFile staging;
        try {
            staging = StagingFile.openExisting(path, STORE, 1, 1);
        } catch (final FormatException e) {
            // as documented
            return;
        }
        if (staging == null) {
            return;
        }
        try (staging) {
            final StagingReplay replay = new StagingReplay(staging, behind);
            replay.read(replay.firstBlock());
            replay.chunkSets(HASH, location -> 0);
            final long visited = replay.visit((position, flags, key, value) -> {
                if (key.length == 0 || key.length + value.length > BLOCK_BYTES) {
                    throw new AssertionError("a record of " + key.length + " + " + value.length + " bytes");
                }
            });
            if (visited > BLOCK_BYTES / RecordFormat.HEADER_LENGTH) {
                throw new AssertionError(visited + " records in a block");
            }
        }
    }

    private void write(final FuzzInput input, final boolean repair) {
        Arrays.fill(file, 0, StagingFile.SLOTS_OFFSET + CONTENT_MAX, (byte) 0);
        final byte[] header = input.take(HEADER);
        System.arraycopy(header, 0, file, 0, header.length);
        // A file of an earlier run of the machine would not be looked at.
        MemorySegment.ofArray(file).set(LittleEndian.LONG, HEADER, BootId.CURRENT.high());
        MemorySegment.ofArray(file).set(LittleEndian.LONG, HEADER + Long.BYTES, BootId.CURRENT.low());
        final byte[] content = input.take(CONTENT_MAX);
        System.arraycopy(content, 0, file, StagingFile.SLOTS_OFFSET, content.length);
        if (repair) {
            final MemorySegment memory = MemorySegment.ofArray(file);
            Checksums.repairRecords(
                    memory,
                    StagingFile.SLOTS_OFFSET + BlockFormat.HEADER_LENGTH,
                    StagingFile.SLOTS_OFFSET + CONTENT_MAX);
        }
        try {
            Files.write(path, file);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
