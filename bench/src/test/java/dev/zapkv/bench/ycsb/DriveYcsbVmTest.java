/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.bench.BenchProcess;
import dev.zapkv.bench.JsonObjects;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The benchmark on drives, {@code ZAPKV_VM_STORE} (separated by commas): that it runs there, and reports what the
/// device counted. Under emulation the figures say nothing of speed.
@Tag("vm")
class DriveYcsbVmTest {
    private static final int RECORDS = 4_000;
    private static final int VALUE = 1_000;
    private static final Pattern APPENDS = Pattern.compile("(load|A) zapkv: ([0-9,]+) appends/s of ([0-9,]+) bytes on"
            + " average, ([0-9,]+) reordered, [0-9,]+ MiB in place, [0-9,]+ MiB copied");

    @TempDir
    private Path directory;

    static Stream<String> drives() {
        return Stream.of(Objects.requireNonNull(System.getenv("ZAPKV_VM_STORE"), "ZAPKV_VM_STORE names no drive")
                .split(",", -1));
    }

    @ParameterizedTest
    @MethodSource("drives")
    void shouldReportWhatTheDeviceCounted(final String drive) throws IOException, InterruptedException {
        final Path json = directory.resolve("results.json");
        final BenchProcess run = BenchProcess.run(
                directory.resolve("errors"),
                List.of(
                        "ycsb",
                        "--engines",
                        "zapkv",
                        "--device",
                        drive,
                        "--workloads",
                        "load,A",
                        "--records",
                        String.valueOf(RECORDS),
                        "--operations",
                        String.valueOf(RECORDS),
                        "--warm-up",
                        "500",
                        "--value-size",
                        String.valueOf(VALUE),
                        "--repeat",
                        "1",
                        "--memory",
                        "64m",
                        "--json",
                        json.toString()));
        assertEquals(0, run.exitCode(), run.output());
        final List<Matcher> lines = run.output()
                .lines()
                .map(APPENDS::matcher)
                .filter(Matcher::matches)
                .toList();
        assertEquals(
                List.of("load", "A"), lines.stream().map(line -> line.group(1)).toList(), run.output());
        final List<Map<String, String>> phases = JsonObjects.parse(Files.readString(json));
        assertEquals(lines.size(), phases.size());
        for (int i = 0; i < phases.size(); i++) {
            check(drive, phases.get(i), lines.get(i));
        }
    }

    private static void check(final String drive, final Map<String, String> phase, final Matcher line) {
        final String context = drive + " " + phase + " " + line.group();
        System.out.println(drive + " " + line.group());
        final long appends = Long.parseLong(phase.get("appends"));
        final long appended = Long.parseLong(phase.get("appended_bytes"));
        final long inPlace = Long.parseLong(phase.get("bytes_in_place"));
        final long copied = Long.parseLong(phase.get("bytes_copied"));
        final long reordered = Long.parseLong(phase.get("reordered_completions"));
        assertTrue(Double.parseDouble(phase.get("appends_per_sec")) > 0, context);
        // Half of the operations of A are writes.
        assertTrue(appended >= (long) RECORDS * VALUE * (phase.get("workload").equals("load") ? 4 : 1) / 4, context);
        assertEquals(appended, inPlace + copied, context);
        assertEquals(appended / appends, number(line.group(3)), context);
        assertEquals(reordered, number(line.group(4)), context);
        assertTrue(reordered < appends, context);
    }

    private static long number(final String text) {
        return Long.parseLong(text.replace(",", ""));
    }
}
