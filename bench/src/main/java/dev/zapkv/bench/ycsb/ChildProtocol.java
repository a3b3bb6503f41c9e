/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.zapkv.io.DeviceCounters;
import java.io.IOException;
import java.io.StringWriter;
import java.util.HashMap;
import java.util.Map;

/// {@link ChildMessage}s as flat JSON objects and back.
final class ChildProtocol {
    private static final JsonFactory JSON = new JsonFactory();

    private ChildProtocol() {}

    static String encode(final ChildMessage message) throws IOException {
        final StringWriter line = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(line)) {
            json.writeStartObject();
            switch (message) {
                case ChildMessage.Progress progress -> {
                    json.writeStringField("type", "progress");
                    json.writeStringField("workload", progress.workload().toString());
                    json.writeNumberField("done", progress.done());
                    json.writeNumberField("total", progress.total());
                    json.writeNumberField("ops_per_sec", progress.operationsPerSecond());
                }
                case ChildMessage.Result result -> {
                    json.writeStringField("type", "result");
                    write(json, result.phase());
                }
                case ChildMessage.Failure failure -> {
                    json.writeStringField("type", "failure");
                    json.writeStringField("message", failure.message());
                }
            }
            json.writeEndObject();
        }
        return line.toString();
    }

    private static void write(final JsonGenerator json, final PhaseResult phase) throws IOException {
        json.writeStringField("workload", phase.workload().toString());
        json.writeNumberField("operations", phase.operations());
        json.writeNumberField("elapsed_ns", phase.elapsedNs());
        json.writeStringField("engine_version", phase.engineVersion());
        final Latency latency = phase.latency();
        json.writeNumberField("mean_ns", latency.meanNs());
        json.writeNumberField("p50_ns", latency.p50Ns());
        json.writeNumberField("p99_ns", latency.p99Ns());
        json.writeNumberField("p999_ns", latency.p999Ns());
        json.writeNumberField("max_ns", latency.maxNs());
        final Resources resources = phase.resources();
        json.writeNumberField("cpu_ns", resources.cpuNs());
        json.writeNumberField("settle_ns", resources.settleNs());
        json.writeNumberField("device_bytes", resources.deviceBytes());
        json.writeNumberField("engine_bytes", resources.engineBytes());
        json.writeNumberField("user_bytes", resources.userBytes());
        json.writeNumberField("space_bytes", resources.spaceBytes());
        json.writeNumberField("live_bytes", resources.liveBytes());
        json.writeNumberField("peak_rss_bytes", resources.peakRssBytes());
        json.writeNumberField("appends", resources.device().appends());
        json.writeNumberField("appended_bytes", resources.device().appendedBytes());
        json.writeNumberField("bytes_in_place", resources.device().bytesInPlace());
        json.writeNumberField("bytes_copied", resources.device().bytesCopied());
        json.writeNumberField("reordered", resources.device().reorderedCompletions());
        json.writeNumberField("max_in_flight", resources.device().maxInFlightPerZone());
    }

    /// Reads one line; throws if it is not a message.
    static ChildMessage decode(final String line) throws IOException {
        final Map<String, String> fields = fields(line);
        return switch (text(fields, "type")) {
            case "progress" ->
                new ChildMessage.Progress(
                        WorkloadKind.named(text(fields, "workload")),
                        integer(fields, "done"),
                        integer(fields, "total"),
                        Double.parseDouble(text(fields, "ops_per_sec")));
            case "result" -> new ChildMessage.Result(phase(fields));
            case "failure" -> new ChildMessage.Failure(text(fields, "message"));
            default -> throw new IOException("unknown message from a benchmark process: " + line);
        };
    }

    private static PhaseResult phase(final Map<String, String> fields) throws IOException {
        return new PhaseResult(
                WorkloadKind.named(text(fields, "workload")),
                integer(fields, "operations"),
                integer(fields, "elapsed_ns"),
                new Latency(
                        Double.parseDouble(text(fields, "mean_ns")),
                        integer(fields, "p50_ns"),
                        integer(fields, "p99_ns"),
                        integer(fields, "p999_ns"),
                        integer(fields, "max_ns")),
                new Resources(
                        integer(fields, "cpu_ns"),
                        integer(fields, "settle_ns"),
                        integer(fields, "device_bytes"),
                        integer(fields, "engine_bytes"),
                        integer(fields, "user_bytes"),
                        integer(fields, "space_bytes"),
                        integer(fields, "live_bytes"),
                        integer(fields, "peak_rss_bytes"),
                        new DeviceCounters(
                                integer(fields, "appends"),
                                integer(fields, "appended_bytes"),
                                integer(fields, "bytes_in_place"),
                                integer(fields, "bytes_copied"),
                                integer(fields, "reordered"),
                                (int) integer(fields, "max_in_flight"))),
                text(fields, "engine_version"));
    }

    private static Map<String, String> fields(final String line) throws IOException {
        final Map<String, String> fields = new HashMap<>();
        try (JsonParser json = JSON.createParser(line)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("not a message of a benchmark process: " + line);
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                final String name = json.currentName();
                json.nextToken();
                fields.put(name, json.getText());
            }
        }
        return fields;
    }

    private static String text(final Map<String, String> fields, final String name) throws IOException {
        final String value = fields.get(name);
        if (value == null) {
            throw new IOException("a benchmark process sent no '" + name + "'");
        }
        return value;
    }

    private static long integer(final Map<String, String> fields, final String name) throws IOException {
        return Long.parseLong(text(fields, name));
    }
}
