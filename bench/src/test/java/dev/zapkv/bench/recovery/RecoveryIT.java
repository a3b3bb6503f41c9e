/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.bench.BenchProcess;
import dev.zapkv.bench.JsonObjects;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The benchmarks of openings and checkpoints on stores so small that their times say nothing: that everything
/// is there, and fits together.
@Tag("integration")
class RecoveryIT {
    private static final int RECORDS = 5000;
    private static final int VALUE = 50;
    private static final long MEMORY = 64L << 20;
    // Of records of 32 + 16 + 50 bytes, rounded up, in 200 KiB.
    private static final long OVERWRITES = (200 << 10) / 112;

    @TempDir
    private Path directory;

    private String run(final String benchmark, final String... arguments) throws IOException, InterruptedException {
        final List<String> all = new ArrayList<>(List.of(
                benchmark,
                "--records",
                "" + RECORDS,
                "--value-size",
                "" + VALUE,
                "--memory",
                "64m",
                "--json",
                json().toString(),
                "--directory",
                directory.resolve("data").toString()));
        all.addAll(List.of(arguments));
        final BenchProcess process = BenchProcess.run(directory.resolve("errors"), all);
        assertEquals(0, process.exitCode(), process.output());
        assertFalse(Files.exists(directory.resolve("data")), "data is left");
        return process.output();
    }

    private Path json() {
        return directory.resolve("results.json");
    }

    private List<Map<String, String>> results() throws IOException {
        return JsonObjects.parse(Files.readString(json()));
    }

    private static double number(final Map<String, String> object, final String name) {
        assertTrue(object.containsKey(name), name + " is missing in " + object);
        return Double.parseDouble(object.get(name));
    }

    private static void assertConditions(final Map<String, String> object, final String benchmark) {
        assertEquals(RECORDS, number(object, "records"));
        assertEquals(VALUE, number(object, "value_size"));
        assertEquals(MEMORY, number(object, "memory_bytes"));
        assertTrue(number(object, "cores") >= 1);
        assertTrue(object.get("command").startsWith("zapkv bench " + benchmark + " --records " + RECORDS));
    }

    @Test
    void shouldMeasureOpeningsOfEachKindAndEngine() throws IOException, InterruptedException {
        final String output =
                run("recovery", "--since-checkpoint", "200k", "--repeat", "2", "--engines", "zapkv,rocksdb");
        for (final Opening.Kind kind : Opening.Kind.values()) {
            for (final String engine : List.of("zapkv", "rocksdb")) {
                assertTrue(
                        output.lines().anyMatch(line -> line.startsWith(kind.text()) && line.contains(" " + engine)),
                        output);
            }
        }
        assertTrue(output.contains("zapkv, clean close: "), output);

        final List<Map<String, String>> objects = results();
        assertEquals(2 * Opening.Kind.values().length, objects.size(), objects.toString());
        for (final Map<String, String> object : objects) {
            assertConditions(object, "recovery");
            final double seconds = number(object, "seconds");
            assertTrue(0 < number(object, "seconds_min"), object.toString());
            assertTrue(number(object, "seconds_min") <= seconds, object.toString());
            assertTrue(seconds <= number(object, "seconds_max"), object.toString());
            assertTrue(number(object, "ratio") > 0, object.toString());
            assertEquals(2, number(object, "repetitions"));
            assertEquals(OVERWRITES, (long) number(object, "overwrites"));
            if (object.get("engine").equals("zapkv")) {
                final boolean clean = object.get("opened_after").equals("clean");
                assertEquals(clean, !object.get("found").contains("not closed cleanly"), object.toString());
            } else {
                assertEquals(1, number(object, "ratio"), "the peer to itself");
            }
        }
    }

    @Test
    void shouldMeasureWithoutAndWithCheckpoints() throws IOException, InterruptedException {
        final String output = run("checkpoint", "--operations", "20k");
        assertTrue(output.lines().anyMatch(line -> line.startsWith("no checkpoint ")), output);
        assertTrue(output.lines().anyMatch(line -> line.startsWith("checkpoints all along ")), output);
        assertTrue(output.contains("Run: 5,000 keys of 16 bytes, values of 50 bytes"), output);

        final List<Map<String, String>> objects = results();
        assertEquals(2, objects.size(), objects.toString());
        for (final Map<String, String> object : objects) {
            assertConditions(object, "checkpoint");
            assertEquals(20_000, number(object, "operations"));
            assertTrue(0 < number(object, "p50_ns"), object.toString());
            assertTrue(number(object, "p50_ns") <= number(object, "p99_ns"), object.toString());
            assertTrue(number(object, "p99_ns") <= number(object, "p99_9_ns"), object.toString());
            assertTrue(number(object, "p99_9_ns") <= number(object, "max_ns"), object.toString());
            final double share = number(object, "checkpoint_bytes_per_user_byte");
            assertTrue(share >= 0 && share < 1, object.toString());
        }
        assertEquals("false", objects.getFirst().get("checkpointing"));
        assertEquals(0, number(objects.getFirst(), "checkpoints"));
        assertEquals("true", objects.getLast().get("checkpointing"));
        assertTrue(number(objects.getLast(), "checkpoints") >= 1, "one is asked for before the first operation");
    }
}
