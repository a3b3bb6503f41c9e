/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/// The world outside a command: its streams, what is known of the terminal behind them, and the clock.
///
/// @param in            standard input
/// @param out           standard output, unbuffered towards the command: bytes of values go here as they are
/// @param err           standard error
/// @param outIsTerminal whether a person reads {@code out}
/// @param errIsTerminal whether a person reads {@code err}
/// @param charset       what {@code out} shows text in
/// @param widthSource   asks for the columns of the terminal, at the cost of a process
/// @param noColor       whether the environment forbids colour
/// @param nanoClock     monotonic time in nanoseconds
record Terminal(
        InputStream in,
        OutputStream out,
        PrintStream err,
        boolean outIsTerminal,
        boolean errIsTerminal,
        Charset charset,
        IntSupplier widthSource,
        boolean noColor,
        LongSupplier nanoClock) {
    /// Where a terminal does not say how wide it is.
    static final int DEFAULT_WIDTH = 100;

    private static final int OUT_BUFFER_BYTES = 64 * 1024;

    /// That of this process.
    static Terminal system() {
        final boolean outIsTerminal = isTerminal(1);
        final boolean errIsTerminal = isTerminal(2);
        return new Terminal(
                new FileInputStream(FileDescriptor.in),
                new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), OUT_BUFFER_BYTES),
                System.err,
                outIsTerminal,
                errIsTerminal,
                System.out.charset(),
                () -> TerminalWidth.detect(outIsTerminal || errIsTerminal),
                isSet(System.getenv("NO_COLOR")),
                System::nanoTime);
    }

    /// Columns of the terminal.
    int width() {
        return widthSource.getAsInt();
    }

    /// Writes text to {@link #out}.
    void print(final String text) throws IOException {
        out.write(text.getBytes(charset));
    }

    /// Writes a line to {@link #out}.
    void println(final String line) throws IOException {
        print(line + '\n');
    }

    /// Asks on {@link #err}; true only if the answer is {@code yes}.
    boolean confirm(final String question) throws IOException {
        err.print(question);
        err.flush();
        final StringBuilder answer = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            answer.append((char) c);
        }
        return answer.toString().strip().equals("yes");
    }

    /// Whether {@link #out} can show this text.
    boolean canShow(final String text) {
        return charset.newEncoder().canEncode(text);
    }

    private static boolean isSet(final String variable) {
        return variable != null && !variable.isEmpty();
    }

    /// `System.console()` speaks of standard input and output together; a pipe on one side must not change the
    /// other. Without `/proc` nothing counts as a terminal: plain output is right everywhere.
    private static boolean isTerminal(final int descriptor) {
        final Path link = Path.of("/proc/self/fd/" + descriptor);
        try {
            final String target = Files.readSymbolicLink(link).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (final IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
