/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.RecordFormat;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is special about salvage from a directory: old blocks behind new ones, and files that are
/// damaged.
class SalvageDirectoryTest {
    private static final int ZONE = 1 << 20;

    @TempDir
    private Path directory;

    private Context context(final String name) {
        return new Context()
                .directory(directory.resolve(name))
                .zoneSizeBytes(ZONE)
                .capacityBytes(16 * ZONE)
                .memoryBytes(32 << 20)
                .stagingDirectory(directory);
    }

    private Salvage salvage(final String name) {
        return Salvage.of(context(name));
    }

    private static Map<ByteBuffer, byte[]> extract(final Salvage salvage, final SalvageReport[] report) {
        final Map<ByteBuffer, byte[]> found = new HashMap<>();
        try (salvage) {
            report[0] = salvage.extract((key, value) -> found.put(ByteBuffer.wrap(key), value));
        }
        return found;
    }

    private void copy(final String from, final String to) throws IOException {
        final Path source = directory.resolve(from);
        try (Stream<Path> files = Files.walk(source)) {
            for (final Path file : files.sorted().toList()) {
                final Path target =
                        directory.resolve(to).resolve(source.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
    }

    private Path zone(final String store, final int zone) {
        return directory.resolve(store).resolve("zones").resolve(String.format("zone-%08d", zone));
    }

    /// The file that begins with a block of records.
    private Path dataZone(final String store) throws IOException {
        for (int zone = 2; zone < 16; zone++) {
            final Path file = zone(store, zone);
            if (Files.exists(file) && BlockFormat.hasMagic(MemorySegment.ofArray(Files.readAllBytes(file)), 0)) {
                return file;
            }
        }
        throw new AssertionError("no zone begins with a block");
    }

    private void destroyMetadata(final String store) throws IOException {
        Files.write(zone(store, 0), new byte[ZONE]);
        if (Files.exists(zone(store, 1))) {
            Files.write(zone(store, 1), new byte[ZONE]);
        }
    }

    /// Blocks of several lives of a zone lie in one file; the states of the zones are not known.
    @Test
    void shouldLeaveOldBlocksAloneThatLieBehindNewOnes() throws IOException {
        final Map<ByteBuffer, byte[]> model = new HashMap<>();
        final SplittableRandom random = new SplittableRandom(1);
        try (ZapKv store = ZapKv.open(context("store"))) {
            for (int i = 0; i < 40_000; i++) {
                if (i == 38_000) {
                    // What follows begins a zone that held something before, and does not fill it.
                    store.collect(0);
                }
                final int key = random.nextInt(2000);
                final byte[] value = TestData.value(key, i, 400 + random.nextInt(400));
                store.put(TestData.key(key), value);
                model.put(ByteBuffer.wrap(TestData.key(key)), value);
            }
            assertTrue(
                    store.stats().zonesCollected() > 5,
                    () -> "collected " + store.stats().zonesCollected());
            store.flush();
            copy("store", "killed");
        }
        destroyMetadata("killed");
        Files.deleteIfExists(directory.resolve("killed/ZONES"));
        final SalvageReport[] report = new SalvageReport[1];
        final Map<ByteBuffer, byte[]> found = extract(salvage("killed"), report);
        assertEquals(model.keySet(), found.keySet());
        model.forEach((key, value) -> assertArrayEquals(value, found.get(key)));
        assertTrue(report[0].leftOverBlocks() > 0, report[0]::toString);
        assertTrue(report[0].unknown().toString().contains("may be back"), report[0]::toString);
    }

    @Test
    void shouldTakeWhatCameBeforeALargeValueThatIsNotWhole() throws IOException {
        final byte[] older = TestData.value(1, 1, 1000);
        try (ZapKv store = ZapKv.open(context("store"))) {
            store.put(TestData.key(1), older);
            store.put(TestData.key(2), TestData.value(2, 1, 300_000));
            store.put(TestData.key(1), TestData.value(1, 2, 500_000));
            store.put(TestData.key(3), TestData.value(3, 1, 400_000));
        }
        destroyMetadata("store");
        damageChunk("store", TestData.value(1, 2, 500_000));
        damageChunk("store", TestData.value(3, 1, 400_000));
        final SalvageReport[] report = new SalvageReport[1];
        final Map<ByteBuffer, byte[]> found = extract(salvage("store"), report);
        assertArrayEquals(older, found.get(ByteBuffer.wrap(TestData.key(1))));
        assertArrayEquals(TestData.value(2, 1, 300_000), found.get(ByteBuffer.wrap(TestData.key(2))));
        assertNull(found.get(ByteBuffer.wrap(TestData.key(3))));
        assertEquals(2, report[0].keys());
        assertEquals(2, report[0].incompleteKeys());
        final List<String> keys = report[0].incomplete().stream()
                .map(key -> new String(key, StandardCharsets.UTF_8))
                .sorted()
                .toList();
        assertEquals(List.of("key-1", "key-3"), keys);
    }

    /// Overwrites some bytes of a value wherever they lie.
    private void damageChunk(final String store, final byte[] value) throws IOException {
        final byte[] part = Arrays.copyOfRange(value, 200_000, 200_064);
        int damaged = 0;
        for (int zone = 2; Files.exists(zone(store, zone)); zone++) {
            final byte[] bytes = Files.readAllBytes(zone(store, zone));
            for (int at = 0; at + part.length <= bytes.length; at++) {
                if (Arrays.equals(bytes, at, at + part.length, part, 0, part.length)) {
                    bytes[at + 10] ^= 1;
                    damaged++;
                }
            }
            Files.write(zone(store, zone), bytes);
        }
        assertEquals(1, damaged, "places of the value");
    }

    @Test
    void shouldAskWhichOfSeveralStoresIsWanted() throws IOException {
        try (ZapKv store = ZapKv.open(context("one"))) {
            store.put(TestData.key(1), TestData.value(1, 1, 100));
        }
        try (ZapKv store = ZapKv.open(context("two"))) {
            store.put(TestData.key(2), TestData.value(2, 1, 100));
            store.put(TestData.key(3), TestData.value(3, 1, 100));
        }
        destroyMetadata("one");
        Files.copy(dataZone("two"), zone("one", 7), StandardCopyOption.REPLACE_EXISTING);
        Files.delete(directory.resolve("one/ZONES"));
        final FormatException e = assertThrows(FormatException.class, () -> {
            try (Salvage salvage = salvage("one")) {
                salvage.survey();
            }
        });
        assertTrue(e.getMessage().contains("several stores"), e.getMessage());
        assertTrue(e.getMessage().contains("--store"), e.getMessage());
        final byte[] header = Arrays.copyOf(Files.readAllBytes(dataZone("two")), BlockFormat.HEADER_LENGTH);
        final MemorySegment memory = MemorySegment.ofArray(header);
        final String id =
                String.format("%016x%016x", BlockFormat.storeIdHigh(memory, 0), BlockFormat.storeIdLow(memory, 0));
        final SalvageReport[] report = new SalvageReport[1];
        final Map<ByteBuffer, byte[]> found = extract(salvage("one").store(id), report);
        assertEquals(2, found.size());
        assertArrayEquals(TestData.value(3, 1, 100), found.get(ByteBuffer.wrap(TestData.key(3))));
    }

    /// A part of a batch lies in a damaged place: what lies behind it in the batch does not count.
    @Test
    void shouldLeaveOutTheRestOfABatchThatIsCut() throws IOException {
        try (ZapKv store = ZapKv.open(context("store"))) {
            store.put(TestData.key(1), TestData.value(1, 1, 100));
            store.write(new WriteBatch()
                    .put(TestData.key(2), TestData.value(2, 1, 100))
                    .put(TestData.key(3), TestData.value(3, 1, 100))
                    .put(TestData.key(4), TestData.value(4, 1, 100)));
            store.put(TestData.key(5), TestData.value(5, 1, 100));
        }
        destroyMetadata("store");
        final byte[] bytes = Files.readAllBytes(dataZone("store"));
        final int record = RecordFormat.align(RecordFormat.length(5, 100));
        bytes[BlockFormat.HEADER_LENGTH + record + 60] ^= 1;
        Files.write(dataZone("store"), bytes);
        final SalvageReport[] report = new SalvageReport[1];
        final Map<ByteBuffer, byte[]> found = extract(salvage("store"), report);
        assertEquals(2, found.size());
        assertArrayEquals(TestData.value(1, 1, 100), found.get(ByteBuffer.wrap(TestData.key(1))));
        assertArrayEquals(TestData.value(5, 1, 100), found.get(ByteBuffer.wrap(TestData.key(5))));
        assertEquals(1, report[0].cutBatches());
        assertEquals(1, report[0].damagedBlocks());
        assertEquals(1, report[0].damagedPlaces());
    }

    @Test
    void shouldRefuseBlocksOfANewerFormat() throws IOException {
        try (ZapKv store = ZapKv.open(context("store"))) {
            store.put(TestData.key(1), TestData.value(1, 1, 100));
        }
        destroyMetadata("store");
        final byte[] bytes = Files.readAllBytes(dataZone("store"));
        bytes[BlockFormat.VERSION_OFFSET]++;
        final CRC32C crc = new CRC32C();
        crc.update(bytes, 0, BlockFormat.HEADER_CRC_OFFSET);
        ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN).putInt(BlockFormat.HEADER_CRC_OFFSET, (int)
                crc.getValue());
        Files.write(dataZone("store"), bytes);
        final FormatException e = assertThrows(FormatException.class, () -> {
            try (Salvage salvage = salvage("store")) {
                salvage.survey();
            }
        });
        assertTrue(e.getMessage().contains("version"), e.getMessage());
    }

    /// The newest metadata is gone and older metadata is left: opening would find too little.
    @Test
    void shouldTellOutdatedMetadataFromPresentMetadata() throws IOException {
        try (ZapKv store = ZapKv.open(context("store"))) {
            store.put(TestData.key(1), TestData.value(1, 1, 100));
        }
        final byte[] old = Files.readAllBytes(zone("store", 0));
        final Map<ByteBuffer, byte[]> model = new HashMap<>();
        try (ZapKv store = ZapKv.open(context("store"))) {
            for (int i = 0; i < 500; i++) {
                store.put(TestData.key(i), TestData.value(i, 2, 300));
                model.put(ByteBuffer.wrap(TestData.key(i)), TestData.value(i, 2, 300));
            }
        }
        try (Salvage salvage = salvage("store")) {
            assertThrows(FormatException.class, salvage::survey);
        }
        destroyMetadata("store");
        Files.write(zone("store", 0), old);
        final SalvageReport[] report = new SalvageReport[1];
        final Map<ByteBuffer, byte[]> found = extract(salvage("store"), report);
        assertEquals(model.keySet(), found.keySet());
        model.forEach((key, value) -> assertArrayEquals(value, found.get(key)));
        assertTrue(!report[0].presentMetadata());
    }

    @Test
    void shouldRefuseATargetWithKeys() throws IOException {
        try (ZapKv store = ZapKv.open(context("store"))) {
            store.put(TestData.key(1), TestData.value(1, 1, 100));
        }
        destroyMetadata("store");
        try (ZapKv target = ZapKv.open(context("target"));
                Salvage salvage = salvage("store")) {
            target.put(TestData.key(9), new byte[1]);
            assertThrows(ConfigurationException.class, () -> salvage.into(target));
        }
    }

    @Test
    void shouldRefuseSettingsThatAreWrong() throws IOException {
        try (ZapKv store = ZapKv.open(context("store"))) {
            store.put(TestData.key(1), TestData.value(1, 1, 100));
        }
        destroyMetadata("store");
        final ConfigurationException e = assertThrows(
                ConfigurationException.class, () -> Salvage.of(context("store").memoryBytes(1000)));
        assertTrue(e.getMessage().contains("memoryBytes"), e.getMessage());
    }
}
