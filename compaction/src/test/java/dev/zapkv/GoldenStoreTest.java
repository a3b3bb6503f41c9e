/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.log.BootId;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Stores that earlier versions wrote hold what they held then. See docs/formats.md for how to add some.
class GoldenStoreTest {
    private static final Path ARCHIVES = Path.of("src", "test", "resources", "golden-stores");
    private static final long LARGEST_ARCHIVE = 100_000;
    private static final String STAGING = ".staging";
    // docs/formats.md
    private static final int VERSION_OFFSET = 4;
    private static final int BOOT_ID_OFFSET = 56;

    @AfterEach
    void delete() {
        TestDirectories.delete(GoldenStores.PLACE);
    }

    static List<String> archives() throws IOException {
        try (Stream<Path> files = Files.walk(ARCHIVES)) {
            return files.filter(file -> file.toString().endsWith(".zip"))
                    .map(file -> ARCHIVES.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    /// Lays a store where it lay when it was made.
    ///
    /// @return the list of what it holds
    private static List<String> unpack(final String archive) throws IOException {
        TestDirectories.delete(GoldenStores.PLACE);
        List<String> content = List.of();
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(ARCHIVES.resolve(archive)))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                final byte[] bytes = zip.readAllBytes();
                if (entry.getName().equals(GoldenStores.CONTENT)) {
                    content = new String(bytes, StandardCharsets.UTF_8).lines().toList();
                } else {
                    final Path file = GoldenStores.PLACE.resolve(entry.getName());
                    Files.createDirectories(file.getParent());
                    Files.write(file, entry.getName().endsWith(STAGING) ? ofThisRun(bytes) : bytes);
                }
            }
        }
        assertFalse(content.isEmpty(), archive + " lists no content");
        return content;
    }

    /// Staging counts during the run of the machine that it was made in: it is made to be of this one.
    private static byte[] ofThisRun(final byte[] staging) {
        final MemorySegment memory = MemorySegment.ofArray(staging);
        memory.set(LittleEndian.LONG, BOOT_ID_OFFSET, BootId.CURRENT.high());
        memory.set(LittleEndian.LONG, BOOT_ID_OFFSET + Long.BYTES, BootId.CURRENT.low());
        return staging;
    }

    private static void assertHolds(final List<String> content, final ZapKv store, final String context) {
        final TreeSet<String> found = new TreeSet<>();
        store.forEach((key, value) -> found.add(GoldenStores.line(new String(key, StandardCharsets.UTF_8), value)));
        assertEquals(new ArrayList<>(new TreeSet<>(content)), new ArrayList<>(found), context);
        assertEquals(content.size(), store.count(), context);
    }

    @ParameterizedTest
    @MethodSource("archives")
    void shouldHoldWhatItHeldWhenItWasMade(final String archive) throws IOException {
        final List<String> content = unpack(archive);
        try (ZapKv store = ZapKv.open(GoldenStores.context())) {
            assertHolds(content, store, archive);
            // And it can be written to.
            store.put(TestData.key(1), TestData.value(1, 1, 100));
            assertTrue(store.delete(TestData.key(1)));
            store.collect(0.1);
            assertHolds(content, store, archive + ", collected");
        }
        try (ZapKv store = ZapKv.open(GoldenStores.context())) {
            assertHolds(content, store, archive + ", opened again");
        }
    }

    @Test
    void shouldBeOpenedFromTheCheckpointThatIsThere() throws IOException {
        unpack("v1/checkpoint.zip");
        try (ZapKv store = ZapKv.open(GoldenStores.context())) {
            final RecoveryReport opening = store.stats().opening();
            assertTrue(opening.closedCleanly());
            assertTrue(opening.checkpoint() > 0, opening.toString());
            assertEquals(0, opening.records(), "nothing was written behind it");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1/killed.zip", "v2/killed.zip"})
    void shouldTakeOverTheStagingThatIsThere(final String archive) throws IOException {
        unpack(archive);
        try (ZapKv store = ZapKv.open(GoldenStores.context())) {
            final RecoveryReport opening = store.stats().opening();
            assertFalse(opening.closedCleanly());
            assertTrue(opening.checkpoint() > 0, opening.toString());
            assertTrue(opening.records() > 0, "behind the checkpoint");
            assertTrue(opening.stagedRecords() > 5, opening.toString());
        }
    }

    /// Without its staging, which is of another run: what was flushed is there.
    @Test
    void shouldHoldWhatWasFlushedWhenStagingIsOfAnotherRun() throws IOException {
        unpack("v1/killed.zip");
        raise(staging(), BOOT_ID_OFFSET);
        assertHoldsWhatWasFlushed();
    }

    @Test
    void shouldSayWhatToDoWithStagingOfAnotherVersion() throws IOException {
        unpack("v2/killed.zip");
        final Path staging = staging();
        raise(staging, VERSION_OFFSET);
        for (final boolean readOnly : new boolean[] {false, true}) {
            final FormatException e = assertThrows(
                    FormatException.class,
                    () -> ZapKv.open(GoldenStores.context().readOnly(readOnly)));
            assertTrue(e.getMessage().contains(staging.getFileName().toString()), e.getMessage());
            assertTrue(e.getMessage().contains("with the version that wrote it"), e.getMessage());
            assertTrue(e.getMessage().contains("move the file away"), e.getMessage());
        }
        Files.delete(staging);
        assertHoldsWhatWasFlushed();
    }

    private static Path staging() throws IOException {
        try (var files = Files.newDirectoryStream(GoldenStores.PLACE, "*" + STAGING)) {
            return files.iterator().next();
        }
    }

    private static void raise(final Path file, final int offset) throws IOException {
        final byte[] bytes = Files.readAllBytes(file);
        bytes[offset]++;
        Files.write(file, bytes);
    }

    private static void assertHoldsWhatWasFlushed() {
        try (ZapKv store = ZapKv.open(GoldenStores.context())) {
            assertTrue(store.contains("last flushed".getBytes(StandardCharsets.UTF_8)));
            assertFalse(store.contains("staged".getBytes(StandardCharsets.UTF_8)));
            assertTrue(
                    store.stats().recovery().contains("staging"), store.stats().recovery());
        }
    }

    @ParameterizedTest
    @MethodSource("archives")
    void shouldBeSalvagedAsWell(final String archive) throws IOException {
        final List<String> content = unpack(archive);
        final TreeSet<String> found = new TreeSet<>();
        try (Salvage salvage = Salvage.of(GoldenStores.context()).force(true)) {
            salvage.extract(
                    (key, value) -> found.add(GoldenStores.line(new String(key, StandardCharsets.UTF_8), value)));
        }
        assertEquals(new ArrayList<>(new TreeSet<>(content)), new ArrayList<>(found), archive);
    }

    @Test
    void shouldBeFewAndSmall() throws IOException {
        assertTrue(archives().size() >= 5, "archives are missing");
        for (final String archive : archives()) {
            assertTrue(Files.size(ARCHIVES.resolve(archive)) <= LARGEST_ARCHIVE, archive + " is too large");
        }
    }

    /// As a later version would write them: of the metadata, and of the data alone.
    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void shouldRefuseBlocksOfANewerVersion(final int firstZone) throws IOException {
        unpack("v1/closed.zip");
        final Path zones = GoldenStores.PLACE.resolve(GoldenStores.STORE).resolve("zones");
        int changed = 0;
        for (int zone = firstZone; zone < 16; zone++) {
            final Path file = zones.resolve(String.format("zone-%08d", zone));
            changed += Files.exists(file) ? raiseVersions(file) : 0;
        }
        assertTrue(changed > 0, "no block was found");
        final FormatException e = assertThrows(FormatException.class, () -> ZapKv.open(GoldenStores.context()));
        assertTrue(e.getMessage().contains("version"), e.getMessage());
        assertTrue(e.getMessage().contains("with th"), e.getMessage());
    }

    private static int raiseVersions(final Path file) throws IOException {
        final byte[] bytes = Files.readAllBytes(file);
        final MemorySegment memory = MemorySegment.ofArray(bytes);
        int changed = 0;
        for (int at = 0; at < bytes.length; at += 4096) {
            if (BlockFormat.hasMagic(memory, at)) {
                memory.set(LittleEndian.SHORT, at + BlockFormat.VERSION_OFFSET, (short) (BlockFormat.VERSION + 1));
                final CRC32C crc = new CRC32C();
                crc.update(bytes, at, BlockFormat.HEADER_CRC_OFFSET);
                memory.set(LittleEndian.INT, at + BlockFormat.HEADER_CRC_OFFSET, (int) crc.getValue());
                changed++;
            }
        }
        Files.write(file, bytes);
        return changed;
    }

    /// Not a test: makes a set of archives, or what one lacks.
    @Test
    @EnabledIfSystemProperty(named = "zapkv.golden.write", matches = "\\w+")
    void shouldWriteASet() throws IOException {
        final Path target = ARCHIVES.resolve(System.getProperty("zapkv.golden.write"));
        assertTrue(GoldenStores.write(target) > 0, target + " has all of them, and golden stores are never changed");
    }
}
