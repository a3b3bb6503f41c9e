/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// One-line attributes in a directory of sysfs. What it says is not trusted: a missing, unreadable or malformed
/// attribute is the given default, and numbers outside the given range are too.
///
/// @param path where it lies
public record SysfsDirectory(Path path) {
    private static final int LENGTH_MAX = 4096;

    /// An attribute's text without surrounding white space, or the default.
    public String text(final String name, final String missing) {
        final Path file = path.resolve(name);
        if (!Files.isRegularFile(file)) {
            return missing;
        }
        try (var in = Files.newInputStream(file)) {
            final String text = new String(in.readNBytes(LENGTH_MAX), StandardCharsets.ISO_8859_1).strip();
            return text.isEmpty() ? missing : text;
        } catch (final IOException e) {
            return missing; // sysfs answers EINVAL, EIO and the like for attributes that do not apply
        }
    }

    /// An attribute's number, or the default unless it lies in [min, max].
    public long number(final String name, final long min, final long max, final long missing) {
        final String text = text(name, "");
        try {
            final long value = Long.parseLong(text);
            return value >= min && value <= max ? value : missing;
        } catch (final NumberFormatException e) {
            return missing;
        }
    }

    /// The selected word of a choice such as {@code [none] mq-deadline}; the whole text if none is selected.
    public String choice(final String name, final String missing) {
        final String text = text(name, missing);
        final int start = text.indexOf('[');
        final int end = text.indexOf(']', start + 1);
        return start >= 0 && end > start ? text.substring(start + 1, end) : text;
    }

    /// Whether an attribute or directory is there.
    public boolean has(final String name) {
        return Files.exists(path.resolve(name));
    }

    /// A directory below.
    public SysfsDirectory directory(final String name) {
        return new SysfsDirectory(path.resolve(name));
    }
}
