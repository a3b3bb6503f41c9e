/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.store.log.StagingFile;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The offset tables in the documentation say what the code does: they are read from the source.
class OffsetTableTest {
    private static final Pattern ROW =
            Pattern.compile("/// \\|\\s*([\\d,]+)\\s*\\|\\s*(\\d+|–)\\s*\\|[^|]*\\|\\s*(\\w+)\\s*\\|.*");

    /// One row of a table.
    private record Row(int offset, int size) {}

    @ParameterizedTest
    @ValueSource(
            classes = {
                BlockFormat.class,
                RecordFormat.class,
                LargeHead.class,
                ChunkKey.class,
                MetadataImage.class,
                CheckpointPart.class,
                PartPointer.class,
                ZoneNote.class,
                ChunkSetNote.class,
                StagingFile.class
            })
    void shouldDescribeFieldsThatFollowOneAnother(final Class<?> format) throws IOException {
        int end = 0;
        for (final Map.Entry<String, Row> row : table(format).entrySet()) {
            if (row.getValue().offset() == StagingFile.SLOTS_OFFSET) {
                continue;
            }
            assertEquals(end, row.getValue().offset(), () -> format + " field " + row.getKey());
            end += row.getValue().size();
        }
        assertTrue(end > 0, () -> "no table found in " + format);
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                BlockFormat.class,
                RecordFormat.class,
                LargeHead.class,
                ChunkKey.class,
                CheckpointPart.class,
                PartPointer.class,
                ZoneNote.class,
                ChunkSetNote.class
            })
    void shouldDescribeTheOffsetsInUse(final Class<?> format) throws IOException, IllegalAccessException {
        final Map<String, Row> table = table(format);
        int checked = 0;
        for (final Map.Entry<String, Row> row : table.entrySet()) {
            final Integer constant = constant(format, constantName(row.getKey()));
            if (constant != null) {
                assertEquals(constant, row.getValue().offset(), () -> format + " field " + row.getKey());
                checked++;
            }
        }
        assertTrue(checked >= table.size() - 1, format + ": only " + checked + " of " + table.size() + " fields");
    }

    @Test
    void shouldDescribeTheImageOffsetsInUse() throws IOException, IllegalAccessException {
        final Map<String, String> constants = Map.ofEntries(
                Map.entry("blockBytes", "BLOCK_BYTES_OFFSET"),
                Map.entry("capacityBytes", "CAPACITY_OFFSET"),
                Map.entry("hashSeed0", "SEED0_OFFSET"),
                Map.entry("hashSeed1", "SEED1_OFFSET"),
                Map.entry("epoch", "EPOCH_OFFSET"),
                Map.entry("settledBlock", "SETTLED_OFFSET"),
                Map.entry("nextGcBlock", "NEXT_GC_OFFSET"),
                Map.entry("closedCleanly", "CLOSED_OFFSET"),
                Map.entry("zoneLimit", "ZONE_LIMIT_OFFSET"),
                Map.entry("stagingLength", "STAGING_LENGTH_OFFSET"),
                Map.entry("voidCount", "VOID_COUNT_OFFSET"),
                Map.entry("generationCount", "GENERATION_COUNT_OFFSET"));
        assertDescribed(MetadataImage.class, constants);
    }

    @Test
    void shouldDescribeTheStagingOffsetsInUse() throws IOException, IllegalAccessException {
        final Map<String, String> constants = Map.of(
                "version", "VERSION_OFFSET",
                "storeIdHigh", "STORE_ID_HIGH_OFFSET",
                "storeIdLow", "STORE_ID_LOW_OFFSET",
                "epoch", "EPOCH_OFFSET",
                "blockBytes", "BLOCK_BYTES_OFFSET",
                "slotCount", "SLOT_COUNT_OFFSET",
                "allocated", "ALLOCATED_OFFSET");
        assertDescribed(StagingFile.class, constants);
    }

    private static void assertDescribed(final Class<?> format, final Map<String, String> constants)
            throws IOException, IllegalAccessException {
        final Map<String, Row> table = table(format);
        for (final Map.Entry<String, String> field : constants.entrySet()) {
            final Integer constant = constant(format, field.getValue());
            assertTrue(table.containsKey(field.getKey()), () -> format + " does not describe " + field.getKey());
            assertEquals(constant, table.get(field.getKey()).offset(), field.getKey());
        }
    }

    private static Map<String, Row> table(final Class<?> format) throws IOException {
        final Path source = Path.of("src", "main", "java", format.getName().replace('.', '/') + ".java");
        assertTrue(Files.exists(source), () -> source.toAbsolutePath() + " is missing: run the test in its module");
        final Map<String, Row> rows = new LinkedHashMap<>();
        for (final String line :
                Files.readString(source, StandardCharsets.UTF_8).lines().toList()) {
            final Matcher matcher = ROW.matcher(line);
            if (matcher.matches() && !matcher.group(2).equals("–")) {
                final int offset = Integer.parseInt(matcher.group(1).replace(",", ""));
                final Row row = new Row(offset, Integer.parseInt(matcher.group(2)));
                assertFalse(rows.containsKey(matcher.group(3)), () -> format + " describes twice: " + matcher.group(3));
                rows.put(matcher.group(3), row);
            }
        }
        return rows;
    }

    private static String constantName(final String field) {
        return field.replaceAll("([A-Z])", "_$1").toUpperCase(Locale.ROOT) + "_OFFSET";
    }

    private static Integer constant(final Class<?> format, final String name) throws IllegalAccessException {
        for (final Field field : format.getDeclaredFields()) {
            if (field.getName().equals(name)) {
                field.setAccessible(true);
                return field.getInt(null);
            }
        }
        return null;
    }
}
