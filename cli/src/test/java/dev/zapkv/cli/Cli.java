/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;

/// Runs commands in this process against streams of memory and a clock that a test moves.
final class Cli {
    private final AtomicLong nowNs = new AtomicLong();
    private byte[] input = new byte[0];
    private boolean outIsTerminal;
    private boolean errIsTerminal;
    private Charset charset = StandardCharsets.UTF_8;
    private int width = 80;

    Cli input(final String text) {
        return input(text.getBytes(StandardCharsets.UTF_8));
    }

    Cli input(final byte[] bytes) {
        input = bytes;
        return this;
    }

    Cli outIsTerminal(final boolean is) {
        outIsTerminal = is;
        return this;
    }

    Cli errIsTerminal(final boolean is) {
        errIsTerminal = is;
        return this;
    }

    Cli charset(final Charset newCharset) {
        charset = newCharset;
        return this;
    }

    Cli width(final int columns) {
        width = columns;
        return this;
    }

    void advance(final long ns) {
        nowNs.addAndGet(ns);
    }

    Terminal terminal(final ByteArrayOutputStream out, final ByteArrayOutputStream err) {
        return new Terminal(
                new ByteArrayInputStream(input),
                out,
                new PrintStream(err, true, StandardCharsets.UTF_8),
                outIsTerminal,
                errIsTerminal,
                charset,
                () -> width,
                false,
                nowNs::get);
    }

    Result run(final Object... arguments) {
        final String[] texts = new String[arguments.length];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = arguments[i].toString();
        }
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final ByteArrayOutputStream err = new ByteArrayOutputStream();
        final int exitCode = Main.execute(terminal(out, err), texts);
        return new Result(exitCode, out.toString(charset), err.toString(StandardCharsets.UTF_8));
    }

    /// What a command returned and printed.
    record Result(int exitCode, String out, String err) {}
}
