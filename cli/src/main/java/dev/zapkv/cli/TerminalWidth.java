/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// How many columns the terminal has.
final class TerminalWidth {
    private static final int NARROWEST = 20;
    private static final int WIDEST = 1000;
    private static final Path CONTROLLING_TERMINAL = Path.of("/dev/tty");

    private TerminalWidth() {}

    /// `COLUMNS` if it is set; what the terminal says if there is one; else {@link Terminal#DEFAULT_WIDTH}.
    static int detect(final boolean isTerminal) {
        final int fromEnvironment = parse(System.getenv("COLUMNS"));
        if (fromEnvironment > 0) {
            return fromEnvironment;
        }
        final int fromTerminal = isTerminal && Files.isReadable(CONTROLLING_TERMINAL) ? ask() : 0;
        return fromTerminal > 0 ? fromTerminal : Terminal.DEFAULT_WIDTH;
    }

    /// The number in a text if it is a sensible width, else 0.
    static int parse(final String text) {
        if (text == null || !text.strip().matches("[0-9]{1,5}")) {
            return 0;
        }
        final int columns = Integer.parseInt(text.strip());
        return columns < NARROWEST || columns > WIDEST ? 0 : columns;
    }

    private static int ask() {
        final ProcessBuilder stty = new ProcessBuilder("stty", "size")
                .redirectInput(CONTROLLING_TERMINAL.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        try {
            final Process process = stty.start();
            final String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            return process.waitFor() == 0 ? parse(answer.substring(answer.indexOf(' ') + 1)) : 0;
        } catch (final IOException e) {
            return 0; // no stty: the default width does
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        }
    }
}
