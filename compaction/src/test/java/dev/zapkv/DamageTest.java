/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.MetadataImage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files of a closed store are truncated or overwritten: opening says so, and no wrong value is ever returned.
class DamageTest {
    private static final int KEYS = 6_000;
    private static final int ZONE = 1 << 20;

    @TempDir
    private Path directory;

    private Context context() {
        return new Context().directory(directory).capacityBytes(32L << 20).memoryBytes(32 << 20);
    }

    @BeforeEach
    void fill() {
        try (ZapKv store = ZapKv.open(context())) {
            for (int key = 0; key < KEYS; key++) {
                store.put(TestData.key(key), TestData.value(key, key, key % 1000 == 0 ? 200_000 : 1000));
            }
        }
    }

    private Path zone(final int zone) {
        return directory.resolve("zones").resolve(String.format("zone-%08d", zone));
    }

    private static void overwrite(final Path file, final long offset, final byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes), offset);
        }
    }

    private static byte[] noise(final long seed, final int length) {
        final byte[] bytes = new byte[length];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    /// Every value that is returned is the right one; returns how many are.
    private static int intact(final ZapKv store, final String context) {
        int found = 0;
        for (int key = 0; key < KEYS; key++) {
            try {
                final byte[] value = store.get(TestData.key(key));
                if (value != null) {
                    assertEquals(key, TestData.versionOf(key, value, context));
                    found++;
                }
            } catch (final CorruptionException e) {
                assertTrue(e.getMessage().contains("restore"), e.getMessage());
            }
        }
        return found;
    }

    private void assertRefused(final String part) {
        final FormatException e = assertThrows(FormatException.class, () -> ZapKv.open(context()));
        assertTrue(e.getMessage().contains(part), e.getMessage());
        // And again: a refused opening leaves neither a lock nor anything else behind.
        assertThrows(FormatException.class, () -> ZapKv.open(context()));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldReportADataZoneThatIsPartlyNoise(final long seed) throws IOException {
        final SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 4; i++) {
            overwrite(zone(4), random.nextInt(ZONE - 3000), noise(seed, 3000));
        }
        try (ZapKv store = ZapKv.open(context())) {
            final int intact = intact(store, "seed " + seed);
            assertTrue(intact > KEYS / 2 && intact < KEYS, "seed " + seed + ": " + intact + " are intact");
            assertTrue(
                    store.stats().recovery().contains("DAMAGED"), store.stats().recovery());
            store.put(TestData.key(-5), new byte[10], WriteOptions.FLUSHED);
        }
    }

    @Test
    void shouldNeverReturnWrongValuesWhenAZoneIsOverwrittenWhileOpen() throws IOException {
        try (ZapKv store = ZapKv.open(context())) {
            overwrite(zone(4), 0, noise(4, ZONE));
            final int intact = intact(store, "overwritten while open");
            assertTrue(intact > KEYS / 2 && intact < KEYS, intact + " are intact");
            // Garbage collection keeps what it cannot read.
            store.collect(0);
            assertEquals(intact, intact(store, "after collection"));
        }
    }

    @Test
    void shouldRefuseATruncatedDataZone() throws IOException {
        try (FileChannel channel = FileChannel.open(zone(4), StandardOpenOption.WRITE)) {
            channel.truncate(ZONE / 2);
        }
        final ZapKvException e = assertThrows(ZapKvException.class, () -> ZapKv.open(context()));
        assertTrue(e.getMessage().contains("zone-00000004"), e.getMessage());
        assertTrue(e.getMessage().contains("restore it from a backup"), e.getMessage());
    }

    @Test
    void shouldRefuseAStoreWithoutReadableMetadata() throws IOException {
        overwrite(zone(0), 0, noise(1, ZONE));
        if (Files.exists(zone(1))) {
            overwrite(zone(1), 0, noise(2, ZONE));
        }
        assertRefused("metadata");
    }

    @Test
    void shouldRefuseATruncatedIdentity() throws IOException {
        try (FileChannel channel = FileChannel.open(directory.resolve("DEVICE"), StandardOpenOption.WRITE)) {
            channel.truncate(60);
        }
        assertRefused("DEVICE");
    }

    @Test
    void shouldRefuseADeviceOfANewerFormat() throws IOException {
        final Path identity = directory.resolve("DEVICE");
        final String text = Files.readString(identity).replace("format=1\n", "format=2\n");
        final String body = text.substring(0, text.indexOf("crc32c="));
        final CRC32C crc = new CRC32C();
        crc.update(body.getBytes(StandardCharsets.US_ASCII));
        Files.writeString(identity, body + String.format("crc32c=%08x%n", crc.getValue()));
        assertRefused("newer version");
    }

    @Test
    void shouldRefuseMetadataOfANewerFormat() throws IOException {
        final byte[] bytes = Files.readAllBytes(zone(0));
        final MemorySegment memory = MemorySegment.ofArray(bytes);
        final CRC32C crc = new CRC32C();
        int last = -1;
        for (int at = 0; at < bytes.length; at += 4096) {
            if (BlockFormat.hasMagic(memory, at)) {
                last = at;
            }
        }
        final int payload = BlockFormat.payloadLength(memory, last);
        memory.set(LittleEndian.INT, last + BlockFormat.HEADER_LENGTH, MetadataImage.VERSION + 1);
        crc.update(bytes, last + BlockFormat.HEADER_LENGTH, payload);
        memory.set(LittleEndian.INT, last + BlockFormat.PAYLOAD_CRC_OFFSET, (int) crc.getValue());
        crc.reset();
        crc.update(bytes, last, BlockFormat.HEADER_CRC_OFFSET);
        memory.set(LittleEndian.INT, last + BlockFormat.HEADER_CRC_OFFSET, (int) crc.getValue());
        Files.write(zone(0), bytes);
        assertRefused("newer version");
    }
}
