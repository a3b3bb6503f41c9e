/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static dev.zapkv.cli.MainTest.assertFailed;
import static dev.zapkv.cli.MainTest.assertUsage;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.Context;
import dev.zapkv.WriteBatch;
import dev.zapkv.ZapKv;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `zapkv salvage` on directories.
@Tag("integration")
final class SalvageCommandIT {
    private static final int ZONE_BYTES = 1 << 20;
    private static final int KEYS = 300;

    @TempDir
    private Path directory;

    private final Cli cli = new Cli();
    private Path store;
    private Path target;

    @BeforeEach
    void fill() {
        store = directory.resolve("store");
        target = directory.resolve("target");
        try (ZapKv open = ZapKv.open(context())) {
            for (int i = 0; i < KEYS; i++) {
                open.put(bytes("key" + i), new byte[500]);
            }
            open.put(bytes("large"), new byte[300_000]);
            open.write(new WriteBatch().put(bytes("a"), bytes("1")).put(bytes("b"), bytes("2")));
            open.delete(bytes("key7"));
            open.put(bytes("key8"), bytes("new"));
        }
    }

    private Context context() {
        return new Context()
                .directory(store)
                .zoneSizeBytes(ZONE_BYTES)
                .capacityBytes(32 << 20)
                .memoryBytes(32 << 20);
    }

    private static byte[] bytes(final String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private Path zone(final int zone) {
        return store.resolve("zones").resolve(String.format("zone-%08d", zone));
    }

    /// The file that begins with a block.
    private Path dataZone() throws IOException {
        for (int zone = 2; zone < 32; zone++) {
            if (Files.exists(zone(zone))
                    && new String(Files.readAllBytes(zone(zone)), 0, 4, StandardCharsets.ISO_8859_1).equals("ZAPB")) {
                return zone(zone);
            }
        }
        throw new AssertionError("no zone begins with a block");
    }

    private static void overwrite(final Path file, final long offset, final int length) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            final byte[] bytes = new byte[length];
            Arrays.fill(bytes, (byte) 0xFF);
            channel.write(ByteBuffer.wrap(bytes), offset);
        }
    }

    private void destroyMetadata() throws IOException {
        overwrite(zone(0), 0, ZONE_BYTES);
        if (Files.exists(zone(1))) {
            overwrite(zone(1), 0, ZONE_BYTES);
        }
    }

    /// Every file below the store with its hash.
    private Map<String, String> content() throws IOException, NoSuchAlgorithmException {
        final Map<String, String> hashes = new TreeMap<>();
        try (Stream<Path> files = Files.walk(store)) {
            for (final Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                final byte[] hash = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
                hashes.put(
                        file.toString(),
                        Files.getLastModifiedTime(file) + HexFormat.of().formatHex(hash));
            }
        }
        return hashes;
    }

    private static Map<String, Object> json(final Cli.Result result) throws IOException {
        assertEquals(0, result.exitCode(), result.err());
        return Json.object(result.out());
    }

    private void assertTarget() {
        try (ZapKv open = ZapKv.open(new Context().directory(target).memoryBytes(32 << 20))) {
            assertEquals(KEYS + 2, open.count());
            assertArrayEquals(new byte[300_000], open.get(bytes("large")));
            assertArrayEquals(bytes("new"), open.get(bytes("key8")));
            assertFalse(open.contains(bytes("key7")));
            assertArrayEquals(bytes("2"), open.get(bytes("b")));
        }
    }

    @Test
    void shouldSalvageAStoreWithoutMetadataAndChangeNothingThere() throws Exception {
        destroyMetadata();
        assertEquals(3, cli.run("count", store).exitCode());
        final Map<String, String> before = content();
        final Cli.Result dry = cli.run("salvage", store, "--dry-run");
        assertEquals(0, dry.exitCode(), dry.err());
        assertTrue(dry.out().contains("302 keys"), dry.out());
        assertTrue(dry.out().contains("would be salvaged"), dry.out());
        assertTrue(dry.out().contains("not known: "), dry.out());
        final Cli.Result done = cli.run("salvage", store, target, "--memory", "64m", "--progress");
        assertEquals(0, done.exitCode(), done.err());
        assertTrue(done.out().contains("302 keys"), done.out());
        assertTrue(done.out().contains("salvaged into " + target), done.out());
        assertEquals(before, content());
        assertTarget();
    }

    @Test
    void shouldSalvageWhateverElseIsGone() throws Exception {
        destroyMetadata();
        Files.delete(store.resolve("DEVICE"));
        Files.delete(store.resolve("ZONES"));
        Files.delete(zone(0));
        final Cli.Result done = cli.run("salvage", store, target, "--json");
        assertEquals(0, done.exitCode(), done.err());
        final Map<String, Object> report = json(done);
        assertEquals(KEYS + 2L, report.get("keys"));
        assertEquals(1L, report.get("large_values"));
        assertEquals(1L, report.get("deleted_keys"));
        assertEquals((long) (128 << 10), report.get("block_bytes"));
        assertTrue(((List<?>) report.get("problems")).toString().contains("DEVICE"), report::toString);
        assertTrue(((List<?>) report.get("unknown")).toString().contains("may be back"), report::toString);
        assertTarget();
    }

    @Test
    void shouldReportADamagedBlockAndTakeTheRecordsThatHold() throws Exception {
        destroyMetadata();
        // In the middle of the records of the first block.
        overwrite(dataZone(), 20_000, 100);
        final Map<String, Object> report = json(cli.run("salvage", store, target, "--json"));
        assertEquals(1L, report.get("damaged_blocks"));
        assertTrue((long) report.get("keys") >= KEYS - 1, report::toString);
        try (ZapKv open = ZapKv.open(new Context().directory(target).memoryBytes(32 << 20))) {
            assertEquals(report.get("keys"), open.count());
        }
    }

    @Test
    void shouldRefuseAStoreThatCanBeOpenedUnlessForced() {
        assertFailed("--force", cli.run("salvage", store, target));
        assertFalse(Files.exists(target), "a target was made");
        final Cli.Result forced = cli.run("salvage", store, target, "--force");
        assertEquals(0, forced.exitCode(), forced.err());
        assertTarget();
    }

    @Test
    void shouldRefuseAStoreThatIsOpen() throws IOException {
        destroyMetadata();
        final Path other = directory.resolve("other");
        try (ZapKv open = ZapKv.open(new Context().directory(other).memoryBytes(32 << 20))) {
            assertEquals(0, open.count());
            assertFailed("open", cli.run("salvage", other, target));
        }
    }

    @Test
    void shouldRefuseTargetsThatWouldHarm() throws IOException {
        destroyMetadata();
        assertUsage("target", cli.run("salvage", store));
        assertUsage("another place", cli.run("salvage", store, store));
        assertUsage("another place", cli.run("salvage", store, store.resolve("inner")));
        final Path full = Files.createDirectory(directory.resolve("full"));
        Files.writeString(full.resolve("letter"), "Dear reader");
        assertFailed("not empty", cli.run("salvage", store, full));
        assertFailed("no zone files", cli.run("salvage", full, target));
        assertFailed("no block of store 00", cli.run("salvage", store, target, "--store", "00"));
        assertFailed("staging", cli.run("salvage", store, target, "--staging", full.resolve("letter")));
        assertFalse(Files.exists(target), "a target was made");
    }
}
