/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `zapkv verify`, and that commands which only read leave the store as it is.
@Tag("integration")
final class VerifyCommandIT {
    private static final int KEYS = 300;

    @TempDir
    private Path directory;

    private final Cli cli = new Cli();
    private Path store;

    @BeforeEach
    void fill() {
        store = directory.resolve("store");
        final StringBuilder lines = new StringBuilder();
        for (int key = 0; key < KEYS; key++) {
            lines.append("{\"key\":\"key ").append(key).append("\",\"value\":\"");
            lines.append("v".repeat(1000 + key)).append("\"}\n");
        }
        assertEquals(
                0,
                cli.input(lines.toString())
                        .run("load", store, "-", "--capacity", "64m", "--zone-size", "1m", "--memory", "64m")
                        .exitCode());
    }

    private SortedMap<String, Long> content() throws IOException {
        final SortedMap<String, Long> files = new TreeMap<>();
        try (var all = Files.walk(store)) {
            for (final Path file : all.filter(Files::isRegularFile).toList()) {
                final CRC32 crc = new CRC32();
                crc.update(Files.readAllBytes(file));
                files.put(
                        store.relativize(file) + " "
                                + Files.getLastModifiedTime(file).toMillis(),
                        crc.getValue());
            }
        }
        return files;
    }

    /// Damages the value of the first record in the host zone.
    ///
    /// @return the zone
    private long damage() throws IOException {
        final List<?> zones = (List<?>) json(cli.run("zones", store, "--json")).get("zones");
        final long zone = zones.stream()
                .map(report -> (Map<?, ?>) report)
                .filter(report -> "host".equals(report.get("stream")))
                .mapToLong(report -> (Long) report.get("zone"))
                .findFirst()
                .orElseThrow();
        final Path file = store.resolve(String.format("zones/zone-%08d", zone));
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(700);
            final int old = bytes.read();
            bytes.seek(700);
            bytes.write(old ^ 4);
        }
        return zone;
    }

    private static Map<String, Object> json(final Cli.Result result) throws IOException {
        return Json.object(result.out());
    }

    @Test
    void shouldLeaveTheStoreAsItIs() throws IOException {
        final SortedMap<String, Long> before = content();
        for (final String command : List.of("count", "dump", "stats", "zones", "verify")) {
            assertEquals(0, cli.run(command, store).exitCode(), command);
            assertEquals(before, content(), command);
        }
        assertEquals(0, cli.run("get", store, "key 1").exitCode());
        assertEquals(1, cli.run("get", store, "key").exitCode());
        assertEquals(before, content(), "get");
        assertTrue(cli.run("stats", store).out().contains("none: opened read-only"));
    }

    @Test
    void shouldSayWhatWasCheckedInAWholeStore() throws IOException {
        final Cli.Result result = cli.run("verify", store);
        assertEquals(0, result.exitCode(), result.out());
        assertEquals("", result.err());
        assertTrue(result.out().startsWith(store + "\n  zones "), result.out());
        assertTrue(result.out().contains("records        300, 0 of them deletes\n"), result.out());
        assertTrue(result.out().contains("index          300 entries, compared with the log\n"), result.out());
        assertTrue(result.out().endsWith("\nnothing is damaged\n"), result.out());
        final Map<String, Object> json = json(cli.run("verify", store, "--json", "--rate", "1g"));
        assertEquals(false, json.get("damaged"));
        assertEquals(300L, json.get("records"));
        assertEquals(300L, json.get("index_entries"));
        assertEquals(true, json.get("index_checked"));
        assertEquals(List.of(), json.get("findings"));
    }

    @Test
    void shouldNameWhatIsDamaged() throws IOException {
        final long zone = damage();
        final Cli.Result result = cli.run("verify", store, "--memory", "64m");
        assertEquals(ExitCode.DAMAGED, result.exitCode(), result.out());
        assertTrue(result.out().contains("\nDAMAGED block, zone " + zone + " offset 0, block 1: "), result.out());
        assertTrue(result.out().contains("restore these keys from a backup"), result.out());
        assertTrue(result.out().endsWith("\nDAMAGED: 1 finding\n"), result.out());
        final Cli.Result machine = cli.run("verify", store, "--memory", "64m", "--json");
        assertEquals(ExitCode.DAMAGED, machine.exitCode());
        final Map<String, Object> json = json(machine);
        assertEquals(true, json.get("damaged"));
        final Map<?, ?> finding = (Map<?, ?>) ((List<?>) json.get("findings")).getFirst();
        assertEquals("block", finding.get("kind"));
        assertEquals(zone, finding.get("zone"));
        assertEquals(0L, finding.get("offset"));
        assertEquals(1L, finding.get("block"));
        for (final Object name : (List<?>) finding.get("names64")) {
            final byte[] key = Base64.getDecoder().decode((String) name);
            assertTrue(new String(key, StandardCharsets.UTF_8).startsWith("key "), machine.out());
        }
    }

    @Test
    void shouldShowProgress() {
        cli.errIsTerminal(true);
        final Cli.Result result = cli.run("verify", store, "--no-progress");
        assertEquals("", result.err());
        assertEquals(ExitCode.USAGE, cli.run("verify", store, "--rate", "fast").exitCode());
    }
}
