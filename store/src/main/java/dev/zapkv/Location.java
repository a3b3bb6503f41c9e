/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;

/// Where a store lies: an ordinary directory, or a part of a zoned drive.
///
/// | written as | meaning |
/// |---|---|
/// | {@code /data/store}, {@code file:/data/store} | a directory |
/// | {@code nvme:/dev/ng0n1} | an NVMe zoned namespace by its passthrough node: native zone append |
/// | {@code zbd:/dev/nvme0n1} | a zoned block device |
/// | {@code zonefs:/mnt/zones} | a mounted zonefs |
///
/// @param kind what lies there
/// @param path the directory, node or mount point
public record Location(Kind kind, Path path) {
    /// What lies at a location.
    public enum Kind {
        /// A directory.
        FILE,
        /// An NVMe zoned namespace, by its character device.
        NVME,
        /// A zoned block device.
        ZBD,
        /// A mounted zonefs.
        ZONEFS;

        private String prefix() {
            return name().toLowerCase(Locale.ROOT) + ":";
        }
    }

    /// Checks for null.
    public Location {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(path, "path");
    }

    /// Reads a location as written above.
    ///
    /// @throws ConfigurationException if it is not written so
    public static Location parse(final String text) {
        Objects.requireNonNull(text, "location");
        for (final Kind kind : Kind.values()) {
            if (text.startsWith(kind.prefix())) {
                return new Location(
                        kind, path(text, text.substring(kind.prefix().length())));
            }
        }
        return new Location(Kind.FILE, path(text, text));
    }

    private static Path path(final String location, final String path) {
        try {
            if (!path.isEmpty()) {
                return Path.of(path);
            }
        } catch (final InvalidPathException e) {
            throw new ConfigurationException("'" + location + "' names no path: " + e.getReason(), e);
        }
        throw new ConfigurationException("'" + location
                + "' names no path: write a directory, nvme:/dev/ng0n1, zbd:/dev/nvme0n1 or zonefs:/mnt/zones");
    }

    /// Whether this is a drive, or a file system on it, with zones of its own.
    public boolean isDrive() {
        return kind != Kind.FILE;
    }

    /// As {@link #parse} reads it; a directory without a prefix, unless its name begins like one.
    @Override
    public String toString() {
        return isDrive() || hasPrefix(path.toString()) ? kind.prefix() + path : path.toString();
    }

    private static boolean hasPrefix(final String text) {
        return Arrays.stream(Kind.values()).anyMatch(kind -> text.startsWith(kind.prefix()));
    }
}
