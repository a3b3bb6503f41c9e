/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;

/// The results for machines: an array with one object for each engine and workload. A figure that does not apply is
/// null.
final class ResultJson {
    private static final JsonFactory JSON = new JsonFactory();

    private ResultJson() {}

    /// Writes the array.
    ///
    /// @param command the command line as given
    /// @param directory where the data was
    static void write(
            final Writer target,
            final Comparison comparison,
            final RunSettings settings,
            final String command,
            final Path directory)
            throws IOException {
        try (JsonGenerator json = JSON.createGenerator(target)) {
            json.setPrettyPrinter(new DefaultPrettyPrinter());
            json.writeStartArray();
            for (final Summary summary : comparison.summaries()) {
                json.writeStartObject();
                what(json, summary, settings);
                figures(json, summary);
                json.writeStringField(
                        "peer", comparison.peer().map(Object::toString).orElse(null));
                number(json, "ratio", comparison.ratio(summary));
                json.writeStringField("command", command);
                json.writeStringField("directory", directory.toString());
                json.writeEndObject();
            }
            json.writeEndArray();
        }
    }

    private static void what(final JsonGenerator json, final Summary summary, final RunSettings settings)
            throws IOException {
        json.writeStringField("engine", summary.engine().toString());
        json.writeStringField("engine_version", summary.engineVersion());
        json.writeStringField("workload", summary.workload().toString());
        json.writeNumberField("threads", settings.threads());
        json.writeNumberField("value_size", settings.valueSize());
        json.writeNumberField("records", settings.records());
        json.writeNumberField("operations", summary.operations());
        json.writeNumberField("warm_up", settings.warmUp());
        json.writeStringField("durability", settings.durabilityName());
        json.writeNumberField("memory_bytes", settings.memoryBytes());
        if (settings.target() > 0) {
            json.writeNumberField("target_ops_per_sec", settings.target());
        } else {
            json.writeNullField("target_ops_per_sec");
        }
        json.writeNumberField("seed", settings.seed());
        json.writeNumberField("repetitions", summary.repetitions());
        json.writeNumberField("cores", Runtime.getRuntime().availableProcessors());
        json.writeStringField("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        json.writeStringField("jvm", System.getProperty("java.vm.name") + " " + Runtime.version());
        json.writeStringField("jvm_flags", ChildProcess.jvmFlags());
    }

    private static void figures(final JsonGenerator json, final Summary summary) throws IOException {
        number(json, "ops_per_sec", summary.opsPerSec());
        number(json, "ops_per_sec_min", summary.opsPerSecMin());
        number(json, "ops_per_sec_max", summary.opsPerSecMax());
        number(json, "mean_us", summary.meanUs());
        number(json, "p50_us", summary.p50Us());
        number(json, "p99_us", summary.p99Us());
        number(json, "p999_us", summary.p999Us());
        number(json, "max_us", summary.maxUs());
        number(json, "cpu_us_per_op", summary.cpuUsPerOp());
        number(json, "write_amplification", summary.writeAmplification());
        number(json, "engine_write_amplification", summary.engineAmplification());
        number(json, "space_amplification", summary.spaceAmplification());
        json.writeNumberField("peak_rss_bytes", (long) summary.peakRssBytes());
        number(json, "settle_seconds", summary.settleSeconds());
        number(json, "appends_per_sec", summary.appendsPerSec());
        json.writeNumberField("appends", summary.device().appends());
        json.writeNumberField("appended_bytes", summary.device().appendedBytes());
        json.writeNumberField("bytes_in_place", summary.device().bytesInPlace());
        json.writeNumberField("bytes_copied", summary.device().bytesCopied());
        json.writeNumberField("reordered_completions", summary.device().reorderedCompletions());
    }

    private static void number(final JsonGenerator json, final String name, final double value) throws IOException {
        if (Double.isFinite(value)) {
            json.writeNumberField(name, value);
        } else {
            json.writeNullField(name);
        }
    }
}
