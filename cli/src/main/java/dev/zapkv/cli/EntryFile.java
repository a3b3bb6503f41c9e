/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/// A file of entries, opened: decompressed, its format known.
final class EntryFile implements AutoCloseable {
    /// Names standard input on the command line.
    static final String STANDARD_INPUT = "-";

    private static final int LOOK_AHEAD_BYTES = 8192;
    private static final int BUFFER_BYTES = 64 * 1024;

    private final String name;
    private final CountingInputStream raw;
    private final long sizeBytes;
    private final InputFormat format;
    private final EntryReader reader;

    private EntryFile(final String name, final CountingInputStream raw, final long sizeBytes, final InputFormat wanted)
            throws IOException {
        this.name = name;
        this.raw = raw;
        this.sizeBytes = sizeBytes;
        final InputStream plain = Compression.decompress(new BufferedInputStream(raw, BUFFER_BYTES), name);
        final BufferedInputStream content = new BufferedInputStream(plain, BUFFER_BYTES);
        skipByteOrderMark(content);
        this.format = wanted == null ? detect(content, name) : wanted;
        this.reader = switch (format) {
            case JSON_LINES -> new JsonLinesReader(content);
            case DEBIAN_CONTROL -> new ControlFileReader(content);
        };
    }

    /// Opens a file, or standard input for {@link #STANDARD_INPUT}.
    ///
    /// @param wanted the format, or null to tell it from the content
    static EntryFile open(final String path, final InputStream standardInput, final InputFormat wanted)
            throws IOException {
        if (STANDARD_INPUT.equals(path)) {
            return open("standard input", standardInput, -1, wanted);
        }
        final Path file = Path.of(path);
        if (Files.isDirectory(file)) {
            throw CommandException.failed(path + " is a directory; name the files to load.");
        }
        return open(path, Files.newInputStream(file), Files.isRegularFile(file) ? Files.size(file) : -1, wanted);
    }

    private static EntryFile open(
            final String name, final InputStream in, final long sizeBytes, final InputFormat wanted)
            throws IOException {
        final CountingInputStream raw = new CountingInputStream(in);
        try {
            return new EntryFile(name, raw, sizeBytes, wanted);
        } catch (final IOException | RuntimeException e) {
            raw.close();
            throw e;
        }
    }

    /// For messages.
    String name() {
        return name;
    }

    InputFormat format() {
        return format;
    }

    EntryReader reader() {
        return reader;
    }

    /// Size on disk, or -1 if it is not known.
    long sizeBytes() {
        return sizeBytes;
    }

    /// Bytes read so far, compressed where the file is.
    long bytesRead() {
        return raw.count();
    }

    @Override
    public void close() throws IOException {
        raw.close();
    }

    private static void skipByteOrderMark(final BufferedInputStream content) throws IOException {
        content.mark(3);
        final byte[] start = content.readNBytes(3);
        final boolean isMark =
                start.length == 3 && start[0] == (byte) 0xEF && start[1] == (byte) 0xBB && start[2] == (byte) 0xBF;
        if (!isMark) {
            content.reset();
        }
    }

    private static InputFormat detect(final BufferedInputStream content, final String name) throws IOException {
        content.mark(LOOK_AHEAD_BYTES);
        final byte[] start = content.readNBytes(LOOK_AHEAD_BYTES);
        content.reset();
        final InputFormat detected = InputFormat.detect(start);
        if (detected == null) {
            throw CommandException.failed(name + " begins neither like JSON lines nor like a Debian control file."
                    + " If it is one all the same, say so with --format.");
        }
        return detected;
    }
}
