/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The story of the README: a package index is loaded, looked at, overwritten, collected, dumped and copied; nothing
/// gets lost.
@Tag("integration")
final class PackageIndexIT {
    private static final int PACKAGES = 4_000;
    private static final Path DPKG_STATUS = Path.of("/var/lib/dpkg/status");

    @TempDir
    private Path directory;

    private final Cli cli = new Cli();

    @ParameterizedTest
    @ValueSource(longs = {1, 20_260_101})
    void shouldTellTheStoryOnGeneratedPackages(final long seed) throws Exception {
        final Map<String, String> model = new TreeMap<>();
        final Path store = directory.resolve("store");
        for (int round = 0; round < 4; round++) {
            final Path file = directory.resolve("Packages-" + round + ".gz");
            writeGzip(file, generate(new Random(seed + round), model));
            final Cli.Result load = cli.run("load", store, file, "--capacity", "64m", "--zone-size", "2m");
            assertEquals(0, load.exitCode(), "seed=" + seed + " " + load.err());
            assertTrue(load.out().startsWith("4,010 entries loaded"), "seed=" + seed + " " + load.out());
            assertTrue(
                    load.out().contains("10 paragraphs had a package named before"), "seed=" + seed + " " + load.out());
        }
        final Cli.Result get = cli.run("get", store, "package-17");
        assertEquals(model.get("package-17") + "\n", latin(get.out().getBytes(StandardCharsets.UTF_8)), "seed=" + seed);
        lookAt(store, model);
        final long garbageBefore =
                (long) Json.object(cli.run("stats", store, "--json").out()).get("garbage_bytes");
        final Map<String, Object> gc =
                Json.object(cli.run("gc", store, "--json").out());
        assertTrue((long) gc.get("zones_collected") > 0, "seed=" + seed + " " + gc);
        assertTrue(
                (long) gc.get("garbage_bytes") < garbageBefore, "seed=" + seed + " " + gc + " before=" + garbageBefore);
        lookAt(store, model);
        copyAndCompare(store, model);
    }

    @Test
    void shouldTellTheStoryOnThePackagesOfThisMachine() throws Exception {
        Assumptions.assumeTrue(
                Files.isReadable(DPKG_STATUS), DPKG_STATUS + " is missing: run on Debian to load a real package index");
        final Map<String, String> model = new TreeMap<>();
        final byte[] status = Files.readAllBytes(DPKG_STATUS);
        for (final String paragraph : new String(status, StandardCharsets.ISO_8859_1).split("\n\n", -1)) {
            final String text = paragraph.strip();
            if (!text.isEmpty()) {
                final String name = text.lines()
                        .filter(line -> line.startsWith("Package:"))
                        .findFirst()
                        .orElseThrow();
                model.put(name.substring("Package:".length()).strip(), text);
            }
        }
        final Path store = directory.resolve("store");
        for (int round = 0; round < 2; round++) {
            final Cli.Result load = cli.run("load", store, DPKG_STATUS, "--zone-size", "1m");
            assertEquals(0, load.exitCode(), load.err());
        }
        assertEquals(0, cli.run("gc", store, "--min-garbage", "0").exitCode());
        copyAndCompare(store, model);
    }

    private void lookAt(final Path store, final Map<String, String> model) throws IOException {
        assertEquals(model.size() + "\n", cli.run("count", store).out());
        final Map<String, Object> stats =
                Json.object(cli.run("stats", store, "--json").out());
        assertEquals((long) model.size(), stats.get("keys"));
        final Map<String, Object> zones =
                Json.object(cli.run("zones", store, "--json").out());
        assertTrue((long) zones.get("live_bytes") > 0, zones.toString());
        assertTrue((long) zones.get("live_bytes") <= (long) zones.get("written_bytes"), zones.toString());
        assertEquals(0, cli.run("zones", store).exitCode());
        assertEquals(0, cli.run("stats", store).exitCode());
    }

    /// The dump holds what the model holds, and so does the dump of a store made from the dump.
    private void copyAndCompare(final Path store, final Map<String, String> model) throws Exception {
        final Path dump = directory.resolve("dump.jsonl");
        assertEquals(0, cli.run("dump", store, dump).exitCode());
        final Map<String, String> dumped = new TreeMap<>();
        final JsonLinesReader reader = new JsonLinesReader(new ByteArrayInputStream(Files.readAllBytes(dump)));
        for (Entry entry = reader.next(); entry != null; entry = reader.next()) {
            dumped.put(latin(entry.key()), latin(entry.value()));
        }
        assertEquals(model, dumped);

        final Path copy = directory.resolve("copy");
        final Cli.Result load = cli.run("load", copy, dump, "--json");
        assertEquals((long) model.size(), Json.object(load.out()).get("new_keys"), load.err());
        assertEquals(
                cli.run("dump", store, "--sorted").out(),
                cli.run("dump", copy, "--sorted").out());
    }

    /// Paragraphs as they are in the wild; ten packages come twice, the second time for another architecture. Updates
    /// the model.
    private static byte[] generate(final Random random, final Map<String, String> model) {
        final ByteArrayOutputStream file = new ByteArrayOutputStream();
        for (int i = 0; i < PACKAGES + 10; i++) {
            final String name = "package-" + (i < PACKAGES ? i : random.nextInt(10) * 100 + i % 10);
            final byte[] noise = new byte[1 + random.nextInt(600)];
            random.nextBytes(noise);
            final String text = "Package: " + name + "\nArchitecture: " + (i < PACKAGES ? "amd64" : "i386")
                    + "\nVersion: " + random.nextInt(100) + "\nDescription: größe\n "
                    + HexFormat.of().formatHex(noise) + "\n .\n\tend";
            file.writeBytes((text + "\n\n").getBytes(StandardCharsets.UTF_8));
            model.put(name, latin(text.getBytes(StandardCharsets.UTF_8)));
        }
        return file.toByteArray();
    }

    private static void writeGzip(final Path file, final byte[] content) throws IOException {
        try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write(content);
        }
    }

    /// A character for each byte, so that maps of strings compare bytes.
    private static String latin(final byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
