/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;

/// Writes one JSON object per line: what {@link JsonLinesReader} reads back as the very same bytes.
final class JsonLinesWriter implements Closeable {
    private final JsonGenerator generator;
    private final Utf8 utf8 = new Utf8();

    /// @param out left open by {@link #close}
    JsonLinesWriter(final OutputStream out) throws IOException {
        generator = JsonLines.FACTORY
                .createGenerator(out)
                .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
                .setRootValueSeparator(null);
    }

    /// One line.
    void write(final byte[] key, final byte[] value) throws IOException {
        generator.writeStartObject();
        writeField(JsonLines.KEY, JsonLines.KEY_BASE64, key);
        writeField(JsonLines.VALUE, JsonLines.VALUE_BASE64, value);
        generator.writeEndObject();
        generator.writeRaw('\n');
    }

    /// One line for a key without a value: `"value":null`, which the reader refuses, since it is no entry.
    void writeAbsent(final byte[] key) throws IOException {
        generator.writeStartObject();
        writeField(JsonLines.KEY, JsonLines.KEY_BASE64, key);
        generator.writeNullField(JsonLines.VALUE);
        generator.writeEndObject();
        generator.writeRaw('\n');
    }

    /// Passes everything on to the stream.
    void flush() throws IOException {
        generator.flush();
    }

    @Override
    public void close() throws IOException {
        generator.close();
    }

    private void writeField(final String textName, final String base64Name, final byte[] bytes) throws IOException {
        writeField(generator, utf8, textName, base64Name, bytes);
    }

    /// Text where the bytes are text, else Base64 under the other name.
    static void writeField(
            final JsonGenerator generator,
            final Utf8 utf8,
            final String textName,
            final String base64Name,
            final byte[] bytes)
            throws IOException {
        if (utf8.isValid(bytes)) {
            generator.writeFieldName(textName);
            generator.writeUTF8String(bytes, 0, bytes.length);
        } else {
            generator.writeFieldName(base64Name);
            generator.writeBinary(JsonLines.BASE64, bytes, 0, bytes.length);
        }
    }
}
