/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.zapkv.Finding;
import dev.zapkv.RecoveryReport;
import dev.zapkv.StoreStats;
import dev.zapkv.ZoneLoss;
import dev.zapkv.io.DeviceCounters;
import java.io.IOException;
import java.util.Locale;

/// The figures of a store, grouped for people and flat for programs.
final class StatsReport {
    private StatsReport() {}

    /// Lines for people.
    static String format(final String name, final StoreStats stats) {
        final long written = stats.liveBytes() + stats.garbageBytes();
        final Lines lines = new Lines();
        lines.title(name);
        lines.add("keys", Human.count(stats.keys()));
        lines.add("live", Human.bytes(stats.liveBytes()) + share(stats.liveBytes(), written, "what is written"));
        lines.add("garbage", Human.bytes(stats.garbageBytes()));
        lines.add(
                "zones in use",
                Human.bytes(stats.deviceBytesUsed())
                        + share(stats.deviceBytesUsed(), stats.capacityBytes(), "the capacity"));
        lines.add("capacity", capacity(stats));
        lines.title("memory");
        lines.add("budget", Human.bytes(stats.memoryBudgetBytes()));
        lines.add("index", Human.bytes(stats.indexMemoryBytes()) + perKey(stats));
        lines.add("cache", Human.bytes(stats.cacheMemoryBytes()));
        lines.add("staging", staging(stats));
        lines.title("since opening");
        lines.add("puts, deletes", Human.count(stats.puts()) + ", " + Human.count(stats.deletes()));
        lines.add("gets", Human.count(stats.gets()) + "  (" + Human.count(stats.deviceReads()) + " from the device)");
        lines.add("written by user", Human.bytes(stats.userBytesWritten()));
        lines.add("appended", appended(stats));
        lines.add("write amplification", amplification(stats));
        lines.add("zones collected", Human.count(stats.zonesCollected()));
        lines.add("flushes", Human.count(stats.flushes()));
        lines.add("write stalls", Human.count(stats.writeStalls()));
        lines.title("device");
        lines.add("asynchronous I/O", stats.asynchronousIo());
        if (stats.device().appends() > 0) {
            lines.add("device appends", deviceAppends(stats.device()));
            lines.add(
                    "reordered",
                    Human.count(stats.device().reorderedCompletions()) + "  (completed behind a higher"
                            + " address; at most " + stats.device().maxInFlightPerZone() + " in flight on a zone)");
        }
        if (stats.writePaths().valueBytesInPlace() > 0) {
            lines.add(
                    "values",
                    Human.bytes(stats.writePaths().valueBytesInPlace()) + " put in place, "
                            + Human.bytes(stats.writePaths().valueBytesCopied()) + " through staging");
        }
        if (stats.writePaths().slowestAppendNs() > 0) {
            lines.add("slowest append", stats.writePaths().slowestAppendNs() / 1000 + " us");
        }
        if (stats.scrub().bytes() > 0) {
            lines.add(
                    "scrubbed",
                    Human.count(stats.scrub().zones(), "zone", "zones") + ", "
                            + Human.bytes(stats.scrub().bytes()));
        }
        for (final Finding finding : stats.scrub().damage()) {
            lines.add("DAMAGED", finding.place() + ": " + finding.text());
        }
        for (final ZoneLoss loss : stats.losses()) {
            lines.add("LOST", lost(loss));
        }
        lines.add("last opening", stats.recovery());
        return lines.text();
    }

    private static String staging(final StoreStats stats) {
        return stats.stagingLocation().isEmpty()
                ? "none: opened read-only"
                : Human.bytes(stats.stagingMemoryBytes()) + "  in " + stats.stagingLocation();
    }

    private static String lost(final ZoneLoss loss) {
        return "zone " + loss.zone() + " is offline: "
                + (loss.isCounted()
                        ? Human.count(loss.keys()) + " entries, " + Human.bytes(loss.bytes())
                        : "what it held, not known how much");
    }

    private static String deviceAppends(final DeviceCounters device) {
        return Human.count(device.appends()) + " of " + Human.bytes(device.appendedBytes() / device.appends())
                + " on average; " + Human.bytes(device.bytesInPlace()) + " in place, "
                + Human.bytes(device.bytesCopied()) + " copied";
    }

    private static String perKey(final StoreStats stats) {
        return stats.keys() == 0 ? "" : String.format(Locale.ROOT, "  (%.1f bytes per key)", stats.indexBytesPerKey());
    }

    private static String share(final long part, final long whole, final String ofWhat) {
        return whole <= 0 ? "" : "  (" + Human.percent(part, whole) + " of " + ofWhat + ")";
    }

    private static String capacity(final StoreStats stats) {
        return stats.capacityBytes() < 0
                ? "unbounded: grows as long as its file system has room"
                : Human.bytes(stats.capacityBytes());
    }

    private static String appended(final StoreStats stats) {
        return Human.bytes(stats.hostBytesAppended()) + " for writers, " + Human.bytes(stats.relocatedBytes())
                + " relocated, " + Human.bytes(stats.metadataBytes()) + " metadata, "
                + Human.bytes(stats.checkpointBytes()) + " checkpoints"
                + (stats.checkpointProblem().isEmpty()
                        ? ""
                        : "  (no newer checkpoint: " + stats.checkpointProblem() + ")");
    }

    private static String amplification(final StoreStats stats) {
        return stats.userBytesWritten() == 0
                ? "-  (nothing written yet)"
                : String.format(Locale.ROOT, "%.2f", stats.writeAmplification());
    }

    /// The components of {@link StoreStats} in their order, and the index bytes per key.
    static void writeJson(final StoreStats stats, final JsonGenerator json) throws IOException {
        json.writeNumberField("keys", stats.keys());
        json.writeNumberField("live_bytes", stats.liveBytes());
        json.writeNumberField("garbage_bytes", stats.garbageBytes());
        json.writeNumberField("capacity_bytes", stats.capacityBytes());
        json.writeNumberField("device_bytes_used", stats.deviceBytesUsed());
        json.writeNumberField("index_memory_bytes", stats.indexMemoryBytes());
        json.writeNumberField("index_bytes_per_key", stats.indexBytesPerKey());
        json.writeNumberField("staging_memory_bytes", stats.stagingMemoryBytes());
        json.writeNumberField("cache_memory_bytes", stats.cacheMemoryBytes());
        json.writeStringField("staging_location", stats.stagingLocation());
        json.writeNumberField("memory_budget_bytes", stats.memoryBudgetBytes());
        json.writeNumberField("user_bytes_written", stats.userBytesWritten());
        json.writeNumberField("host_bytes_appended", stats.hostBytesAppended());
        json.writeNumberField("relocated_bytes", stats.relocatedBytes());
        json.writeNumberField("metadata_bytes", stats.metadataBytes());
        json.writeNumberField("checkpoint_bytes", stats.checkpointBytes());
        json.writeNumberField("write_amplification", stats.writeAmplification());
        json.writeNumberField("puts", stats.puts());
        json.writeNumberField("deletes", stats.deletes());
        json.writeNumberField("gets", stats.gets());
        json.writeNumberField("device_reads", stats.deviceReads());
        json.writeNumberField("write_stalls", stats.writeStalls());
        json.writeNumberField("zones_collected", stats.zonesCollected());
        json.writeNumberField("checkpoints", stats.checkpoints());
        json.writeStringField("checkpoint_problem", stats.checkpointProblem());
        json.writeNumberField("flushes", stats.flushes());
        json.writeStringField("asynchronous_io", stats.asynchronousIo());
        json.writeObjectFieldStart("device");
        json.writeNumberField("appends", stats.device().appends());
        json.writeNumberField("appended_bytes", stats.device().appendedBytes());
        json.writeNumberField("bytes_in_place", stats.device().bytesInPlace());
        json.writeNumberField("bytes_copied", stats.device().bytesCopied());
        json.writeNumberField("reordered_completions", stats.device().reorderedCompletions());
        json.writeNumberField("max_in_flight_per_zone", stats.device().maxInFlightPerZone());
        json.writeEndObject();
        json.writeObjectFieldStart("write_paths");
        json.writeNumberField("value_bytes_copied", stats.writePaths().valueBytesCopied());
        json.writeNumberField("value_bytes_in_place", stats.writePaths().valueBytesInPlace());
        json.writeNumberField("bounced_bytes", stats.writePaths().bouncedBytes());
        json.writeNumberField("leased_bytes", stats.writePaths().leasedBytes());
        json.writeNumberField("slowest_append_ns", stats.writePaths().slowestAppendNs());
        json.writeEndObject();
        json.writeObjectFieldStart("scrub");
        json.writeNumberField("passes", stats.scrub().passes());
        json.writeNumberField("zones", stats.scrub().zones());
        json.writeNumberField("bytes", stats.scrub().bytes());
        json.writeNumberField("damaged", stats.scrub().damaged());
        json.writeArrayFieldStart("damage");
        for (final Finding finding : stats.scrub().damage()) {
            VerifyText.writeJson(finding, json);
        }
        json.writeEndArray();
        json.writeEndObject();
        json.writeArrayFieldStart("losses");
        for (final ZoneLoss loss : stats.losses()) {
            json.writeStartObject();
            json.writeNumberField("zone", loss.zone());
            json.writeNumberField("keys", loss.keys());
            json.writeNumberField("bytes", loss.bytes());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeObjectFieldStart("opening");
        writeJson(stats.opening(), json);
        json.writeEndObject();
        json.writeStringField("recovery", stats.recovery());
    }

    private static void writeJson(final RecoveryReport opening, final JsonGenerator json) throws IOException {
        json.writeBooleanField("closed_cleanly", opening.closedCleanly());
        json.writeNumberField("checkpoint", opening.checkpoint());
        json.writeNumberField("metadata_ns", opening.metadataNs());
        json.writeNumberField("checkpoint_ns", opening.checkpointNs());
        json.writeNumberField("scan_ns", opening.scanNs());
        json.writeNumberField("replay_ns", opening.replayNs());
        json.writeNumberField("staging_ns", opening.stagingNs());
        json.writeNumberField("total_ns", opening.totalNs());
        json.writeNumberField("checkpoint_bytes", opening.checkpointBytes());
        json.writeNumberField("log_bytes", opening.logBytes());
        json.writeNumberField("blocks", opening.blocks());
        json.writeNumberField("records", opening.records());
        json.writeNumberField("staged_records", opening.stagedRecords());
        json.writeNumberField("void_blocks", opening.voidBlocks());
        json.writeNumberField("blocks_behind_gap", opening.blocksBehindGap());
        json.writeNumberField("old_blocks", opening.oldBlocks());
        json.writeNumberField("damaged_blocks", opening.damagedBlocks());
        json.writeNumberField("damaged_records", opening.damagedRecords());
        json.writeNumberField("offline_zones", opening.offlineZones());
    }

    /// Labels in one column, figures in the next.
    private static final class Lines {
        private final StringBuilder text = new StringBuilder();

        void title(final String title) {
            text.append(text.isEmpty() ? "" : "\n").append(title).append('\n');
        }

        void add(final String label, final String figure) {
            text.append(String.format(Locale.ROOT, "  %-20s %s%n", label, figure));
        }

        String text() {
            return text.toString();
        }
    }
}
