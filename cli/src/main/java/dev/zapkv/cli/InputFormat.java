/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// What `load` reads.
enum InputFormat {
    /// One JSON object per line.
    JSON_LINES("json-lines"),
    /// Paragraphs of fields, as dpkg and apt keep them.
    DEBIAN_CONTROL("debian-control");

    private final String label;

    InputFormat(final String label) {
        this.label = label;
    }

    /// As written on the command line.
    String label() {
        return label;
    }

    /// Reads the name of a format.
    static final class Converter implements ITypeConverter<InputFormat> {
        Converter() {}

        @Override
        public InputFormat convert(final String text) {
            final List<InputFormat> formats = List.of(values());
            return formats.stream()
                    .filter(format -> format.label.equals(text))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException("'" + text + "' is no format; there are "
                            + String.join(
                                    " and ",
                                    formats.stream().map(InputFormat::label).toList())));
        }
    }

    /// The format whose files begin like this, or null. {@code start} is what there is before the end of the file or of
    /// the look-ahead.
    static InputFormat detect(final byte[] start) {
        for (final byte character : start) {
            if (character == '{') {
                return JSON_LINES;
            }
            if (character > ' ') {
                // also a comment: JSON has none
                return character == '#' || isFieldStart(start) ? DEBIAN_CONTROL : null;
            }
            if (character < 0) {
                return null;
            }
        }
        return JSON_LINES; // nothing but white space: no entries in either format
    }

    private static boolean isFieldStart(final byte[] start) {
        final String text = new String(start, StandardCharsets.ISO_8859_1).strip();
        return Arrays.stream(text.split("\n", 2)).findFirst().orElse("").matches("[!-9;-~]+:.*\r?");
    }
}
