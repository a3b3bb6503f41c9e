/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;

/// Compressed input is told by its first bytes, whatever its name. gzip is in the JDK; the others are left to their own
/// tools.
enum Compression {
    GZIP("gzip", "\u001f\u008b"),
    XZ("xz", "\u00fd7zXZ\0"),
    LZ4("lz4", "\u0004\"M\u0018"),
    ZSTD("zstd", "(\u00b5/\u00fd"),
    BZIP2("bzip2", "BZh");

    private static final int LONGEST_MAGIC = 6;
    private static final int BUFFER_BYTES = 64 * 1024;

    private final String tool;
    /// A character for each byte.
    private final String magic;

    Compression(final String tool, final String magic) {
        this.tool = tool;
        this.magic = magic;
    }

    /// The plain content of a stream.
    ///
    /// @param name of the file, for the error
    static InputStream decompress(final BufferedInputStream in, final String name) throws IOException {
        in.mark(LONGEST_MAGIC);
        final String start = new String(in.readNBytes(LONGEST_MAGIC), StandardCharsets.ISO_8859_1);
        in.reset();
        for (final Compression compression : values()) {
            if (start.startsWith(compression.magic)) {
                return compression.open(in, name);
            }
        }
        return in;
    }

    private InputStream open(final InputStream in, final String name) throws IOException {
        if (this == GZIP) {
            return new GZIPInputStream(in, BUFFER_BYTES);
        }
        throw CommandException.failed(name + " is compressed with " + tool
                + ", which is not read here. Decompress it on the way: " + tool + " -dc FILE | zapkv load DIRECTORY -");
    }
}
