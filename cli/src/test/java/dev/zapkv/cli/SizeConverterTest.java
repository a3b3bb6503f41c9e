/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

final class SizeConverterTest {
    private final SizeConverter converter = new SizeConverter();

    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "4096, 4096",
        "4096b, 4096",
        "64k, 65536",
        "64K, 65536",
        "64m, 67108864",
        "64MiB, 67108864",
        "4g, 4294967296",
        "1T, 1099511627776",
        "' 8m ', 8388608",
        "9223372036854775807, 9223372036854775807",
    })
    void shouldReadSizes(final String text, final long bytes) {
        assertEquals(bytes, converter.convert(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "-1", "-64m", "+1", "1.5g", "m", "64mm", "64mb", "64 m", "1e9", "0x10", "NaN", "1_000", "٣"})
    void shouldRefuseWhatIsNoSize(final String text) {
        final TypeConversionException e = assertThrows(TypeConversionException.class, () -> converter.convert(text));
        assertTrue(e.getMessage().contains("is not a size"), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"9223372036854775808", "8388608t", "9007199254740992k", "99999999999999999999999"})
    void shouldRefuseOverflow(final String text) {
        final TypeConversionException e = assertThrows(TypeConversionException.class, () -> converter.convert(text));
        assertTrue(e.getMessage().contains("is too large"), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "0g"})
    void shouldRefuseZero(final String text) {
        final TypeConversionException e = assertThrows(TypeConversionException.class, () -> converter.convert(text));
        assertTrue(e.getMessage().contains("greater than zero"), e.getMessage());
    }
}
