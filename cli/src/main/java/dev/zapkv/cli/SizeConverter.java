/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Reads sizes such as `4096`, `64k`, `64m`, `4g`, `1t`; `KiB`, `MiB`, `GiB`, `TiB` mean the same. Units are powers of
/// 1024.
final class SizeConverter implements ITypeConverter<Long> {
    private static final Pattern SIZE = Pattern.compile("([0-9]+)(?:b|([kmgt])(?:ib)?)?");
    private static final String UNITS = "kmgt";

    SizeConverter() {}

    @Override
    public Long convert(final String text) {
        final Matcher matcher = SIZE.matcher(text.strip().toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new TypeConversionException("'" + text
                    + "' is not a size; write a whole number of bytes or with a unit: 4096, 64k, 64m, 4g, 1t");
        }
        final int shift = matcher.group(2) == null ? 0 : 10 * (UNITS.indexOf(matcher.group(2)) + 1);
        final long bytes = scale(matcher.group(1), shift, text);
        if (bytes == 0) {
            throw new TypeConversionException("'" + text + "' is no usable size; it must be greater than zero");
        }
        return bytes;
    }

    private static long scale(final String digits, final int shift, final String text) {
        try {
            return Math.multiplyExact(Long.parseLong(digits), 1L << shift);
        } catch (final NumberFormatException | ArithmeticException e) {
            throw new TypeConversionException(
                    "'" + text + "' is too large; the largest size is " + Long.MAX_VALUE + " bytes");
        }
    }
}
