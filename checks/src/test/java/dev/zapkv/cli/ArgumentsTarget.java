/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.zapkv.ConfigurationException;
import dev.zapkv.Location;
import dev.zapkv.checks.fuzz.FuzzInput;
import dev.zapkv.checks.fuzz.FuzzTarget;
import dev.zapkv.io.ZoneRange;
import java.util.List;
import picocli.CommandLine.TypeConversionException;

/// Arguments of commands: sizes, ranges of zones, locations.
public final class ArgumentsTarget implements FuzzTarget {
    private final SizeConverter sizes = new SizeConverter();

    @Override
    public List<byte[]> seeds() {
        return List.of(
                        "\0" + "64MiB",
                        "\0" + "4096",
                        "\1" + "0-63",
                        "\1" + "64-",
                        "\2" + "nvme:/dev/ng0n1",
                        "\2" + "data")
                .stream()
                .map(text -> text.getBytes(US_ASCII))
                .toList();
    }

    @Override
    public void run(final byte[] bytes) {
        final FuzzInput input = new FuzzInput(bytes);
        final int kind = input.u8() % 3;
        final String text = new String(input.rest(), ISO_8859_1);
        try {
            switch (kind) {
                case 0 -> require(sizes.convert(text) > 0, text);
                case 1 ->
                    require(ZoneRange.parse(ZoneRange.parse(text).toString()).equals(ZoneRange.parse(text)), text);
                default ->
                    require(Location.parse(Location.parse(text).toString()).equals(Location.parse(text)), text);
            }
        } catch (final TypeConversionException | ConfigurationException e) {
            // as documented
            return;
        } catch (final IllegalArgumentException e) {
            require(kind == 1, text);
        }
    }

    private static void require(final boolean holds, final String text) {
        if (!holds) {
            throw new AssertionError("'" + text + "' is read wrongly");
        }
    }
}
