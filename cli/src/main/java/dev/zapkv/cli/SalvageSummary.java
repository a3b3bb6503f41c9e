/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.zapkv.Location;
import dev.zapkv.SalvageReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// Tells what a salvage found.
final class SalvageSummary {
    private static final int SHOWN_KEYS = 10;

    private final SalvageReport report;
    private final Location source;
    private final Location target;
    private final Utf8 utf8 = new Utf8();

    /// @param target null if nothing was written
    SalvageSummary(final SalvageReport report, final Location source, final Location target) {
        this.report = report;
        this.source = source;
        this.target = target;
    }

    void print(final Terminal terminal, final boolean json) throws IOException {
        if (json) {
            JsonReport.write(terminal.out(), this::write);
            return;
        }
        terminal.println(Human.count(report.keys(), "key", "keys") + " ("
                + Human.bytes(report.bytes()) + ", " + Human.count(report.largeValues(), "large value", "large values")
                + ") "
                + (target == null ? "would be salvaged" : "salvaged into " + target) + " in "
                + Human.seconds(report.durationNs()));
        terminal.println("store " + report.storeId() + " on " + source + ": "
                + Human.count(report.blocks(), "block", "blocks") + " with "
                + Human.count(report.records(), "record", "records") + ", "
                + Human.count(report.deletedKeys(), "deleted key", "deleted keys"));
        if (!report.staging().isEmpty()) {
            terminal.println(
                    "staging: " + Human.count(report.stagedRecords(), "record", "records") + " in " + report.staging());
        }
        if (report.leftOverBlocks() + report.voidBlocks() > 0) {
            terminal.println("left alone: " + Human.count(report.leftOverBlocks(), "block", "blocks")
                    + " of zones that were emptied since, " + Human.count(report.voidBlocks()) + " that never counted");
        }
        printDamage(terminal);
        for (final String problem : report.problems()) {
            terminal.println("problem: " + problem);
        }
        for (final String unknown : report.unknown()) {
            terminal.println("not known: " + unknown);
        }
    }

    private void printDamage(final Terminal terminal) throws IOException {
        if (report.isUndamaged()) {
            terminal.println("damaged: nothing that was found");
            return;
        }
        terminal.println("damaged: " + Human.count(report.damagedBlocks(), "block", "blocks") + " ("
                + Human.count(report.damagedPlaces(), "place", "places") + ", "
                + Human.count(report.cutBatches(), "batch", "batches") + " cut), "
                + Human.count(report.unreadableZones().size(), "zone", "zones") + " and "
                + Human.bytes(report.unreadableBytes()) + " elsewhere unreadable");
        if (report.incompleteKeys() > 0) {
            terminal.println("not whole: "
                    + Human.count(report.incompleteKeys(), "large value", "large values")
                    + "; what came before was taken, if anything");
            for (final byte[] key : report.incomplete()
                    .subList(0, Math.min(SHOWN_KEYS, report.incomplete().size()))) {
                terminal.println("  " + text(key));
            }
        }
    }

    private String text(final byte[] key) {
        final boolean printable = utf8.isValid(key)
                && new String(key, StandardCharsets.UTF_8).chars().noneMatch(Character::isISOControl);
        return printable
                ? new String(key, StandardCharsets.UTF_8)
                : "hex " + HexFormat.of().formatHex(key);
    }

    private void write(final JsonGenerator fields) throws IOException {
        fields.writeStringField("source", source.toString());
        fields.writeStringField("target", target == null ? null : target.toString());
        fields.writeStringField("store_id", report.storeId());
        fields.writeNumberField("block_bytes", report.blockBytes());
        fields.writeNumberField("keys", report.keys());
        fields.writeNumberField("bytes", report.bytes());
        fields.writeNumberField("large_values", report.largeValues());
        fields.writeNumberField("deleted_keys", report.deletedKeys());
        fields.writeNumberField("zones", report.zones());
        fields.writeArrayFieldStart("unreadable_zones");
        for (final int zone : report.unreadableZones()) {
            fields.writeNumber(zone);
        }
        fields.writeEndArray();
        fields.writeNumberField("unreadable_bytes", report.unreadableBytes());
        fields.writeNumberField("blocks", report.blocks());
        fields.writeNumberField("left_over_blocks", report.leftOverBlocks());
        fields.writeNumberField("void_blocks", report.voidBlocks());
        fields.writeNumberField("damaged_blocks", report.damagedBlocks());
        fields.writeNumberField("damaged_places", report.damagedPlaces());
        fields.writeNumberField("cut_batches", report.cutBatches());
        fields.writeNumberField("records", report.records());
        fields.writeStringField("staging", report.staging());
        fields.writeNumberField("staged_records", report.stagedRecords());
        fields.writeNumberField("incomplete_keys", report.incompleteKeys());
        fields.writeArrayFieldStart("incomplete");
        for (final byte[] key : report.incomplete()) {
            fields.writeStartObject();
            if (utf8.isValid(key)) {
                fields.writeStringField("key", new String(key, StandardCharsets.UTF_8));
            } else {
                fields.writeBinaryField("key64", key);
            }
            fields.writeEndObject();
        }
        fields.writeEndArray();
        fields.writeBooleanField("present_metadata", report.presentMetadata());
        writeTexts(fields, "problems", report.problems());
        writeTexts(fields, "unknown", report.unknown());
        fields.writeNumberField("index_memory_bytes", report.memoryBytes());
        fields.writeNumberField("duration_ns", report.durationNs());
    }

    private static void writeTexts(final JsonGenerator fields, final String name, final Iterable<String> texts)
            throws IOException {
        fields.writeArrayFieldStart(name);
        for (final String text : texts) {
            fields.writeString(text);
        }
        fields.writeEndArray();
    }
}
