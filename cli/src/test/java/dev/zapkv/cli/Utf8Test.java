/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class Utf8Test {
    private final Utf8 utf8 = new Utf8();

    @ParameterizedTest
    @CsvSource({
        "'', true",
        "00, true",
        "7f, true",
        "c3a4, true",
        "f09f9880, true",
        "efbfbf, true",
        "80, false",
        "c3, false",
        "c080, false", // overlong
        "eda080, false", // half a surrogate pair
        "f4908080, false", // beyond the last code point
        "61ff62, false",
    })
    void shouldTellTextFromBytes(final String hex, final boolean isText) {
        assertEquals(isText, utf8.isValid(HexFormat.of().parseHex(hex)));
    }

    @Test
    void shouldSeeBeyondItsBuffer() {
        final byte[] bytes = "ä".repeat(10_000).getBytes(StandardCharsets.UTF_8);
        assertEquals(true, utf8.isValid(bytes));
        bytes[bytes.length - 1] = 0;
        assertEquals(false, utf8.isValid(bytes));
        assertEquals(true, utf8.isValid(bytes, 0, bytes.length - 2));
    }

    @Test
    void shouldEncodeOnlyTextThatHasBytes() {
        assertArrayEquals(new byte[] {(byte) 0xC3, (byte) 0xA4}, Utf8.encodeOrNull("ä"));
        assertNull(Utf8.encodeOrNull("a\uD800"));
    }
}
