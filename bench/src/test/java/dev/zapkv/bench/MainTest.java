/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({
        "--records, 0",
        "--records, -1",
        "--records, many",
        "--operations, 0",
        "--value-size, 0",
        "--value-size, 1.5",
        "--threads, 0",
        "--durability, sometimes",
        "--memory, 1k",
        "--memory, 999999g",
        "--repeat, 0",
        "--target, 0",
        "--seed, x",
        "--engines, leveldb",
        "--workloads, Z",
        "--records, 2000m",
        "--json, /dev/null/x.json",
        "--unknown, 1"
    })
    void shouldRefuseABadValueInOneLineThatNamesIt(final String option, final String value) {
        assertEquals(2, execute("ycsb", "--directory", directory.toString(), option, value));
        final String message = err.toString();
        assertEquals(1, message.lines().count(), message);
        assertTrue(message.startsWith("zapkv bench ycsb: "), message);
        assertTrue(message.contains(value) || message.contains(option), message);
    }

    @ParameterizedTest
    @CsvSource({
        "recovery, --records, 0",
        "recovery, --value-size, 2m",
        "recovery, --memory, 1k",
        "recovery, --repeat, 0",
        "recovery, --engines, leveldb",
        "recovery, --since-checkpoint, 0",
        "recovery, --records, 2000m",
        "recovery, --json, /dev/null/x.json",
        "checkpoint, --records, many",
        "checkpoint, --operations, 0",
        "checkpoint, --memory, 1k",
        "checkpoint, --value-size, 0",
        "checkpoint, --json, /dev/null/x.json"
    })
    void shouldRefuseABadValueOfOtherBenchmarks(final String benchmark, final String option, final String value) {
        assertEquals(2, execute(benchmark, "--directory", directory.toString(), option, value));
        final String message = err.toString();
        assertEquals(1, message.lines().count(), message);
        assertTrue(message.startsWith("zapkv bench " + benchmark + ": "), message);
        assertTrue(message.contains(value) || message.contains(option), message);
    }

    @Test
    void shouldLeaveNothingBehindWhenItRefuses() throws IOException {
        execute("ycsb", "--directory", directory.resolve("data").toString(), "--records", "2000m");
        try (var files = Files.list(directory)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void shouldRefuseADirectoryThatIsAFile() throws IOException {
        final Path file = Files.writeString(directory.resolve("file"), "");
        assertEquals(2, execute("ycsb", "--directory", file.toString()));
        assertTrue(err.toString().contains("not a directory"), err.toString());
    }

    @Test
    void shouldAskForABenchmark() {
        assertEquals(2, execute());
        assertEquals(1, err.toString().lines().count(), err.toString());
    }

    @Test
    void shouldExplainTheDurabilityMapping() {
        assertEquals(0, execute("ycsb", "--help"));
        assertTrue(out.toString().contains("sync=false"), out.toString());
    }

    private int execute(final String... arguments) {
        final CommandLine commandLine =
                Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        return commandLine.execute(arguments);
    }
}
