/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

import dev.zapkv.io.DeviceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// One line of {@code /proc/self/mounts}.
///
/// @param source     what is mounted
/// @param mountPoint where
/// @param type       kind of file system
/// @param options    mount options
public record Mount(String source, String mountPoint, String type, List<String> options) {
    private static final Path TABLE = Path.of("/proc/self/mounts");
    private static final int ESCAPE_LENGTH = 4;

    /// Copies the list.
    public Mount {
        options = List.copyOf(options);
    }

    /// The mounts this process sees, in the order they were made.
    public static List<Mount> all() {
        try {
            return parse(Files.readString(TABLE, StandardCharsets.ISO_8859_1));
        } catch (final IOException e) {
            throw new DeviceException("cannot read " + TABLE + ": " + e, Errno.EIO, e);
        }
    }

    static List<Mount> parse(final String table) {
        final List<Mount> mounts = new ArrayList<>();
        for (final String line : table.split("\n", -1)) {
            final String[] fields = line.split(" ", -1);
            if (fields.length >= 4) {
                mounts.add(new Mount(
                        unescape(fields[0]), unescape(fields[1]), fields[2], List.of(fields[3].split(",", -1))));
            }
        }
        return mounts;
    }

    /// White space and the backslash are written as three octal digits; the bytes are UTF-8.
    private static String unescape(final String field) {
        final StringBuilder bytes = new StringBuilder();
        for (int i = 0; i < field.length(); i++) {
            if (field.charAt(i) == '\\' && field.substring(i).matches("\\\\[0-3][0-7]{2}.*")) {
                bytes.append((char) Integer.parseInt(field.substring(i + 1, i + ESCAPE_LENGTH), 8));
                i += ESCAPE_LENGTH - 1;
            } else {
                bytes.append(field.charAt(i));
            }
        }
        return new String(bytes.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    /// Value of an option {@code name=value}, or the default.
    public String option(final String name, final String missing) {
        for (final String option : options) {
            if (option.startsWith(name + "=")) {
                return option.substring(name.length() + 1);
            }
        }
        return missing;
    }
}
