/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import java.util.Locale;

/// Counts and sizes on the command line, and in print.
public final class Quantity {
    private static final long KIB = 1L << 10;
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;
    private static final long THOUSAND = 1_000;
    private static final long MILLION = 1_000_000;

    private Quantity() {}

    /// A count; {@code k} and {@code m} stand for thousand and million.
    public static long count(final String option, final String text, final long least, final long most) {
        return parse(
                option, "a count such as 500, 20k or 2m", text, least, most, THOUSAND, MILLION, THOUSAND * MILLION);
    }

    /// A size; {@code k}, {@code m} and {@code g} stand for KiB, MiB and GiB.
    public static long bytes(final String option, final String text, final long least, final long most) {
        return parse(option, "a size such as 1000, 512m or 4g", text, least, most, KIB, MIB, GIB);
    }

    /// Any whole number.
    public static long whole(final String option, final String text) {
        try {
            return Long.parseLong(text.strip());
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException(option + " is a whole number, not '" + text + "'", e);
        }
    }

    /// For people: 4 GiB, 1.5 MiB.
    public static String ofBytes(final long bytes) {
        if (bytes >= GIB) {
            return decimal((double) bytes / GIB) + " GiB";
        }
        return bytes >= MIB ? decimal((double) bytes / MIB) + " MiB" : decimal((double) bytes / KIB) + " KiB";
    }

    private static String decimal(final double value) {
        final String text = String.format(Locale.ROOT, "%.1f", value);
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }

    private static long parse(
            final String option,
            final String expected,
            final String text,
            final long least,
            final long most,
            final long k,
            final long m,
            final long g) {
        final String stripped = text.strip().toLowerCase(Locale.ROOT);
        final char last = stripped.isEmpty() ? ' ' : stripped.charAt(stripped.length() - 1);
        final long unit = switch (last) {
            case 'k' -> k;
            case 'm' -> m;
            case 'g' -> g;
            default -> 1;
        };
        final long value;
        try {
            final String digits = unit == 1 ? stripped : stripped.substring(0, stripped.length() - 1);
            value = Math.multiplyExact(Long.parseLong(digits), unit);
        } catch (final NumberFormatException | ArithmeticException e) {
            throw new IllegalArgumentException(option + " is " + expected + ", not '" + text + "'", e);
        }
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    option + " must be between " + least + " and " + most + ", not " + text.strip());
        }
        return value;
    }
}
