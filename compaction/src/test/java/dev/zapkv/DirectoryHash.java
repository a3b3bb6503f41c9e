/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Everything below a directory: names, lengths, times of the last change, and a hash of each file's bytes.
final class DirectoryHash {
    private DirectoryHash() {}

    static SortedMap<String, String> of(final Path directory) throws IOException {
        final SortedMap<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(directory)) {
            all.forEach(file -> files.put(directory.relativize(file).toString(), describe(file)));
        }
        return files;
    }

    private static String describe(final Path file) {
        try {
            final String time = Files.getLastModifiedTime(file).toString();
            return Files.isDirectory(file) ? time : time + " " + sha256(Files.readAllBytes(file));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String sha256(final byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (final NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
