/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HumanTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "1023, 1023 B",
        "1024, 1.0 KiB",
        "1536, 1.5 KiB",
        "1048575, 1.0 MiB",
        "67108864, 64.0 MiB",
        "9223372036854775807, 8.0 EiB",
    })
    void shouldScaleBytes(final long bytes, final String text) {
        assertEquals(text, Human.bytes(bytes));
    }

    @Test
    void shouldGroupCountsAndChooseTheirNoun() {
        assertEquals("1,234,567", Human.count(1_234_567));
        assertEquals("1 zone", Human.count(1, "zone", "zones"));
        assertEquals("0 zones", Human.count(0, "zone", "zones"));
    }

    @Test
    void shouldHaveNoShareOfNothing() {
        assertEquals("-", Human.percent(0, 0));
        assertEquals("66.7 %", Human.percent(2, 3));
    }

    @ParameterizedTest
    @CsvSource({"0, 0:00", "59400000000, 0:59", "61000000000, 1:01", "3661000000000, 1:01:01", "-5, 0:00"})
    void shouldTellTheTime(final long durationNs, final String text) {
        assertEquals(text, Human.clock(durationNs));
    }
}
