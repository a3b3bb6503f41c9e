/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// What sysfs tells everybody of a block device, without opening it: for drives that this user may not open.
///
/// @param directory its queue's directory in sysfs
record QueueFacts(Path directory) {
    private static final long SECTOR = 512;

    /// Whether it is known to have no zones.
    boolean isOrdinary() throws IOException {
        return text("zoned").equals("none");
    }

    /// Whether it is known to have zones.
    boolean isZoned() throws IOException {
        final String model = text("zoned");
        return !model.isEmpty() && !model.equals("none");
    }

    /// Names and values, as programs want them; empty if nothing is to be seen.
    Map<String, Object> all() throws IOException {
        final Map<String, Object> facts = new LinkedHashMap<>();
        if (isZoned()) {
            facts.put("zone_model", text("zoned"));
            number(facts, "zones", "nr_zones", 1);
            number(facts, "zone_size_bytes", "chunk_sectors", SECTOR);
            number(facts, "block_bytes", "logical_block_size", 1);
            number(facts, "max_open", "max_open_zones", 1);
            number(facts, "max_active", "max_active_zones", 1);
            number(facts, "zone_append_max_bytes", "zone_append_max_bytes", 1);
        }
        return facts;
    }

    /// The same in words.
    static String describe(final Map<String, Object> facts) {
        final StringBuilder words = new StringBuilder();
        facts.forEach((name, value) -> words.append(words.isEmpty() ? "" : ", ")
                .append(name.replace('_', ' ').replace(" bytes", ""))
                .append(' ')
                .append(value instanceof final Long bytes && name.endsWith("_bytes") ? Human.bytes(bytes) : value));
        return words.toString();
    }

    private void number(final Map<String, Object> facts, final String name, final String attribute, final long unit)
            throws IOException {
        final String text = text(attribute);
        if (text.matches("\\d{1,15}")) {
            facts.put(name, Long.parseLong(text) * unit);
        }
    }

    private String text(final String attribute) throws IOException {
        final Path file = directory.resolve(attribute);
        return Files.isReadable(file) ? Files.readString(file).strip() : "";
    }
}
