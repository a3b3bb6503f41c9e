/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.Durability;
import dev.zapkv.bench.JsonObjects;
import dev.zapkv.bench.peer.EngineKind;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResultJsonTest {
    private static final List<String> REQUIRED = List.of(
            "engine",
            "workload",
            "threads",
            "value_size",
            "records",
            "operations",
            "warm_up",
            "durability",
            "ops_per_sec",
            "mean_us",
            "p50_us",
            "p99_us",
            "p999_us",
            "max_us",
            "cpu_us_per_op",
            "write_amplification",
            "space_amplification",
            "peak_rss_bytes");

    @Test
    void shouldWriteOneObjectForEachEngineAndWorkloadWithEveryField() throws IOException {
        final List<Map<String, String>> objects = JsonObjects.parse(json());
        assertEquals(2, objects.size());
        for (final Map<String, String> object : objects) {
            assertTrue(object.keySet().containsAll(REQUIRED), object.toString());
        }
        final Map<String, String> workloadA = objects.getFirst();
        assertEquals("rocksdb", workloadA.get("engine"));
        assertEquals("A", workloadA.get("workload"));
        assertEquals("1000.0", workloadA.get("ops_per_sec"));
        assertEquals("5.0", workloadA.get("mean_us"));
        assertEquals("2.0", workloadA.get("write_amplification"));
        assertEquals("process", workloadA.get("durability"));
        assertEquals(Long.toString(300L << 20), workloadA.get("peak_rss_bytes"));
    }

    @Test
    void shouldWriteNullForWhatDoesNotApply() throws IOException {
        final String json = json();
        assertEquals("null", JsonObjects.parse(json).getLast().get("write_amplification"));
        assertFalse(json.contains("NaN"), json);
    }

    private static String json() throws IOException {
        final Comparison comparison = new Comparison(List.of(EngineKind.ROCKSDB));
        comparison.add(EngineKind.ROCKSDB, Results.phase(WorkloadKind.A, 1_000, 1_000_000_000L, 5_000));
        comparison.add(EngineKind.ROCKSDB, Results.phase(WorkloadKind.C, 1_000, 1_000_000_000L, 5_000));
        final StringWriter target = new StringWriter();
        ResultJson.write(
                target,
                comparison,
                new RunSettings(
                        List.of(WorkloadKind.A, WorkloadKind.C),
                        1_000,
                        1_000,
                        0,
                        100,
                        1,
                        Durability.PROCESS,
                        1L << 30,
                        0,
                        null,
                        42),
                "zapkv bench ycsb",
                Path.of("data"));
        return target.toString();
    }
}
