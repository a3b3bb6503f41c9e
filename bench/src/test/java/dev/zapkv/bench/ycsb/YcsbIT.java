/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

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

@Tag("integration")
class YcsbIT {
    private static final int PHASES = 6;

    @TempDir
    private Path directory;

    private String output = "";

    @Test
    void shouldRunEveryWorkloadAndPrintTheComparison() throws IOException, InterruptedException {
        final Path json = directory.resolve("results.json");
        final Path data = directory.resolve("data");
        assertEquals(0, bench("--engines", "zapkv,rocksdb", "--json", json.toString()), output);

        final List<String> lines = output.lines().toList();
        assertTrue(
                lines.getFirst().matches("workload +engine +ops/s .*p99\\.9 +max +cpu/op +w-amp +s-amp +RSS MiB"),
                output);
        for (final String workload : List.of("load", "A", "B", "C", "F", "D")) {
            assertTrue(lines.stream().anyMatch(line -> line.matches(workload + " +zapkv .*[0-9]x .*")), output);
        }
        assertEquals(
                PHASES,
                lines.stream()
                        .filter(line -> line.matches(" +rocksdb .* 1\\.0x .*"))
                        .count(),
                output);
        assertTrue(lines.get(lines.size() - 3).startsWith("Run: 2,000 records of 100 bytes"), output);
        assertTrue(lines.get(lines.size() - 2).startsWith("Memory budget of each engine: 128 MiB"), output);
        assertTrue(lines.getLast().startsWith("Data was in " + data), output);
        assertFalse(Files.exists(data));

        final List<Map<String, String>> objects = JsonObjects.parse(Files.readString(json));
        assertEquals(2 * PHASES, objects.size());
        for (final Map<String, String> object : objects) {
            assertTrue(Double.parseDouble(object.get("ops_per_sec")) > 0, object.toString());
            assertTrue(Long.parseLong(object.get("peak_rss_bytes")) > 0, object.toString());
        }
    }

    @Test
    void shouldRunSeveralThreadsInAnOpenLoop() throws IOException, InterruptedException {
        assertEquals(0, bench("--engines", "rocksdb", "--workloads", "A", "--threads", "2", "--target", "10k"), output);
        assertTrue(output.contains("open loop at 10,000 ops/s"), output);
    }

    private int bench(final String... arguments) throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>(List.of("ycsb"));
        command.addAll(List.of(
                "--records",
                "2000",
                "--operations",
                "2000",
                "--repeat",
                "1",
                "--value-size",
                "100",
                "--memory",
                "128m",
                "--directory",
                directory.resolve("data").toString()));
        command.addAll(List.of(arguments));
        final BenchProcess process = BenchProcess.run(directory.resolve("errors"), command);
        output = process.output();
        return process.exitCode();
    }
}
