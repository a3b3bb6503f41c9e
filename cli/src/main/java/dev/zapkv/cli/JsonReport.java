/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;

/// One JSON object on one line, for `--json`. Always UTF-8; names are snake case, sizes are exact bytes.
final class JsonReport {
    private JsonReport() {}

    /// Writes the fields of an object.
    @FunctionalInterface
    interface Fields {
        void write(JsonGenerator json) throws IOException;
    }

    /// Writes the object and ends the line; the stream stays open.
    static void write(final OutputStream out, final Fields fields) throws IOException {
        final JsonGenerator json =
                JsonLines.FACTORY.createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
        try (json) {
            json.writeStartObject();
            fields.write(json);
            json.writeEndObject();
            json.writeRaw('\n');
        }
    }
}
