/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.io.ZoneRange;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Reads a range of zones such as {@code 0-63}.
final class ZoneRangeConverter implements ITypeConverter<ZoneRange> {
    ZoneRangeConverter() {}

    @Override
    public ZoneRange convert(final String value) {
        try {
            return ZoneRange.parse(value);
        } catch (final IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
