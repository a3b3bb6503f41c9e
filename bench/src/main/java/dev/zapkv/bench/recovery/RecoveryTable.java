/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.recovery;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import dev.zapkv.bench.ycsb.ChildProcess;
import dev.zapkv.bench.ycsb.Quantity;
import java.io.IOException;
import java.io.Writer;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/// The openings for people and for programs.
final class RecoveryTable {
    private static final JsonFactory JSON = new JsonFactory();
    private static final String ROW = "%-30s  %-12s  %8s  %13s  %6s%n";

    private RecoveryTable() {}

    static String render(final RecoverySettings settings, final List<Opening> openings) {
        final StringBuilder table = new StringBuilder();
        table.append(String.format(Locale.ROOT, ROW, "opened after", "engine", "seconds", "min..max", "ratio"));
        for (final Opening.Kind kind : Opening.Kind.values()) {
            for (final Opening opening : openings) {
                if (opening.kind() == kind) {
                    final OptionalDouble ratio = ratio(openings, opening);
                    table.append(String.format(
                            Locale.ROOT,
                            ROW,
                            kind.text(),
                            opening.engine(),
                            String.format(Locale.ROOT, "%.2f", opening.median()),
                            String.format(Locale.ROOT, "%.2f..%.2f", opening.least(), opening.most()),
                            ratio.isPresent() ? String.format(Locale.ROOT, "%.1fx", ratio.getAsDouble()) : "-"));
                }
            }
        }
        table.append(String.format(
                Locale.ROOT,
                "seconds: from the call that opens to the first value read, in a new JVM; median of %d.%n"
                        + "ratio: the time of the first peer divided by the engine's.%n"
                        + "Run: %,d keys of %d bytes, values of %,d bytes, %s of memory; killed after %,d overwrites (%s"
                        + " of ZapKV's log).%n"
                        + "A log-structured merge tree holds no more of them unflushed than its memtables take.%n",
                settings.repetitions(),
                settings.records(),
                Keys.LENGTH,
                settings.valueSize(),
                Quantity.ofBytes(settings.memoryBytes()),
                settings.overwrites(),
                Quantity.ofBytes(settings.sinceBytes())));
        for (final Opening opening : openings) {
            if (!opening.notes().getLast().isEmpty()) {
                table.append(opening.engine())
                        .append(", ")
                        .append(opening.kind().text())
                        .append(": ")
                        .append(opening.notes().getLast())
                        .append('\n');
            }
        }
        return table.toString();
    }

    private static OptionalDouble ratio(final List<Opening> openings, final Opening opening) {
        return openings.stream()
                .filter(other ->
                        other.kind() == opening.kind() && other.engine().isPeer())
                .mapToDouble(other -> other.median() / opening.median())
                .findFirst();
    }

    static void write(
            final Writer target, final RecoverySettings settings, final List<Opening> openings, final String command)
            throws IOException {
        try (JsonGenerator json = JSON.createGenerator(target)) {
            json.setPrettyPrinter(new DefaultPrettyPrinter());
            json.writeStartArray();
            for (final Opening opening : openings) {
                json.writeStartObject();
                json.writeStringField("engine", opening.engine().toString());
                json.writeStringField("opened_after", opening.kind().name().toLowerCase(Locale.ROOT));
                json.writeNumberField("seconds", opening.median());
                json.writeNumberField("seconds_min", opening.least());
                json.writeNumberField("seconds_max", opening.most());
                final OptionalDouble ratio = ratio(openings, opening);
                if (ratio.isPresent()) {
                    json.writeNumberField("ratio", ratio.getAsDouble());
                } else {
                    json.writeNullField("ratio");
                }
                json.writeNumberField("records", settings.records());
                json.writeNumberField("value_size", settings.valueSize());
                json.writeNumberField("overwrites", settings.overwrites());
                json.writeNumberField("memory_bytes", settings.memoryBytes());
                json.writeNumberField("repetitions", settings.repetitions());
                json.writeNumberField("cores", Runtime.getRuntime().availableProcessors());
                json.writeStringField("jvm_flags", ChildProcess.jvmFlags());
                json.writeStringField("found", opening.notes().getLast());
                json.writeStringField("command", command);
                json.writeEndObject();
            }
            json.writeEndArray();
        }
    }
}
