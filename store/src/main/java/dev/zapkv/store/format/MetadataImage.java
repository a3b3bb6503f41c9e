/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import static dev.zapkv.store.format.LittleEndian.INT;
import static dev.zapkv.store.format.LittleEndian.LONG;

import dev.zapkv.FormatException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// Everything a store must know before it can read its data zones: the payload of each metadata block,
/// complete in itself. The valid image with the highest block number counts.
///
/// | offset | size | type | field           | meaning and valid range                                               |
/// |-------:|-----:|------|-----------------|-----------------------------------------------------------------------|
/// |      0 |    4 | u32  | imageVersion    | {@link #VERSION}                                                      |
/// |      4 |    4 | u32  | blockBytes      | largest append block: a power of two, 16 KiB to 1 MiB                 |
/// |      8 |    8 | u64  | capacityBytes   | bound of the store; 2^64 - 1: none                                    |
/// |     16 |    8 | u64  | hashSeed0       | secret of the key hash                                                |
/// |     24 |    8 | u64  | hashSeed1       |                                                                       |
/// |     32 |    8 | u64  | epoch           | life of the store that wrote the image, from 1                        |
/// |     40 |    8 | u64  | settledBlock    | host blocks up to here are on the device, collected, or void          |
/// |     48 |    8 | u64  | nextGcBlock     | no gc block has this number or a higher one, if closed cleanly        |
/// |     56 |    4 | u32  | closedCleanly   | 1: nothing follows {@code settledBlock}; else 0                       |
/// |     60 |    4 | u32  | zoneLimit       | zones the store may use                                               |
/// |     64 |    4 | u32  | stagingLength   | bytes of the staging file's path; 0: none                             |
/// |     68 |    4 | u32  | voidCount       | ranges of host block numbers that never became valid                  |
/// |     72 |    4 | u32  | generationCount | zones with a generation; those behind have 0                          |
/// |     76 |    4 | u32  | logicalBlock    | of the device the store was made on                                   |
/// |     80 |    8 | u64  | zoneSize        | address stride between its zones                                      |
/// |     88 |    8 | u64  | zoneCapacity    | writable bytes of its zones                                           |
/// |     96 |    4 | u32  | zoneCount       | number of its zones                                                   |
/// |    100 |    4 | u32  | checkpointCount | checkpoints that may be opened from, 0 to 2                           |
/// |    104 |    4 | u32  | conventional    | conventional zones that hold metadata: 0 or 2; absent in version 2    |
/// |    108 |    4 | u32  | reserved        | 0; absent in version 2                                                |
/// |    112 |    – | –    | staging         | path, UTF-8, zero-padded to a multiple of 8                           |
/// |      – |   64 | –    | checkpoints     | {@link CheckpointRef}, newest first                                   |
/// |      – |   16 | u64  | voids           | first and last block number of each range, ascending                  |
/// |      – |    4 | u32  | generations     | of each zone                                                          |
///
/// @param blockBytes    largest append block in bytes
/// @param capacityBytes bound of the store in bytes, or -1
/// @param hashSeed0     secret of the key hash
/// @param hashSeed1     secret of the key hash
/// @param epoch         life of the store
/// @param settledBlock  host blocks up to here are settled
/// @param nextGcBlock   next number of a gc block
/// @param closedCleanly whether nothing follows
/// @param zoneLimit     zones the store may use
/// @param layout        zones the store was made on
/// @param staging       path of the staging file, or empty
/// @param checkpoints   complete checkpoints, newest first
/// @param voids         ranges of void host block numbers, first and last alternating
/// @param generations   generation of each zone
public record MetadataImage(
        int blockBytes,
        long capacityBytes,
        long hashSeed0,
        long hashSeed1,
        long epoch,
        long settledBlock,
        long nextGcBlock,
        boolean closedCleanly,
        int zoneLimit,
        ZoneLayout layout,
        String staging,
        List<CheckpointRef> checkpoints,
        List<Long> voids,
        List<Integer> generations) {
    /// Bit of a generation: the zone is offline, its loss was counted, and whatever was settled since lies
    /// elsewhere.
    public static final int LOSS_KNOWN = 1 << 31;

    /// The version that is written. Version 2 is read, too.
    public static final int VERSION = 3;
    /// Most checkpoints that an image names.
    public static final int MAX_CHECKPOINTS = 2;
    /// Smallest append block.
    public static final int MIN_BLOCK_BYTES = 16 << 10;
    /// Largest append block.
    public static final int MAX_BLOCK_BYTES = 1 << 20;

    private static final int BLOCK_BYTES_OFFSET = 4;
    private static final int CAPACITY_OFFSET = 8;
    private static final int SEED0_OFFSET = 16;
    private static final int SEED1_OFFSET = 24;
    private static final int EPOCH_OFFSET = 32;
    private static final int SETTLED_OFFSET = 40;
    private static final int NEXT_GC_OFFSET = 48;
    private static final int CLOSED_OFFSET = 56;
    private static final int ZONE_LIMIT_OFFSET = 60;
    private static final int STAGING_LENGTH_OFFSET = 64;
    private static final int VOID_COUNT_OFFSET = 68;
    private static final int GENERATION_COUNT_OFFSET = 72;
    private static final int LOGICAL_BLOCK_OFFSET = 76;
    private static final int ZONE_SIZE_OFFSET = 80;
    private static final int ZONE_CAPACITY_OFFSET = 88;
    private static final int ZONE_COUNT_OFFSET = 96;
    private static final int CHECKPOINT_COUNT_OFFSET = 100;
    private static final int CONVENTIONAL_OFFSET = 104;
    private static final int FIXED_LENGTH = 112;
    private static final int OLD_VERSION = 2;
    private static final int OLD_FIXED_LENGTH = 104;

    /// Copies the lists.
    public MetadataImage {
        checkpoints = List.copyOf(checkpoints);
        voids = List.copyOf(voids);
        generations = List.copyOf(generations);
    }

    /// The image that follows this one: what never changes stays.
    public MetadataImage next(
            final long nextEpoch,
            final long settled,
            final long gcBlock,
            final boolean clean,
            final String stagingPath,
            final List<CheckpointRef> nextCheckpoints,
            final List<Long> nextVoids,
            final List<Integer> nextGenerations) {
        return new MetadataImage(
                blockBytes,
                capacityBytes,
                hashSeed0,
                hashSeed1,
                nextEpoch,
                settled,
                gcBlock,
                clean,
                zoneLimit,
                layout,
                stagingPath,
                nextCheckpoints,
                nextVoids,
                nextGenerations);
    }

    /// Length of the stored form in bytes.
    public int length() {
        return FIXED_LENGTH
                + padded(stagingBytes().length)
                + CheckpointRef.LENGTH * checkpoints.size()
                + 8 * voids.size()
                + 4 * generations.size();
    }

    /// Writes the stored form.
    public void encode(final MemorySegment memory, final long offset) {
        final byte[] path = stagingBytes();
        memory.asSlice(offset, length()).fill((byte) 0);
        memory.set(INT, offset, VERSION);
        memory.set(INT, offset + BLOCK_BYTES_OFFSET, blockBytes);
        memory.set(LONG, offset + CAPACITY_OFFSET, capacityBytes);
        memory.set(LONG, offset + SEED0_OFFSET, hashSeed0);
        memory.set(LONG, offset + SEED1_OFFSET, hashSeed1);
        memory.set(LONG, offset + EPOCH_OFFSET, epoch);
        memory.set(LONG, offset + SETTLED_OFFSET, settledBlock);
        memory.set(LONG, offset + NEXT_GC_OFFSET, nextGcBlock);
        memory.set(INT, offset + CLOSED_OFFSET, closedCleanly ? 1 : 0);
        memory.set(INT, offset + ZONE_LIMIT_OFFSET, zoneLimit);
        memory.set(INT, offset + STAGING_LENGTH_OFFSET, path.length);
        memory.set(INT, offset + VOID_COUNT_OFFSET, voids.size() / 2);
        memory.set(INT, offset + GENERATION_COUNT_OFFSET, generations.size());
        memory.set(INT, offset + LOGICAL_BLOCK_OFFSET, layout.blockSize());
        memory.set(LONG, offset + ZONE_SIZE_OFFSET, layout.zoneSize());
        memory.set(LONG, offset + ZONE_CAPACITY_OFFSET, layout.zoneCapacity());
        memory.set(INT, offset + ZONE_COUNT_OFFSET, layout.zoneCount());
        memory.set(INT, offset + CHECKPOINT_COUNT_OFFSET, checkpoints.size());
        memory.set(INT, offset + CONVENTIONAL_OFFSET, layout.conventional());
        long at = offset + FIXED_LENGTH;
        MemorySegment.copy(path, 0, memory, LittleEndian.BYTE, at, path.length);
        at += padded(path.length);
        for (final CheckpointRef checkpoint : checkpoints) {
            checkpoint.encode(memory, at);
            at += CheckpointRef.LENGTH;
        }
        for (final long bound : voids) {
            memory.set(LONG, at, bound);
            at += 8;
        }
        for (final int generation : generations) {
            memory.set(INT, at, generation);
            at += 4;
        }
    }

    /// Reads the stored form, whose checksum holds. Sizes and counts are checked all the same.
    ///
    /// @return the image, or null if a bound does not hold
    public static MetadataImage decode(final MemorySegment memory, final long offset, final int length) {
        if (length < OLD_FIXED_LENGTH) {
            return null;
        }
        final boolean old = version(memory, offset) == OLD_VERSION;
        final int fixed = old ? OLD_FIXED_LENGTH : FIXED_LENGTH;
        final int block = memory.get(INT, offset + BLOCK_BYTES_OFFSET);
        final int pathLength = memory.get(INT, offset + STAGING_LENGTH_OFFSET);
        final int voidCount = memory.get(INT, offset + VOID_COUNT_OFFSET);
        final int generationCount = memory.get(INT, offset + GENERATION_COUNT_OFFSET);
        final int checkpointCount = memory.get(INT, offset + CHECKPOINT_COUNT_OFFSET);
        final boolean bounded = isBlockBytes(block)
                && checkpointCount >= 0
                && checkpointCount <= MAX_CHECKPOINTS
                && pathLength >= 0
                && pathLength <= length
                && voidCount >= 0
                && voidCount <= length
                && generationCount >= 0
                && generationCount <= length
                && fixed
                                + padded(pathLength)
                                + (long) CheckpointRef.LENGTH * checkpointCount
                                + 16L * voidCount
                                + 4L * generationCount
                        == length;
        if (!bounded) {
            return null;
        }
        final long seed0 = memory.get(LONG, offset + SEED0_OFFSET);
        final long seed1 = memory.get(LONG, offset + SEED1_OFFSET);
        if (seed0 == seed1) {
            return null; // no store has such a secret, and no hash can be made of it
        }
        long at = offset + fixed;
        final byte[] path = new byte[pathLength];
        MemorySegment.copy(memory, LittleEndian.BYTE, at, path, 0, pathLength);
        at += padded(pathLength);
        final List<CheckpointRef> checkpoints = new ArrayList<>();
        for (int i = 0; i < checkpointCount; i++) {
            final CheckpointRef checkpoint = CheckpointRef.decode(memory, at);
            if (checkpoint == null) {
                return null;
            }
            checkpoints.add(checkpoint);
            at += CheckpointRef.LENGTH;
        }
        final List<Long> voids = new ArrayList<>();
        for (int i = 0; i < 2 * voidCount; i++) {
            voids.add(memory.get(LONG, at));
            at += 8;
        }
        final List<Integer> generations = new ArrayList<>(generationCount);
        for (int zone = 0; zone < generationCount; zone++) {
            generations.add(memory.get(INT, at));
            at += 4;
        }
        return new MetadataImage(
                block,
                memory.get(LONG, offset + CAPACITY_OFFSET),
                seed0,
                seed1,
                memory.get(LONG, offset + EPOCH_OFFSET),
                memory.get(LONG, offset + SETTLED_OFFSET),
                memory.get(LONG, offset + NEXT_GC_OFFSET),
                memory.get(INT, offset + CLOSED_OFFSET) == 1,
                memory.get(INT, offset + ZONE_LIMIT_OFFSET),
                new ZoneLayout(
                        memory.get(INT, offset + LOGICAL_BLOCK_OFFSET),
                        memory.get(LONG, offset + ZONE_SIZE_OFFSET),
                        memory.get(LONG, offset + ZONE_CAPACITY_OFFSET),
                        memory.get(INT, offset + ZONE_COUNT_OFFSET),
                        old ? 0 : memory.get(INT, offset + CONVENTIONAL_OFFSET)),
                new String(path, StandardCharsets.UTF_8),
                checkpoints,
                voids,
                generations);
    }

    /// The staging file; only if {@link #staging} is not empty.
    ///
    /// @throws FormatException if the name cannot be one here
    public Path stagingPath() {
        try {
            return Path.of(staging);
        } catch (final InvalidPathException e) {
            throw new FormatException(
                    "the store's metadata names a staging file that cannot be here (" + e.getMessage()
                            + "): the metadata is damaged, or the locale is another than that of the process that"
                            + " wrote it; set LC_ALL as it was, or restore the store from a backup",
                    e);
        }
    }

    /// The version in a stored form.
    public static int version(final MemorySegment memory, final long offset) {
        return memory.get(INT, offset);
    }

    /// Whether a number is a valid size of append blocks.
    public static boolean isBlockBytes(final int bytes) {
        return bytes >= MIN_BLOCK_BYTES && bytes <= MAX_BLOCK_BYTES && Integer.bitCount(bytes) == 1;
    }

    private byte[] stagingBytes() {
        return staging.getBytes(StandardCharsets.UTF_8);
    }

    private static int padded(final int length) {
        return (length + 7) & -8;
    }

    /// The same, with the loss of some more zones known.
    public MetadataImage lossKnown(final BitSet zones) {
        if (zones.isEmpty()) {
            return this;
        }
        final List<Integer> marked = new ArrayList<>(generations);
        while (marked.size() < zones.length()) {
            marked.add(0);
        }
        zones.stream().forEach(zone -> marked.set(zone, marked.get(zone) | LOSS_KNOWN));
        return next(epoch, settledBlock, nextGcBlock, closedCleanly, staging, checkpoints, voids, marked);
    }

    /// The generation of a zone.
    public int generation(final int zone) {
        return zone < generations.size() ? generations.get(zone) & ~LOSS_KNOWN : 0;
    }

    /// Whether a zone was lost and the store knew it when it wrote this image.
    public boolean isLossKnown(final int zone) {
        return zone < generations.size() && (generations.get(zone) & LOSS_KNOWN) != 0;
    }
}
