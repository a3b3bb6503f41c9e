/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.recovery;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.Writer;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/// What checkpoints cost, for people and for programs.
///
/// @param share       checkpoint bytes divided by user bytes, at default settings
/// @param keys        that the store holds
/// @param valueSize   bytes of a value
/// @param operations  of each measurement
/// @param memoryBytes budget of the store
record CheckpointCost(
        Measured without, Measured with, double share, long keys, int valueSize, long operations, long memoryBytes) {
    private static final JsonFactory JSON = new JsonFactory();
    private static final String ROW = "%-22s  %9s  %9s  %9s  %9s  %11s%n";

    /// One measurement.
    ///
    /// @param latencies   in nanoseconds
    /// @param checkpoints that were written meanwhile
    record Measured(Histogram latencies, long checkpoints) {}

    String render() {
        return String.format(Locale.ROOT, ROW, "µs", "p50", "p99", "p99.9", "max", "checkpoints")
                + row("no checkpoint", without)
                + row("checkpoints all along", with)
                + String.format(
                        Locale.ROOT,
                        "p99.9 with checkpoints: %.2f times that without.%n"
                                + "Checkpoints at default settings: %.1f %% of the user's bytes (every key written, then"
                                + " twice as many overwrites).%n"
                                + "Run: %,d keys of %d bytes, values of %,d bytes, one thread, half gets, half puts.%n",
                        ratio(),
                        100 * share,
                        keys,
                        Keys.LENGTH,
                        valueSize);
    }

    private double ratio() {
        return (double) with.latencies().getValueAtPercentile(99.9)
                / without.latencies().getValueAtPercentile(99.9);
    }

    private static String row(final String name, final Measured measured) {
        final Histogram latencies = measured.latencies();
        return String.format(
                Locale.ROOT,
                ROW,
                name,
                microseconds(latencies.getValueAtPercentile(50)),
                microseconds(latencies.getValueAtPercentile(99)),
                microseconds(latencies.getValueAtPercentile(99.9)),
                microseconds(latencies.getMaxValue()),
                measured.checkpoints());
    }

    private static String microseconds(final long ns) {
        return String.format(Locale.ROOT, ns < 100_000 ? "%.2f" : "%,.0f", ns / 1e3);
    }

    /// Writes an array with an object for each measurement.
    ///
    /// @param command the command line as given
    void write(final Writer target, final String command) throws IOException {
        try (JsonGenerator json = JSON.createGenerator(target)) {
            json.setPrettyPrinter(new DefaultPrettyPrinter());
            json.writeStartArray();
            write(json, false, without, command);
            write(json, true, with, command);
            json.writeEndArray();
        }
    }

    private void write(
            final JsonGenerator json, final boolean checkpointing, final Measured measured, final String command)
            throws IOException {
        final Histogram latencies = measured.latencies();
        json.writeStartObject();
        json.writeBooleanField("checkpointing", checkpointing);
        json.writeNumberField("checkpoints", measured.checkpoints());
        json.writeNumberField("p50_ns", latencies.getValueAtPercentile(50));
        json.writeNumberField("p99_ns", latencies.getValueAtPercentile(99));
        json.writeNumberField("p99_9_ns", latencies.getValueAtPercentile(99.9));
        json.writeNumberField("max_ns", latencies.getMaxValue());
        json.writeNumberField("checkpoint_bytes_per_user_byte", share);
        json.writeNumberField("records", keys);
        json.writeNumberField("value_size", valueSize);
        json.writeNumberField("operations", operations);
        json.writeNumberField("memory_bytes", memoryBytes);
        json.writeNumberField("cores", Runtime.getRuntime().availableProcessors());
        json.writeStringField("command", command);
        json.writeEndObject();
    }
}
