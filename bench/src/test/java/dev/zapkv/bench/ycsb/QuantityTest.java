/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantityTest {
    @ParameterizedTest
    @CsvSource({"1,1", "500,500", "20k,20000", "2m,2000000", "1G,1000000000", "' 7 ',7"})
    void shouldReadCountsWithDecimalSuffixes(final String text, final long expected) {
        assertEquals(expected, Quantity.count("--records", text, 1, Long.MAX_VALUE));
    }

    @ParameterizedTest
    @CsvSource({"1000,1000", "1k,1024", "512m,536870912", "4g,4294967296", "4G,4294967296"})
    void shouldReadSizesWithBinarySuffixes(final String text, final long expected) {
        assertEquals(expected, Quantity.bytes("--memory", text, 1, Long.MAX_VALUE));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", " ", "k", "abc", "1.5", "1e6", "0x10", "99999999999999999999", "9999999999999999g", "4gb"})
    void shouldNameOptionAndTextOfWhatIsNoNumber(final String text) {
        final IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> Quantity.bytes("--memory", text, 1, Long.MAX_VALUE));
        assertEquals("--memory is a size such as 1000, 512m or 4g, not '" + text + "'", e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "11"})
    void shouldNameTheRangeOfWhatIsOutsideIt(final String text) {
        final IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> Quantity.count("--threads", text, 1, 10));
        assertEquals("--threads must be between 1 and 10, not " + text, e.getMessage());
    }

    @Test
    void shouldPrintSizesForPeople() {
        assertEquals("4 GiB", Quantity.ofBytes(4L << 30));
        assertEquals("1.5 MiB", Quantity.ofBytes(3L << 19));
        assertEquals("0.5 KiB", Quantity.ofBytes(512));
    }
}
