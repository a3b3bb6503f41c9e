/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.zapkv.checks.fuzz.FuzzInput;
import dev.zapkv.checks.fuzz.FuzzTarget;
import dev.zapkv.checks.fuzz.RawZones;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/// Files of entries: JSON lines and Debian control files, told apart by their content or not, compressed or not.
public final class EntryFileTarget implements FuzzTarget {
    private static final InputFormat[] FORMATS = {null, InputFormat.JSON_LINES, InputFormat.DEBIAN_CONTROL};

    @Override
    public List<byte[]> seeds() {
        final byte[] json = """
                {"key":"a","value":"1"}
                {"key64":"AAE=","value64":""}

                {"value":"\\u00e9\\n","key":"\\ud83d\\ude00"}
                """.getBytes(UTF_8);
        final byte[] control = """
                # comment
                Package: a
                Depends: b,
                 c

                Package: b\r
                Version: 1\r
                \r
                """.getBytes(UTF_8);
        return List.of(
                RawZones.concatenated(new byte[] {0}, json),
                RawZones.concatenated(new byte[] {0}, control),
                RawZones.concatenated(new byte[] {0}, gzip(json)),
                RawZones.concatenated(new byte[] {1, (byte) 0xEF, (byte) 0xBB, (byte) 0xBF}, json),
                RawZones.concatenated(new byte[] {2}, control),
                "\0\375zXZ\0".getBytes(UTF_8));
    }

    private static byte[] gzip(final byte[] content) {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bytes)) {
            out.write(content);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /// A line is kept whole, and gzip makes lines a thousand times as long as the input.
    @Override
    public long maxAllocatedBytes(final int inputLength) {
        return (16L << 20) + 16L * 1024 * inputLength;
    }

    @Override
    public void run(final byte[] bytes) {
        final FuzzInput input = new FuzzInput(bytes);
        final InputFormat format = FORMATS[input.u8() % FORMATS.length];
        final InputStream in = new ByteArrayInputStream(input.rest());
        try (EntryFile file = EntryFile.open(EntryFile.STANDARD_INPUT, in, format)) {
            long line = 0;
            for (Entry entry = file.reader().next();
                    entry != null;
                    entry = file.reader().next()) {
                if (file.reader().line() <= line && file.format() == InputFormat.JSON_LINES) {
                    throw new AssertionError("an entry in line " + file.reader().line() + " behind line " + line);
                }
                line = file.reader().line();
            }
        } catch (final IOException | MalformedEntryException | CommandException e) {
            // as documented
            return;
        }
    }
}
