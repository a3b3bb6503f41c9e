/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;

/// Reads one JSON object per line. Strict, since what it lets through cannot be told from what was meant: an
/// unknown or doubled field, a value that is no string, bytes that are no UTF-8 and text that has no bytes are all
/// refused.
final class JsonLinesReader implements EntryReader {
    private final LineReader lines;
    private final Utf8 utf8 = new Utf8();

    JsonLinesReader(final InputStream in) {
        this.lines = new LineReader(in);
    }

    @Override
    public long line() {
        return lines.number();
    }

    @Override
    public Entry next() throws IOException, MalformedEntryException {
        while (lines.next()) {
            if (!lines.isBlank()) {
                return parse();
            }
        }
        return null;
    }

    private Entry parse() throws IOException, MalformedEntryException {
        if (!utf8.isValid(lines.bytes(), 0, lines.length())) {
            throw malformed("the line is not UTF-8; binary keys and values go into key64 and value64 as Base64");
        }
        try (JsonParser parser = JsonLines.FACTORY.createParser(lines.bytes(), 0, lines.length())) {
            final Entry entry = parseObject(parser);
            if (parser.nextToken() != null) {
                throw malformed("there is more behind the object; each line holds one");
            }
            return entry;
        } catch (final JsonProcessingException e) {
            final int column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
            throw new MalformedEntryException(
                    line(), "no valid JSON at column " + column + ": " + e.getOriginalMessage(), e);
        }
    }

    private Entry parseObject(final JsonParser parser) throws IOException, MalformedEntryException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw malformed("expected an object such as {\"key\":\"…\",\"value\":\"…\"}");
        }
        byte[] key = null;
        byte[] value = null;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            final String field = parser.currentName();
            switch (field) {
                case JsonLines.KEY, JsonLines.KEY_BASE64 -> key = parseField(parser, field, key, "key");
                case JsonLines.VALUE, JsonLines.VALUE_BASE64 -> value = parseField(parser, field, value, "value");
                default -> throw malformed("unknown field '" + field + "'; there are key, key64, value and value64");
            }
        }
        if (key == null || value == null) {
            throw malformed(key == null ? "key (or key64) is missing" : "value (or value64) is missing");
        }
        return new Entry(key, value);
    }

    private byte[] parseField(final JsonParser parser, final String field, final byte[] previous, final String part)
            throws IOException, MalformedEntryException {
        if (previous != null) {
            throw malformed("the " + part + " is given twice");
        }
        if (parser.nextToken() != JsonToken.VALUE_STRING) {
            throw malformed("'" + field + "' must be a string");
        }
        if (field.endsWith("64")) {
            return parser.getBinaryValue(JsonLines.BASE64);
        }
        final byte[] bytes = Utf8.encodeOrNull(parser.getText());
        if (bytes == null) {
            throw malformed("'" + field + "' holds half a surrogate pair, which has no UTF-8; use " + part + "64");
        }
        return bytes;
    }

    private MalformedEntryException malformed(final String reason) {
        return new MalformedEntryException(line(), reason);
    }
}
