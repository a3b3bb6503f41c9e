/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/// Splits a stream of bytes into lines that end with LF or CR LF, or with the end of the stream. The bytes of a
/// line are valid until the next one is read. Memory grows to the longest line, which has a bound.
final class LineReader {
    /// The longest line: one value of half of this, written as escaped text, still fits.
    static final int MAX_LINE_BYTES = 1 << 30;

    private static final int READ_BYTES = 64 * 1024;

    private final InputStream in;
    private final byte[] chunk = new byte[READ_BYTES];
    private int chunkPosition;
    private int chunkLength;

    private byte[] line = new byte[1024];
    private int length;
    private int terminatorLength;
    private long number;

    LineReader(final InputStream in) {
        this.in = in;
    }

    /// Reads the next line; false at the end of the stream.
    boolean next() throws IOException, MalformedEntryException {
        length = 0;
        terminatorLength = 0;
        if (chunkPosition == chunkLength && !fill()) {
            return false;
        }
        number++;
        do {
            if (takeUntilLineFeed()) {
                return true;
            }
        } while (fill());
        return true;
    }

    /// The line with its terminator; only the first {@link #length} plus {@link #terminatorLength} bytes count.
    byte[] bytes() {
        return line;
    }

    /// Bytes of the line without its terminator.
    int length() {
        return length;
    }

    /// Bytes of the terminator behind the line: 2, 1, or 0 for a last line without one.
    int terminatorLength() {
        return terminatorLength;
    }

    /// Counted from 1.
    long number() {
        return number;
    }

    /// Whether the line holds nothing but spaces, tabs and carriage returns.
    boolean isBlank() {
        for (int i = 0; i < length; i++) {
            if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
                return false;
            }
        }
        return true;
    }

    private boolean fill() throws IOException {
        chunkPosition = 0;
        chunkLength = Math.max(0, in.read(chunk, 0, chunk.length));
        return chunkLength > 0;
    }

    private boolean takeUntilLineFeed() throws MalformedEntryException {
        int end = chunkPosition;
        while (end < chunkLength && chunk[end] != '\n') {
            end++;
        }
        final boolean isComplete = end < chunkLength;
        append(isComplete ? end + 1 : end);
        if (isComplete) {
            terminatorLength = length > 1 && line[length - 2] == '\r' ? 2 : 1;
            length -= terminatorLength;
        }
        return isComplete;
    }

    private void append(final int end) throws MalformedEntryException {
        final int added = end - chunkPosition;
        if (length > MAX_LINE_BYTES - added) {
            throw new MalformedEntryException(number, "the line is longer than " + Human.bytes(MAX_LINE_BYTES));
        }
        if (length + added > line.length) {
            line = Arrays.copyOf(line, (int) Math.min(MAX_LINE_BYTES, Math.max(2L * line.length, length + added)));
        }
        System.arraycopy(chunk, chunkPosition, line, length, added);
        length += added;
        chunkPosition = end;
    }
}
