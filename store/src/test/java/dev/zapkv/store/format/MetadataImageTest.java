/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.FormatException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MetadataImageTest {
    private static final MetadataImage GOLDEN = new MetadataImage(
            131_072,
            -1,
            0x2122232425262728L,
            0x3132333435363738L,
            4,
            99,
            17,
            false,
            64,
            new ZoneLayout(4096, 1L << 26, 62L << 20, 100, 2),
            "/dev/shm/zapkv.staging",
            List.of(
                    new CheckpointRef(7, 100, 30, 64, new PartPointer(0x4_0000, 900, 4096, CheckpointPart.ROOT, 0, 12)),
                    new CheckpointRef(
                            6, 80, 25, 64, new PartPointer(0x8_0000, 700, 8192, CheckpointPart.ROOT, 0, 150))),
            List.of(10L, 12L, 50L, 50L),
            List.of(1, 0, 5));

    private static MemorySegment encoded(final MetadataImage image) {
        final MemorySegment memory =
                MemorySegment.ofArray(new byte[image.length() + 64]).fill((byte) 0xAA);
        image.encode(memory, 0);
        return memory;
    }

    @Test
    void shouldBeStoredAsInTheGoldenFile() throws IOException {
        assertEquals(GoldenFile.read("metadata-image").length, GOLDEN.length());
        GoldenFile.assertMatches("metadata-image", encoded(GOLDEN));
    }

    @Test
    void shouldReadTheGoldenFile() throws IOException {
        final byte[] bytes = GoldenFile.read("metadata-image");
        final MemorySegment memory = MemorySegment.ofArray(bytes);
        assertEquals(MetadataImage.VERSION, MetadataImage.version(memory, 0));
        assertEquals(GOLDEN, MetadataImage.decode(memory, 0, bytes.length));
    }

    @Test
    void shouldReadTheVersionBefore() throws IOException {
        final byte[] bytes = GoldenFile.read("metadata-image-2");
        final MetadataImage image = MetadataImage.decode(MemorySegment.ofArray(bytes), 0, bytes.length);
        assertEquals(new ZoneLayout(4096, 1L << 26, 62L << 20, 100, 0), image.layout());
        assertEquals(GOLDEN.staging(), image.staging());
        assertEquals(GOLDEN.checkpoints(), image.checkpoints());
        assertEquals(GOLDEN.voids(), image.voids());
        assertEquals(GOLDEN.generations(), image.generations());
        for (int length = -1; length < bytes.length; length++) {
            assertNull(MetadataImage.decode(MemorySegment.ofArray(bytes), 0, length), "length " + length);
        }
    }

    @Test
    void shouldReadWhatItWrote() {
        final long seed = 11;
        final SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 500; round++) {
            final List<Long> voids = new ArrayList<>();
            for (int i = 2 * random.nextInt(5); i > 0; i--) {
                voids.add(random.nextLong());
            }
            final List<Integer> generations = new ArrayList<>();
            for (int i = random.nextInt(100); i > 0; i--) {
                generations.add(random.nextInt());
            }
            final List<CheckpointRef> checkpoints = new ArrayList<>();
            for (int i = random.nextInt(MetadataImage.MAX_CHECKPOINTS + 1); i > 0; i--) {
                checkpoints.add(new CheckpointRef(
                        random.nextLong(),
                        random.nextLong(),
                        random.nextLong(),
                        1 << random.nextInt(17),
                        new PartPointer(
                                random.nextLong(1L << 46),
                                random.nextLong(),
                                random.nextInt(256, 1 << 20),
                                CheckpointPart.ROOT,
                                random.nextInt(1 << 16),
                                random.nextInt(1 << 16))));
            }
            final MetadataImage image = new MetadataImage(
                    1 << (16 + random.nextInt(5)),
                    random.nextLong(),
                    random.nextLong(),
                    random.nextLong(),
                    random.nextLong(),
                    random.nextLong(),
                    random.nextLong(),
                    random.nextBoolean(),
                    random.nextInt(),
                    new ZoneLayout(
                            random.nextInt(), random.nextLong(), random.nextLong(), random.nextInt(), random.nextInt()),
                    "/ein/Pfad/mit/Ümlaut".substring(0, random.nextInt(21)),
                    checkpoints,
                    voids,
                    generations);
            assertEquals(image, MetadataImage.decode(encoded(image), 0, image.length()), "seed " + seed);
        }
    }

    @Test
    void shouldRefuseEveryOtherLength() {
        final MemorySegment memory = encoded(GOLDEN);
        for (int length = -1; length <= GOLDEN.length() + 64; length++) {
            if (length != GOLDEN.length()) {
                assertNull(MetadataImage.decode(memory, 0, length), "length " + length);
            }
        }
    }

    @Test
    void shouldRefuseAbsurdCountsAndSizes() {
        for (final int offset : new int[] {64, 68, 72}) {
            for (final int count : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 1 << 30, 1 << 28, 1000}) {
                final MemorySegment memory = encoded(GOLDEN);
                memory.set(LittleEndian.INT, offset, count);
                assertNull(MetadataImage.decode(memory, 0, GOLDEN.length()), "offset " + offset + " count " + count);
            }
        }
        for (final int blockBytes : new int[] {0, -1, 1, 4096, 8 << 10, (64 << 10) + 1, 96 << 10, 2 << 20}) {
            final MemorySegment memory = encoded(GOLDEN);
            memory.set(LittleEndian.INT, 4, blockBytes);
            assertNull(MetadataImage.decode(memory, 0, GOLDEN.length()), "blockBytes " + blockBytes);
        }
    }

    @Test
    void shouldRefuseASecretThatNoHashCanBeMadeOf() {
        final MemorySegment memory = encoded(GOLDEN);
        memory.set(LittleEndian.LONG, 24, GOLDEN.hashSeed0());
        assertNull(MetadataImage.decode(memory, 0, GOLDEN.length()));
    }

    @Test
    void shouldSayThatTheStagingFileCannotBe() {
        assertEquals(Path.of(GOLDEN.staging()), GOLDEN.stagingPath());
        final MemorySegment memory = encoded(GOLDEN);
        memory.set(LittleEndian.BYTE, 118, (byte) 0);
        final MetadataImage image = MetadataImage.decode(memory, 0, GOLDEN.length());
        final String message =
                assertThrows(FormatException.class, image::stagingPath).getMessage();
        assertTrue(message.contains("staging file"), message);
    }

    @Test
    void shouldNeverFailOnBytesThatAreNoImage() {
        final long seed = 5;
        final SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 5_000; round++) {
            final MemorySegment memory = encoded(GOLDEN);
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                memory.set(
                        LittleEndian.INT,
                        4L * random.nextInt(26),
                        random.nextInt(random.nextBoolean() ? 300 : 1 << 30));
            }
            final MetadataImage image = MetadataImage.decode(memory, 0, GOLDEN.length());
            assertTrue(
                    image == null || image.generations().size() <= GOLDEN.length(), "seed " + seed + " round " + round);
        }
    }
}
