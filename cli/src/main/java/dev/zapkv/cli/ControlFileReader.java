/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Reads Debian control files: paragraphs between blank lines, each a package. Key: what the `Package` field says.
/// Value: the text of the paragraph as it stands in the file, without comment lines and without the end of its last
/// line, so that a file gives the same values whether or not its last line is ended.
final class ControlFileReader implements EntryReader {
    private static final String PACKAGE = "Package";

    private final LineReader lines;
    private final ByteArrayOutputStream paragraph = new ByteArrayOutputStream();
    private byte[] name;
    private int lastTerminatorLength;
    private long firstLine;

    ControlFileReader(final InputStream in) {
        this.lines = new LineReader(in);
    }

    @Override
    public long line() {
        return paragraph.size() == 0 ? lines.number() : firstLine;
    }

    @Override
    public Entry next() throws IOException, MalformedEntryException {
        paragraph.reset();
        name = null;
        while (lines.next()) {
            if (lines.isBlank()) {
                if (paragraph.size() > 0) {
                    return finish();
                }
            } else if (lines.bytes()[0] != '#') {
                take();
            }
        }
        return paragraph.size() > 0 ? finish() : null;
    }

    private void take() throws MalformedEntryException {
        final byte first = lines.bytes()[0];
        if (first != ' ' && first != '\t') {
            takeField();
        } else if (paragraph.size() == 0) {
            throw malformed("a continuation line without a field before it");
        }
        if (paragraph.size() == 0) {
            firstLine = lines.number();
        }
        lastTerminatorLength = lines.terminatorLength();
        append(lines.length() + lastTerminatorLength);
    }

    private void append(final int lengthBytes) throws MalformedEntryException {
        if (paragraph.size() > LineReader.MAX_LINE_BYTES - lengthBytes) {
            throw malformed("the paragraph is longer than " + Human.bytes(LineReader.MAX_LINE_BYTES));
        }
        paragraph.write(lines.bytes(), 0, lengthBytes);
    }

    private void takeField() throws MalformedEntryException {
        final int colon = nameLength();
        if (colon <= 0) {
            throw malformed("expected a field such as 'Package: name', a continuation line or a blank line");
        }
        if (!PACKAGE.equalsIgnoreCase(new String(lines.bytes(), 0, colon, StandardCharsets.US_ASCII))) {
            return;
        }
        if (name != null) {
            throw malformed("a second Package field in one paragraph; is the blank line before it missing?");
        }
        name = strip(colon + 1, lines.length());
        if (name.length == 0) {
            throw malformed("the Package field is empty");
        }
    }

    /// Bytes before the colon, or -1 if these are no field name: printable, no space, not beginning with a hyphen.
    private int nameLength() {
        final byte[] bytes = lines.bytes();
        for (int i = 0; i < lines.length(); i++) {
            if (bytes[i] == ':') {
                return bytes[0] == '-' ? -1 : i;
            }
            if (bytes[i] <= ' ' || bytes[i] > '~') {
                return -1;
            }
        }
        return -1;
    }

    private byte[] strip(final int from, final int to) {
        int start = from;
        int end = to;
        while (start < end && isSpace(lines.bytes()[start])) {
            start++;
        }
        while (end > start && isSpace(lines.bytes()[end - 1])) {
            end--;
        }
        return Arrays.copyOfRange(lines.bytes(), start, end);
    }

    private static boolean isSpace(final byte character) {
        return character == ' ' || character == '\t' || character == '\r';
    }

    private Entry finish() throws MalformedEntryException {
        if (name == null) {
            throw new MalformedEntryException(firstLine, "the paragraph that begins here has no Package field");
        }
        final byte[] text = paragraph.toByteArray();
        return new Entry(name, Arrays.copyOf(text, text.length - lastTerminatorLength));
    }

    private MalformedEntryException malformed(final String reason) {
        return new MalformedEntryException(lines.number(), reason);
    }
}
