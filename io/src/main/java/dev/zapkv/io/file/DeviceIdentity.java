/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.CRC32C;

/// The file {@code DEVICE}: what makes a directory a device, fixed when it is created. ASCII lines, each
/// ended by a line feed, in exactly this order:
///
/// | line | valid range |
/// |---|---|
/// | {@code zapkv zone device} | in every version |
/// | {@code format=1} | in every version |
/// | {@code block-size=…} | as in {@link ZoneGeometry} |
/// | {@code zone-size=…} | |
/// | {@code zone-capacity=…} | |
/// | {@code zone-count=…} | |
/// | {@code max-open=…} | 0: no limit |
/// | {@code max-active=…} | 0: no limit |
/// | {@code max-append=…} | |
/// | {@code crc32c=…} | 8 lower-case hexadecimal digits, over all bytes before this line; in every version |
final class DeviceIdentity {
    static final String FILE_NAME = "DEVICE";
    static final int FORMAT = 1;

    private static final String MAGIC = "zapkv zone device\n";
    private static final String FORMAT_KEY = "format=";
    private static final String CRC_KEY = "crc32c=";
    private static final int CRC_LINE_LENGTH = CRC_KEY.length() + 8 + 1;
    private static final int LENGTH_MAX = 4096;
    private static final String RESTORE = "; restore the file from a backup";

    private DeviceIdentity() {}

    static void write(final Path directory, final ZoneGeometry geometry) throws IOException {
        DurableFiles.replace(directory.resolve(FILE_NAME), encode(geometry));
    }

    static byte[] encode(final ZoneGeometry geometry) {
        final String text = MAGIC
                + FORMAT_KEY + FORMAT + "\n"
                + "block-size=" + geometry.blockSize() + "\n"
                + "zone-size=" + geometry.zoneSize() + "\n"
                + "zone-capacity=" + geometry.zoneCapacity() + "\n"
                + "zone-count=" + geometry.zoneCount() + "\n"
                + "max-open=" + geometry.maxOpen() + "\n"
                + "max-active=" + geometry.maxActive() + "\n"
                + "max-append=" + geometry.maxAppend() + "\n";
        return (text + CRC_KEY + crc(text) + "\n").getBytes(StandardCharsets.US_ASCII);
    }

    /// @throws DeviceException that tells apart: no device, damaged, newer format
    static ZoneGeometry read(final Path directory) throws IOException {
        final Path path = directory.resolve(FILE_NAME);
        final byte[] content = DurableFiles.read(path, LENGTH_MAX);
        if (content == null) {
            throw new DeviceException(
                    directory + " is not a ZapKV device directory: it has no file " + FILE_NAME
                            + "; check the path, or create the device first",
                    DeviceException.ENOENT);
        }
        return decode(path, content);
    }

    static ZoneGeometry decode(final Path path, final byte[] content) {
        final String text = new String(content, StandardCharsets.ISO_8859_1);
        if (!text.startsWith(MAGIC)) {
            throw new DeviceException(
                    path.toAbsolutePath().getParent() + " is not a ZapKV device directory: its file " + FILE_NAME
                            + " does not start with '" + MAGIC.strip() + "'; check the path, or" + RESTORE.substring(1),
                    0);
        }
        final int bodyLength = text.length() - CRC_LINE_LENGTH;
        if (bodyLength < MAGIC.length()
                || !text.substring(bodyLength).equals(CRC_KEY + crc(text.substring(0, bodyLength)) + "\n")) {
            throw new DeviceException(path + " is damaged: its checksum does not match" + RESTORE, 0);
        }
        final String[] lines = text.substring(0, bodyLength).split("\n", -1);
        final long format = number(path, lines, 1, FORMAT_KEY);
        if (format > FORMAT) {
            throw new DeviceException(
                    path + " has format " + format + ", this version reads up to " + FORMAT
                            + ": open it with the newer version that wrote it",
                    0);
        }
        final ZoneGeometry geometry = geometry(path, lines);
        if (!new String(encode(geometry), StandardCharsets.US_ASCII).equals(text)) {
            throw new DeviceException(
                    path + " is damaged: it has lines that format " + format + " has not" + RESTORE, 0);
        }
        return geometry;
    }

    private static ZoneGeometry geometry(final Path path, final String[] lines) {
        try {
            return new ZoneGeometry(
                    Math.toIntExact(number(path, lines, 2, "block-size=")),
                    number(path, lines, 3, "zone-size="),
                    number(path, lines, 4, "zone-capacity="),
                    Math.toIntExact(number(path, lines, 5, "zone-count=")),
                    Math.toIntExact(number(path, lines, 6, "max-open=")),
                    Math.toIntExact(number(path, lines, 7, "max-active=")),
                    Math.toIntExact(number(path, lines, 8, "max-append=")));
        } catch (final ArithmeticException | IllegalArgumentException e) {
            throw new DeviceException(path + " is damaged: " + e.getMessage() + RESTORE, 0, e);
        }
    }

    private static long number(final Path path, final String[] lines, final int line, final String key) {
        if (line >= lines.length || !lines[line].startsWith(key)) {
            throw new DeviceException(path + " is damaged: line " + (line + 1) + " is not '" + key + "…'" + RESTORE, 0);
        }
        try {
            return Long.parseLong(lines[line], key.length(), lines[line].length(), 10);
        } catch (final NumberFormatException e) {
            throw new DeviceException(path + " is damaged: no number in line '" + lines[line] + "'" + RESTORE, 0, e);
        }
    }

    private static String crc(final String text) {
        final CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.ISO_8859_1));
        return String.format(Locale.ROOT, "%08x", crc.getValue());
    }
}
