/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.fuzz;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// The inputs kept for a target, in one text file: a line each, Base64. The fuzzer wants a directory with a file each.
final class Corpus {
    private static final Path KEPT = Path.of("src/test/resources/fuzz");

    private Corpus() {}

    /// The file in a module.
    static Path file(final Path module, final String target) {
        return module.resolve(KEPT).resolve(target + ".txt");
    }

    /// The kept inputs, none if there is no file.
    static List<byte[]> read(final Path file) throws IOException {
        if (!Files.exists(file)) {
            return List.of();
        }
        return Files.readAllLines(file, StandardCharsets.US_ASCII).stream()
                .map(line -> Base64.getDecoder().decode(line))
                .toList();
    }

    /// Writes inputs as files of a directory.
    static void unpack(final List<byte[]> inputs, final Path directory) throws IOException {
        Files.createDirectories(directory);
        for (int i = 0; i < inputs.size(); i++) {
            Files.write(directory.resolve("kept-" + i), inputs.get(i));
        }
    }

    /// Replaces the kept inputs by the files of a directory, the shortest first.
    ///
    /// @return how many there are
    static int pack(final Path directory, final Path file) throws IOException {
        final List<String> lines = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (final Path input : files.toList()) {
                lines.add(Base64.getEncoder().encodeToString(Files.readAllBytes(input)));
            }
        }
        lines.sort(Comparator.comparingInt(String::length).thenComparing(Comparator.naturalOrder()));
        Files.createDirectories(file.getParent());
        Files.write(file, lines, StandardCharsets.US_ASCII);
        return lines.size();
    }
}
