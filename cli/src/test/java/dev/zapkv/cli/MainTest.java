/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Command lines that never reach a store.
final class MainTest {
    @TempDir
    private Path directory;

    private final Cli cli = new Cli();

    @ParameterizedTest
    @ValueSource(strings = {"put", "get", "delete", "count", "load", "dump", "stats", "zones", "gc", "verify"})
    void shouldExplainEachCommandWithExamplesAndExitCodes(final String command) {
        final Cli.Result result = cli.run(command, "--help");
        assertEquals(ExitCode.OK, result.exitCode());
        assertTrue(result.out().startsWith("Usage: zapkv " + command + " "), result.out());
        assertTrue(result.out().contains(" STORE"), result.out());
        assertTrue(result.out().contains("--json"), result.out());
        assertTrue(result.out().contains("Exit codes:"), result.out());
        assertTrue(result.out().contains("Examples:\n  zapkv " + command + " /data/store"), result.out());
        assertEquals("", result.err());
    }

    @Test
    void shouldListCommandsAndMentionTheBenchmark() {
        final Cli.Result result = cli.run("--help");
        assertEquals(ExitCode.OK, result.exitCode());
        assertTrue(result.out().contains("zapkv bench ycsb"), result.out());
        assertTrue(result.out().contains("  zones "), result.out());
    }

    @Test
    void shouldTellItsVersion() {
        assertTrue(cli.run("--version").out().matches("zapkv [0-9]+\\.[0-9]+\\.[0-9]+(-SNAPSHOT)?\n"));
        assertEquals(cli.run("--version"), cli.run("gc", "--version"));
    }

    @Test
    void shouldRefuseACommandLineWithoutACommand() {
        assertUsage("A command is missing", cli.run());
        assertUsage("foo", cli.run("foo"));
    }

    @Test
    void shouldRefuseMissingAndUnknownArguments() {
        assertUsage("'KEY'", cli.run("get", directory));
        assertUsage("'VALUE'", cli.run("put", directory, "k"));
        assertUsage("'FILE'", cli.run("load", directory));
        assertUsage("--frobnicate", cli.run("stats", directory, "--frobnicate"));
        assertUsage("extra", cli.run("count", directory, "extra"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-0.1", "1.01", "NaN", "Infinity", "lots"})
    void shouldRefuseAGarbageShareOutOfRange(final String share) {
        assertUsage("--min-garbage", cli.run("gc", directory, "--min-garbage", share));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "-4096", "0", "1.5g", "99999999999999999999", "8388608t", "lots"})
    void shouldRefuseSizesOutOfRangeAndMakeNoStore(final String size) {
        final Path store = directory.resolve("store");
        assertUsage("--capacity", cli.run("put", store, "k", "v", "--capacity", size));
        assertUsage("--zone-size", cli.run("load", store, "-", "--zone-size", size));
        assertUsage("--memory", cli.run("load", store, "-", "--memory", size));
        assertFalse(Files.exists(store));
    }

    @Test
    void shouldRefuseSizesThatAreNotBlocksAndMakeNoStore() {
        final Path store = directory.resolve("store");
        assertUsage("not a multiple", cli.run("put", store, "k", "v", "--capacity", "4097"));
        assertUsage("not a power of two", cli.run("put", store, "k", "v", "--zone-size", "3m"));
        assertUsage("not a power of two", cli.run("put", store, "k", "v", "--zone-size", "512k"));
        assertUsage("not a power of two", cli.run("put", store, "k", "v", "--zone-size", "2g"));
        assertUsage("less than 32m", cli.run("put", store, "k", "v", "--memory", "31m"));
        assertUsage("larger than", cli.run("put", store, "k", "v", "--zone-size", "64m", "--capacity", "32m"));
        assertFalse(Files.exists(store));
    }

    @Test
    void shouldRefuseWhatIsNoKey() {
        assertUsage("not hexadecimal", cli.run("put", directory, "--hex", "abc", "00"));
        assertUsage("not Base64", cli.run("get", directory, "--base64", "a*"));
        assertUsage("mutually exclusive", cli.run("get", directory, "--base64", "--hex", "00"));
        assertUsage("not text", cli.run("get", directory, "a\uD800"));
        assertUsage("exclude each other", cli.run("get", directory, "--raw", "--json", "k"));
    }

    @Test
    void shouldRefuseAnUnknownDurabilityAndFormat() {
        assertUsage("--durability", cli.run("put", directory, "k", "v", "--durability", "forever"));
        assertUsage("json-lines and debian-control", cli.run("load", directory, "-", "--format", "csv"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"get k", "delete k", "count", "dump", "stats", "zones", "gc", "verify"})
    void shouldRefuseADirectoryThatIsMissingOrIsNoDirectory(final String commandAndKey) throws Exception {
        final String[] words = commandAndKey.split(" ", -1);
        final Object missing = directory.resolve("missing");
        final Object file = Files.createFile(directory.resolve("file"));
        assertFailed("does not exist. zapkv put and zapkv load create a store", run(words, missing));
        assertFailed("is not a directory", run(words, file));
        assertFalse(Files.exists(directory.resolve("missing")));
    }

    private Cli.Result run(final String[] words, final Object store) {
        return words.length == 1 ? cli.run(words[0], store) : cli.run(words[0], store, words[1]);
    }

    @Test
    void shouldRefuseAMissingFileBeforeMakingAStore() {
        final Path store = directory.resolve("store");
        assertFailed("no such file", cli.run("load", store, directory.resolve("missing.jsonl")));
        assertFailed("is a directory", cli.run("load", store, directory));
        assertUsage("once only", cli.run("load", store, "-", "-"));
        assertFalse(Files.exists(store));
    }

    @Test
    void shouldShowAStackTraceOnlyIfAsked() {
        final Path missing = directory.resolve("missing");
        assertEquals(1, cli.run("count", missing).err().lines().count());
        assertTrue(cli.run("count", missing, "--verbose").err().contains("\tat dev.zapkv.cli."));
    }

    static void assertUsage(final String part, final Cli.Result result) {
        assertEquals(ExitCode.USAGE, result.exitCode(), result.err());
        assertTrue(result.err().contains(part), result.err());
        assertFalse(result.err().contains("\tat "), result.err());
        assertEquals("", result.out());
    }

    static void assertFailed(final String part, final Cli.Result result) {
        assertEquals(ExitCode.FAILED, result.exitCode(), result.err());
        assertTrue(result.err().contains(part), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
    }
}
