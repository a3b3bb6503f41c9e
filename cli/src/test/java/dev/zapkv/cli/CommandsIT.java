/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static dev.zapkv.cli.MainTest.assertFailed;
import static dev.zapkv.cli.MainTest.assertUsage;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.ZapKv;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every command against a real store.
@Tag("integration")
final class CommandsIT {
    @TempDir
    private Path directory;

    private final Cli cli = new Cli();
    private Path store;

    @BeforeEach
    void chooseStore() {
        store = directory.resolve("store");
    }

    private Cli.Result create() {
        return cli.run(
                "put", store, "greeting", "good morning", "--capacity", "64m", "--zone-size", "4m", "--memory", "64m");
    }

    @Test
    void shouldPutGetAndDelete() {
        assertEquals(new Cli.Result(0, "", ""), create());
        assertEquals(new Cli.Result(0, "", ""), cli.run("put", store, "ключ", "значение", "--durability", "process"));
        assertEquals(new Cli.Result(0, "good morning\n", ""), cli.run("get", store, "greeting"));
        assertEquals(new Cli.Result(0, "значение\ngood morning\n", ""), cli.run("get", store, "ключ", "greeting"));
        assertEquals(new Cli.Result(0, "good morning", ""), cli.run("get", store, "--raw", "greeting"));
        assertEquals(new Cli.Result(0, "2\n", ""), cli.run("count", store));
        assertEquals(new Cli.Result(0, "", ""), cli.run("delete", store, "greeting", "--durability", "device"));
        assertEquals(new Cli.Result(1, "", "zapkv: greeting: no such key\n"), cli.run("delete", store, "greeting"));
        assertEquals(
                new Cli.Result(1, "значение\n", "zapkv: greeting: no such key\n"),
                cli.run("get", store, "greeting", "ключ"));
        assertEquals(new Cli.Result(0, "1\n", ""), cli.run("count", store));
    }

    @Test
    void shouldTakeAndPrintBytes() {
        assertEquals(0, cli.run("put", store, "--hex", "00ff", "c080").exitCode());
        assertEquals(0, cli.run("put", store, "--base64", "/w==", "").exitCode());
        assertEquals("c080\n", cli.run("get", store, "--hex", "00ff").out());
        assertEquals("wIA=\n", cli.run("get", store, "--base64", "AP8=").out());
        assertEquals("\n", cli.run("get", store, "--hex", "ff").out());
        assertEquals(
                "{\"key64\":\"AP8=\",\"value64\":\"wIA=\"}\n{\"key\":\"x\",\"value\":null}\n",
                cli.run("get", store, "--json", "--hex", "00ff", "78").out());
    }

    @Test
    void shouldTakeKeysThatLookLikeOptionsAndFiles() {
        assertEquals(0, cli.run("put", store, "--", "--json", "-1").exitCode());
        assertEquals(0, cli.run("put", store, "@file", "at").exitCode());
        assertEquals("-1\n", cli.run("get", store, "--", "--json").out());
        assertEquals("at\n", cli.run("get", store, "@file").out());
    }

    @Test
    void shouldReportAsJson() throws Exception {
        final Map<String, Object> put = json(cli.run("put", store, "k", "value", "--json", "--zone-size", "4m"));
        assertEquals(Map.of("key", "k", "value_bytes", 5L, "durability", "flushed"), put);
        assertEquals(Map.of("count", 1L), json(cli.run("count", store, "--json")));
        assertEquals(Map.of("key", "k", "value", "value"), json(cli.run("get", store, "k", "--json")));
        final Map<String, Object> stats = json(cli.run("stats", store, "--json"));
        assertEquals(1L, stats.get("keys"));
        final Map<String, Object> zones = json(cli.run("zones", store, "--json"));
        assertEquals(zones.get("zone_count"), (long) ((List<?>) zones.get("zones")).size());
        assertEquals(0L, json(cli.run("gc", store, "--json")).get("zones_collected"));
        assertEquals(Map.of("key", "k", "deleted", true), json(cli.run("delete", store, "k", "--json")));
        final Cli.Result absent = cli.run("delete", store, "k", "--json");
        assertEquals(ExitCode.NOT_FOUND, absent.exitCode());
        assertEquals(Map.of("key", "k", "deleted", false), Json.object(absent.out()));
        assertEquals(
                2L,
                json(cli.input("{\"key\":\"a\",\"value\":\"1\"}\n{\"key\":\"a\",\"value\":\"2\"}")
                                .run("load", store, "-", "--json"))
                        .get("entries"));
        final Path dump = directory.resolve("dump");
        assertEquals(1L, json(cli.run("dump", store, dump, "--json")).get("entries"));
        assertEquals("{\"key\":\"a\",\"value\":\"2\"}\n", Files.readString(dump));
        final Cli.Result toOutput = cli.run("dump", store, "--json");
        assertEquals("{\"key\":\"a\",\"value\":\"2\"}\n", toOutput.out());
        assertEquals(1L, Json.object(toOutput.err()).get("entries"));
    }

    private static Map<String, Object> json(final Cli.Result result) throws Exception {
        assertEquals(ExitCode.OK, result.exitCode(), result.err());
        assertEquals("", result.err());
        return Json.object(result.out());
    }

    @Test
    void shouldDrawZonesAndPrintStats() {
        create();
        final String zones = cli.run("zones", store).out();
        assertTrue(zones.startsWith(store + ": "), zones);
        assertTrue(zones.contains("▸ open"), zones);
        assertTrue(zones.contains("host"), zones);
        assertTrue(zones.contains("generation"), zones);
        assertFalse(zones.contains("\u001b"), zones);
        assertTrue(cli.outIsTerminal(true).run("zones", store).out().contains("\u001b[35m"));
        assertFalse(cli.run("zones", store, "--no-color").out().contains("\u001b"));
        assertTrue(
                cli.charset(StandardCharsets.US_ASCII).run("zones", store).out().contains("> open"));
        final String stats = cli.run("stats", store).out();
        assertTrue(stats.contains("keys                 1\n"), stats);
        assertTrue(stats.contains("capacity             64.0 MiB\n"), stats);
    }

    @Test
    void shouldRefuseADirectoryThatHoldsNoStore() throws Exception {
        final Path foreign = Files.createDirectory(directory.resolve("foreign"));
        Files.writeString(foreign.resolve("letter.txt"), "dear");
        assertFailed(foreign.toString(), cli.run("count", foreign));
        assertFailed("zapkv put and zapkv load create a store", cli.run("get", foreign, "k"));
        assertFailed(foreign.toString(), cli.run("put", foreign, "k", "v"));
        assertEquals("dear", Files.readString(foreign.resolve("letter.txt")));
        final Path empty = Files.createDirectory(directory.resolve("empty"));
        assertFailed(empty.toString(), cli.run("stats", empty));
        assertEquals(0, cli.run("put", empty, "k", "v").exitCode());
    }

    @Test
    void shouldSayWhoHoldsALockedStore() {
        create();
        try (ZapKv open = ZapKv.open(store)) {
            assertEquals(1, open.count());
            for (final String command : List.of("count", "stats", "zones", "gc", "dump")) {
                assertFailed(Long.toString(ProcessHandle.current().pid()), cli.run(command, store));
            }
            assertFailed("", cli.run("put", store, "k", "v"));
            assertFailed("", cli.input("").run("load", store, "-"));
        }
        assertEquals("1\n", cli.run("count", store).out());
    }

    @Test
    void shouldRefuseKeysAndValuesThatTheStoreRefuses() {
        create();
        assertUsage("key", cli.run("put", store, "", "v"));
        assertUsage("key", cli.run("put", store, "k".repeat(65_537), "v"));
        assertUsage("key", cli.run("get", store, ""));
        assertFailed(
                "standard input, line 2: ",
                cli.input("{\"key\":\"a\",\"value\":\"1\"}\n{\"key\":\"\",\"value\":\"2\"}\n")
                        .run("load", store, "-"));
        assertEquals("2\n", cli.run("count", store).out());
    }

    @Test
    void shouldRefuseAValueThatNoZoneHolds() throws Exception {
        create();
        final Path file = directory.resolve("big.jsonl");
        Files.writeString(
                file, "{\"key\":\"a\",\"value\":\"1\"}\n{\"key\":\"b\",\"value\":\"" + "x".repeat(5 << 20) + "\"}\n");
        assertFailed(file + ", line 2: ", cli.run("load", store, file));
        assertEquals("1\n", cli.run("get", store, "a").out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"process", "device", "flushed"})
    void shouldKeepWhatWasBeforeABadLine(final String durability) throws Exception {
        final Path file = directory.resolve("bad.jsonl");
        Files.writeString(
                file,
                "{\"key\":\"a\",\"value\":\"1\"}\n\n{\"key\":\"b\",\"value\":\"2\"}\n{\"key\":\"c\"}\n{\"key\":\"d\",\"value\":\"4\"}\n");
        final Cli.Result result = cli.run("load", store, file, "--durability", durability);
        assertFailed(file + ", line 4: value (or value64) is missing (2 entries before it are in the store", result);
        assertEquals(!durability.equals("process"), result.err().contains("and flushed)"), result.err());
        assertEquals("1\n2\n", cli.run("get", store, "a", "b").out());
        assertEquals("2\n", cli.run("count", store).out());
    }

    @Test
    void shouldShowProgressWhileLoading() {
        final Cli.Result result =
                cli.input("{\"key\":\"a\",\"value\":\"1\"}").errIsTerminal(true).run("load", store, "-");
        assertEquals(0, result.exitCode());
        // the test's clock stands still: what takes no time shows no progress
        assertEquals("", result.err());
        assertEquals("1 entry loaded (2 B) in 0.00 s: 1 new, 0 replaced; 1 key in the store\n", result.out());
    }

    @Test
    void shouldNotReplaceAFileUnasked() throws Exception {
        create();
        final Path file = Files.writeString(directory.resolve("dump"), "precious");
        assertFailed("--force", cli.run("dump", store, file));
        assertEquals("precious", Files.readString(file));
        assertEquals(0, cli.run("dump", store, file, "--force").exitCode());
        assertEquals("{\"key\":\"greeting\",\"value\":\"good morning\"}\n", Files.readString(file));
    }

    @Test
    void shouldReportAFullOutput() {
        create();
        assertFailed("input or output failed", cli.run("dump", store, "/dev/full"));
    }

    @Test
    void shouldSortByUnsignedKeyBytes() {
        final ByteArrayOutputStream lines = new ByteArrayOutputStream();
        for (final String key : List.of("b", "a", "ä", "aa", "~", "B")) {
            lines.writeBytes(("{\"key\":\"" + key + "\",\"value\":\"\"}\n").getBytes(StandardCharsets.UTF_8));
        }
        lines.writeBytes("{\"key64\":\"/w==\",\"value\":\"\"}\n".getBytes(StandardCharsets.UTF_8));
        cli.input(lines.toByteArray()).run("load", store, "-");
        final List<String> keys = cli.run("dump", store, "--sorted")
                .out()
                .lines()
                .map(line -> line.substring(line.indexOf(':') + 2, line.indexOf(',') - 1))
                .toList();
        assertEquals(List.of("B", "a", "aa", "b", "~", "ä", "/w=="), keys);
    }
}
