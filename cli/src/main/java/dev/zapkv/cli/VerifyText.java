/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.zapkv.Finding;
import dev.zapkv.VerifyReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;

/// What was checked and what was found, for people and for programs.
final class VerifyText {
    private VerifyText() {}

    /// Lines for people: what was checked, each finding, and the verdict.
    static String format(final String name, final VerifyReport report) {
        final StringBuilder text = new StringBuilder(name).append('\n');
        line(
                text,
                "zones",
                Human.count(report.zones()) + " read, " + Human.bytes(report.bytesRead()) + " in "
                        + Human.seconds(report.durationNs()));
        line(
                text,
                "blocks",
                Human.count(report.hostBlocks()) + " of writers, " + Human.count(report.gcBlocks())
                        + " of garbage collection, " + Human.count(report.checkpointBlocks()) + " of checkpoints, "
                        + Human.count(report.metadataBlocks()) + " of metadata");
        line(
                text,
                "records",
                Human.count(report.records()) + ", " + Human.count(report.tombstones()) + " of them deletes"
                        + (report.stagedRecords() == 0
                                ? ""
                                : "; " + Human.count(report.stagedRecords()) + " more in staging"));
        line(
                text,
                "index",
                Human.count(report.indexEntries()) + " entries"
                        + (report.indexChecked()
                                ? ", compared with the log"
                                : ", NOT compared with the log: give more memory (--memory)"));
        line(
                text,
                "large values",
                Human.count(report.largeValues()) + " whole, of " + Human.count(report.chunks()) + " chunks");
        line(text, "checkpoints", Human.count(report.checkpoints()) + " readable");
        line(
                text,
                "other bytes",
                Human.bytes(report.leftOverBytes()) + " of earlier lives of zones, " + Human.bytes(report.unusedBytes())
                        + " unused");
        for (final Finding finding : report.findings()) {
            finding(text, finding);
        }
        return text.append(verdict(report)).append('\n').toString();
    }

    private static void line(final StringBuilder text, final String label, final String figure) {
        text.append(String.format(Locale.ROOT, "  %-14s %s%n", label, figure));
    }

    private static void finding(final StringBuilder text, final Finding finding) {
        text.append(finding.damage() ? "DAMAGED " : "unclear ")
                .append(finding.kind().label().replace('_', ' '))
                .append(finding.place().isEmpty() ? "" : ", " + finding.place())
                .append(": ")
                .append(finding.text())
                .append('\n');
        for (final byte[] key : finding.names()) {
            text.append("        key ").append(name(key)).append('\n');
        }
        text.append("        ").append(finding.advice()).append('\n');
    }

    private static String name(final byte[] key) {
        final String text = new String(key, StandardCharsets.UTF_8);
        return new Utf8().isValid(key) && text.chars().noneMatch(Character::isISOControl)
                ? text
                : "0x" + HexFormat.of().formatHex(key);
    }

    private static String verdict(final VerifyReport report) {
        final long damaged = report.findings().stream().filter(Finding::damage).count() + report.findingsOmitted();
        final long unclear = report.findings().size() + report.findingsOmitted() - damaged;
        if (damaged > 0) {
            return "DAMAGED: " + Human.count(damaged, "finding", "findings")
                    + (report.findingsOmitted() > 0
                            ? ", " + Human.count(report.findingsOmitted()) + " of them not listed"
                            : "");
        }
        return "nothing is damaged"
                + (unclear == 0 ? "" : "; " + Human.count(unclear, "place is", "places are") + " unclear")
                + (report.indexChecked() ? "" : "; the index was not compared");
    }

    /// The components of {@link VerifyReport} in their order.
    static void writeJson(final VerifyReport report, final JsonGenerator json) throws IOException {
        json.writeBooleanField("damaged", report.isDamaged());
        json.writeNumberField("zones", report.zones());
        json.writeNumberField("bytes_read", report.bytesRead());
        json.writeNumberField("host_blocks", report.hostBlocks());
        json.writeNumberField("gc_blocks", report.gcBlocks());
        json.writeNumberField("checkpoint_blocks", report.checkpointBlocks());
        json.writeNumberField("metadata_blocks", report.metadataBlocks());
        json.writeNumberField("records", report.records());
        json.writeNumberField("tombstones", report.tombstones());
        json.writeNumberField("staged_records", report.stagedRecords());
        json.writeNumberField("index_entries", report.indexEntries());
        json.writeBooleanField("index_checked", report.indexChecked());
        json.writeNumberField("large_values", report.largeValues());
        json.writeNumberField("chunks", report.chunks());
        json.writeNumberField("checkpoints", report.checkpoints());
        json.writeNumberField("left_over_bytes", report.leftOverBytes());
        json.writeNumberField("unused_bytes", report.unusedBytes());
        json.writeArrayFieldStart("findings");
        for (final Finding finding : report.findings()) {
            writeJson(finding, json);
        }
        json.writeEndArray();
        json.writeNumberField("findings_omitted", report.findingsOmitted());
        json.writeNumberField("duration_ns", report.durationNs());
    }

    /// The components of a {@link Finding} in their order.
    static void writeJson(final Finding finding, final JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("kind", finding.kind().label());
        json.writeBooleanField("damage", finding.damage());
        json.writeNumberField("zone", finding.zone());
        json.writeNumberField("offset", finding.offset());
        json.writeNumberField("length", finding.length());
        json.writeNumberField("block", finding.block());
        json.writeNumberField("keys", finding.keys());
        json.writeArrayFieldStart("names64");
        for (final byte[] key : finding.names()) {
            json.writeString(Base64.getEncoder().encodeToString(key));
        }
        json.writeEndArray();
        json.writeStringField("text", finding.text());
        json.writeStringField("advice", finding.advice());
        json.writeEndObject();
    }
}
