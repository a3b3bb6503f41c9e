/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.zapkv.DriveSummary;
import dev.zapkv.Location;
import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.ZoneGeometry;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// One place a store can lie on, or the reason why that is not known.
///
/// @param location where
/// @param summary  what was found, or null
/// @param refusal  why nothing was, or null
/// @param seen     what is known all the same, by name
record DeviceReport(Location location, DriveSummary summary, String refusal, Map<String, Object> seen) {
    DeviceReport {
        seen = Collections.unmodifiableMap(new LinkedHashMap<>(seen));
    }

    /// For people.
    String format() {
        final StringBuilder text = new StringBuilder().append(location).append('\n');
        if (summary == null) {
            text.append("  not usable: ").append(refusal).append('\n');
            if (!seen.isEmpty()) {
                text.append("  seen in sysfs: ")
                        .append(QueueFacts.describe(seen))
                        .append('\n');
            }
            return text.append('\n').toString();
        }
        final ZoneGeometry zones = summary.geometry();
        if (location.isDrive()) {
            line(text, "zones", zones(zones), "");
            line(text, "in use", inUse(), "");
            if (!summary.obstacle().isEmpty()) {
                line(text, "a store", "not possible: " + summary.obstacle(), "");
            }
            line(text, "open, active", limit(zones.maxOpen()) + ", " + limit(zones.maxActive()), "");
        } else {
            line(text, "zones", "files, made as they are needed", "");
        }
        line(text, "largest append", Human.bytes(zones.maxAppend()), "");
        line(text, "zone append", summary.capabilities().nativeAppend() ? "native" : "emulated", "");
        line(text, "asynchronous I/O", summary.capabilities().asynchronousIo(), "");
        for (final Capability capability : summary.capabilities().details()) {
            final String fallback = capability.fallback().isEmpty() ? "" : "; instead: " + capability.fallback();
            line(text, capability.name(), capability.value(), "(" + capability.learnedBy() + ")" + fallback);
        }
        return text.append('\n').toString();
    }

    private String inUse() {
        return Human.count(summary.zonesInUse(), "zone", "zones") + ", " + Human.bytes(summary.bytesWritten())
                + (summary.holdsStore() ? ", a ZapKV store" : "")
                + (summary.zonesFailed() == 0 ? "" : "; " + summary.zonesFailed() + " failed");
    }

    private static String zones(final ZoneGeometry zones) {
        return Human.count(zones.zoneCount()) + " of " + Human.bytes(zones.zoneCapacity())
                + (zones.zoneSize() == zones.zoneCapacity() ? "" : ", " + Human.bytes(zones.zoneSize()) + " apart")
                + ", in blocks of " + zones.blockSize();
    }

    private static String limit(final int zones) {
        return zones == 0 ? "unlimited" : Integer.toString(zones);
    }

    private static void line(final StringBuilder text, final String name, final String value, final String remark) {
        text.append(String.format(Locale.ROOT, "  %-22s %s  %s", name, value, remark)
                        .stripTrailing())
                .append('\n');
    }

    /// For programs.
    void writeJson(final JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("location", location.toString());
        json.writeBooleanField("usable", summary != null);
        if (summary == null) {
            json.writeStringField("reason", refusal);
            if (!seen.isEmpty()) {
                json.writeObjectFieldStart("seen");
                for (final Map.Entry<String, Object> fact : seen.entrySet()) {
                    json.writeFieldName(fact.getKey());
                    // A number or a text.
                    json.writeObject(fact.getValue());
                }
                json.writeEndObject();
            }
        } else {
            final ZoneGeometry zones = summary.geometry();
            json.writeNumberField("block_bytes", zones.blockSize());
            json.writeNumberField("max_append_bytes", zones.maxAppend());
            if (location.isDrive()) {
                json.writeNumberField("zone_size_bytes", zones.zoneSize());
                json.writeNumberField("zone_capacity_bytes", zones.zoneCapacity());
                json.writeNumberField("zones", zones.zoneCount());
                json.writeNumberField("max_open", zones.maxOpen());
                json.writeNumberField("max_active", zones.maxActive());
                json.writeNumberField("zones_in_use", summary.zonesInUse());
                json.writeNumberField("zones_failed", summary.zonesFailed());
                json.writeNumberField("written_bytes", summary.bytesWritten());
                json.writeBooleanField("holds_store", summary.holdsStore());
                json.writeStringField("obstacle", summary.obstacle());
            }
            json.writeBooleanField("native_append", summary.capabilities().nativeAppend());
            json.writeBooleanField("volatile_cache", summary.capabilities().volatileCache());
            json.writeStringField("asynchronous_io", summary.capabilities().asynchronousIo());
            json.writeArrayFieldStart("capabilities");
            for (final Capability capability : summary.capabilities().details()) {
                json.writeStartObject();
                json.writeStringField("name", capability.name());
                json.writeStringField("value", capability.value());
                json.writeStringField("learned_by", capability.learnedBy());
                json.writeStringField("fallback", capability.fallback());
                json.writeEndObject();
            }
            json.writeEndArray();
        }
        json.writeEndObject();
    }
}
