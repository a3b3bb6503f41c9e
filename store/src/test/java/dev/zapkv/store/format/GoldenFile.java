/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// A file of hexadecimal bytes with remarks behind {@code #}: what a format looked like when it was fixed.
public final class GoldenFile {
    private GoldenFile() {}

    /// The bytes of a file.
    public static byte[] read(final String name) throws IOException {
        final String path = "/golden/" + name + ".hex";
        try (InputStream in = GoldenFile.class.getResourceAsStream(path)) {
            assertNotNull(in, () -> "no test resource " + path);
            final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (final String line : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                final int remark = line.indexOf('#');
                bytes.write(HexFormat.of().parseHex((remark < 0 ? line : line.substring(0, remark)).replace(" ", "")));
            }
            return bytes.toByteArray();
        }
    }

    /// Checks that memory begins with a file's bytes.
    public static void assertMatches(final String name, final MemorySegment memory) throws IOException {
        final byte[] expected = read(name);
        final byte[] actual = memory.asSlice(0, expected.length).toArray(ValueLayout.JAVA_BYTE);
        // Compared as text, 16 bytes a line, so that a difference can be read.
        assertEquals(lines(expected), lines(actual), () -> name + ".hex");
    }

    private static String lines(final byte[] bytes) {
        final StringBuilder text = new StringBuilder();
        for (int at = 0; at < bytes.length; at += 16) {
            text.append(String.format("%5d  ", at))
                    .append(HexFormat.ofDelimiter(" ").formatHex(bytes, at, Math.min(at + 16, bytes.length)))
                    .append('\n');
        }
        return text.toString();
    }
}
