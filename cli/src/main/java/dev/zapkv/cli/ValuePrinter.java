/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// Prints values for people without letting one of them send control sequences to their terminal, and for programs as
/// they are.
final class ValuePrinter {
    private final Terminal terminal;
    private final BinaryText form;
    private final boolean raw;
    private final Utf8 utf8 = new Utf8();

    ValuePrinter(final Terminal terminal, final BinaryText form, final boolean raw) {
        this.terminal = terminal;
        this.form = form;
        this.raw = raw;
    }

    void print(final byte[] value) throws IOException {
        if (raw) {
            terminal.out().write(value);
            return;
        }
        if (BinaryText.isText(form) && terminal.outIsTerminal() && !isPrintable(value)) {
            terminal.out().write(HexFormat.of().formatHex(value).getBytes(StandardCharsets.US_ASCII));
            terminal.err()
                    .println(
                            "zapkv: the value is not printable text and is shown in hexadecimal; --raw prints its bytes");
        } else {
            terminal.out().write(BinaryText.encode(form, value));
        }
        terminal.out().write('\n');
    }

    private boolean isPrintable(final byte[] value) {
        return utf8.isValid(value)
                && new String(value, StandardCharsets.UTF_8)
                        .chars()
                        .allMatch(character -> !Character.isISOControl(character)
                                || character == '\n'
                                || character == '\t'
                                || character == '\r');
    }
}
