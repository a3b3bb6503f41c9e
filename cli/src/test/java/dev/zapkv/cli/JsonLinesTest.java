/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonLinesTest {
    private static final int MIB = 1 << 20;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 20_260_101})
    void shouldReadBackTheVeryBytesItWrote(final long seed) throws Exception {
        final Random random = new Random(seed);
        final List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            entries.add(new Entry(randomBytes(random, 40), randomBytes(random, 300)));
        }
        final JsonLinesReader reader = reader(write(entries));
        for (int i = 0; i < entries.size(); i++) {
            final Entry entry = reader.next();
            assertNotNull(entry, "seed=" + seed + " i=" + i);
            assertArrayEquals(entries.get(i).key(), entry.key(), "seed=" + seed + " i=" + i);
            assertArrayEquals(entries.get(i).value(), entry.value(), "seed=" + seed + " i=" + i);
            assertEquals(i + 1, reader.line(), "seed=" + seed);
        }
        assertNull(reader.next(), "seed=" + seed);
    }

    /// A mix of text in several scripts, of text damaged in one byte, and of arbitrary bytes.
    private static byte[] randomBytes(final Random random, final int longest) {
        final int length = random.nextInt(longest);
        final byte[] bytes = new byte[length];
        if (random.nextInt(3) == 0) {
            random.nextBytes(bytes);
            return bytes;
        }
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            final int bound = new int[] {0x80, 0x800, 0xD800, 0x110000}[random.nextInt(4)];
            final int character = random.nextInt(bound);
            text.appendCodePoint(character >= 0xD800 && character < 0xE000 ? 'x' : character);
        }
        final byte[] encoded = text.toString().getBytes(StandardCharsets.UTF_8);
        if (encoded.length > 0 && random.nextInt(3) == 0) {
            encoded[random.nextInt(encoded.length)] = (byte) random.nextInt(256);
        }
        return encoded;
    }

    @Test
    void shouldWriteTextAsTextAndBytesAsBase64() throws Exception {
        final List<Entry> entries = List.of(
                new Entry(utf8("ключ \"1\""), utf8("a\nb\u0000\t\uD83D\uDE00")),
                new Entry(new byte[] {(byte) 0xFF}, new byte[] {(byte) 0xC0, (byte) 0x80}));
        assertEquals("""
                {"key":"ключ \\"1\\"","value":"a\\nb\\u0000\\t\uD83D\uDE00"}
                {"key64":"/w==","value64":"wIA="}
                """, new String(write(entries), StandardCharsets.UTF_8));
    }

    @Test
    void shouldReadValuesOfManyMebibytesInOneLine() throws Exception {
        final byte[] text = utf8("ä\n".repeat(8 * MIB));
        final byte[] binary = new byte[24 * MIB];
        new Random(7).nextBytes(binary);
        final JsonLinesReader reader =
                reader(write(List.of(new Entry(utf8("text"), text), new Entry(utf8("binary"), binary))));
        assertArrayEquals(text, reader.next().value());
        assertArrayEquals(binary, reader.next().value());
        assertNull(reader.next());
    }

    @Test
    void shouldTakeBlankLinesSpacesCarriageReturnsAndAMissingLastLineFeed() throws Exception {
        final JsonLinesReader reader = reader(
                utf8("\n \t\r\n { \"value\" : \"v\" , \"key64\" : \"aw==\" } \r\n\n{\"key\":\"k\",\"value\":\"\"}"));
        final Entry first = reader.next();
        assertEquals(3, reader.line());
        assertArrayEquals(utf8("k"), first.key());
        assertArrayEquals(utf8("v"), first.value());
        assertEquals(0, reader.next().value().length);
        assertEquals(5, reader.line());
        assertNull(reader.next());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"key\":\"a\"} | value (or value64) is missing",
                "{\"value\":\"a\"} | key (or key64) is missing",
                "{} | is missing",
                "{\"key\":\"a\",\"value\":\"b\",\"ttl\":1} | unknown field 'ttl'",
                "{\"key\":\"a\",\"key64\":\"YQ==\",\"value\":\"b\"} | the key is given twice",
                "{\"key\":\"a\",\"value\":\"b\",\"value\":\"c\"} | the value is given twice",
                "{\"key\":\"a\",\"value\":null} | 'value' must be a string",
                "{\"key\":1,\"value\":\"b\"} | 'key' must be a string",
                "{\"key\":\"a\",\"value\":{\"x\":1}} | 'value' must be a string",
                "{\"key\":\"a\",\"value\":[[[[\"b\"]]]]} | 'value' must be a string",
                "{\"key\":\"a\",\"value\":\"b\"} {\"key\":\"c\",\"value\":\"d\"} | more behind the object",
                "{\"key\":\"a\",\"value\":\"b\"} x | no valid JSON at column",
                "{\"key\":\"a\",\"value\":\"b\" | no valid JSON at column",
                "{\"key\":\"a\",\"value\":\"b | no valid JSON at column",
                "{\"key\":\"a\",\"value\":\"\\ud800\"} | half a surrogate pair",
                "{\"key\":\"a\",\"value64\":\"YQ\"} | no valid JSON at column",
                "{\"key\":\"a\",\"value64\":\"Y*==\"} | no valid JSON at column",
                "[\"a\",\"b\"] | expected an object",
                "hello | no valid JSON",
            })
    void shouldRefuseALineThatIsNoEntryAndNameIt(final String line, final String reason) throws Exception {
        final JsonLinesReader reader = reader(utf8("{\"key\":\"good\",\"value\":\"1\"}\n" + line + "\n"));
        assertNotNull(reader.next());
        final MalformedEntryException e = assertThrows(MalformedEntryException.class, reader::next);
        assertEquals(2, e.line());
        assertTrue(e.getMessage().contains(reason), e.getMessage());
    }

    @Test
    void shouldRefuseBytesThatAreNoUtf8() {
        final byte[] line = "{\"key\":\"a\",\"value\":\"\u00ff\"}".getBytes(StandardCharsets.ISO_8859_1);
        final MalformedEntryException e =
                assertThrows(MalformedEntryException.class, () -> reader(line).next());
        assertTrue(e.getMessage().contains("not UTF-8"), e.getMessage());
    }

    private static JsonLinesReader reader(final byte[] bytes) {
        return new JsonLinesReader(new ByteArrayInputStream(bytes));
    }

    private static byte[] write(final List<Entry> entries) throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonLinesWriter writer = new JsonLinesWriter(out)) {
            for (final Entry entry : entries) {
                writer.write(entry.key(), entry.value());
            }
        }
        return out.toByteArray();
    }

    private static byte[] utf8(final String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
