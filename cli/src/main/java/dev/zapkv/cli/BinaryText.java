/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import picocli.CommandLine.Option;

/// How keys and values are written on the command line and printed: UTF-8 text, or one of these for any bytes.
final class BinaryText {
    @Option(names = "--hex", description = "Keys and values are hexadecimal digits, on the command line and printed.")
    private boolean hex;

    @Option(names = "--base64", description = "Keys and values are Base64, on the command line and printed.")
    private boolean base64;

    BinaryText() {}

    /// The bytes that an argument stands for; {@code what} names it in the error.
    static byte[] decode(final BinaryText form, final String argument, final String what) {
        try {
            if (isText(form)) {
                return decodeText(argument, what);
            }
            return form.hex
                    ? HexFormat.of().parseHex(argument)
                    : Base64.getDecoder().decode(argument);
        } catch (final IllegalArgumentException e) {
            throw CommandException.usage(what + " '" + argument + "' is not " + (form.hex ? "hexadecimal" : "Base64")
                    + ": " + e.getMessage());
        }
    }

    /// The bytes to print for a key or value.
    static byte[] encode(final BinaryText form, final byte[] bytes) {
        if (isText(form)) {
            return bytes;
        }
        return form.hex
                ? HexFormat.of().formatHex(bytes).getBytes(StandardCharsets.US_ASCII)
                : Base64.getEncoder().encode(bytes);
    }

    /// Whether neither option was given.
    static boolean isText(final BinaryText form) {
        return form == null || !(form.hex || form.base64);
    }

    private static byte[] decodeText(final String argument, final String what) {
        final byte[] bytes = Utf8.encodeOrNull(argument);
        if (bytes == null) {
            throw CommandException.usage(what + " is not text that UTF-8 can hold. Give it with --hex or --base64.");
        }
        return bytes;
    }
}
