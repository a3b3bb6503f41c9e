/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.ConfigurationException;
import dev.zapkv.Location;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Reads where a store lies.
final class LocationConverter implements ITypeConverter<Location> {
    LocationConverter() {}

    @Override
    public Location convert(final String value) {
        try {
            return Location.parse(value);
        } catch (final ConfigurationException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
