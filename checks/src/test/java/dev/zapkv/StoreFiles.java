/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.checks.fuzz.FuzzInput;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// The files of a small store, held in memory, to be damaged and put back. What is behind the last byte of a
/// file that is not 0 is a hole.
final class StoreFiles {
    private static final int UNIT = 4096;
    private static final int PATCHES_MAX = 16;
    private static final int PATCH_BYTES_MAX = 32;
    private static final int UNITS_MAX = 4;

    private static final class Held {
        final Path path;
        byte[] content;
        long length;

        Held(final Path path, final byte[] content, final long length) {
            this.path = path;
            this.content = content;
            this.length = length;
        }
    }

    private final Path root;
    private final List<Held> files;

    private StoreFiles(final Path root, final List<Held> files) {
        this.root = root;
        this.files = files;
    }

    /// Takes what is below a directory.
    static StoreFiles of(final Path root) throws IOException {
        final List<Held> files = new ArrayList<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (final Path path : all.filter(Files::isRegularFile).sorted().toList()) {
                final byte[] bytes = Files.readAllBytes(path);
                int end = bytes.length;
                while (end > 0 && bytes[end - 1] == 0) {
                    end--;
                }
                files.add(new Held(path, Arrays.copyOf(bytes, end), bytes.length));
            }
        }
        return new StoreFiles(root, files);
    }

    /// A copy that an input was let loose upon.
    StoreFiles damaged(final FuzzInput input) {
        final List<Held> copies = new ArrayList<>();
        for (final Held file : files) {
            copies.add(new Held(file.path, file.content.clone(), file.length));
        }
        final StoreFiles copy = new StoreFiles(root, copies);
        for (int i = 0; i < PATCHES_MAX && !input.isEmpty(); i++) {
            copy.patch(input);
        }
        return copy;
    }

    private void patch(final FuzzInput input) {
        final int how = input.u8();
        final Held file = files.get(input.u8() % files.size());
        switch (how & 7) {
            case 4 -> move(files.get(input.u8() % files.size()), input.u8(), file, input.u8(), input.u8() % UNITS_MAX);
            case 5 -> file.length = input.u16() % (file.length + 1);
            case 6 -> files.remove(file);
            case 7 -> overwrite(file, input.u16(), new byte[input.u8() * PATCH_BYTES_MAX]);
            default -> overwrite(file, input.u16(), input.take(input.u8() % PATCH_BYTES_MAX));
        }
    }

    private static void overwrite(final Held file, final int offset, final byte[] bytes) {
        if (file.content.length > 0) {
            final int at = offset % file.content.length;
            System.arraycopy(bytes, 0, file.content, at, Math.min(bytes.length, file.content.length - at));
        }
    }

    /// Copies units to where they never were: blocks of another zone, of another life.
    private static void move(final Held from, final int at, final Held to, final int target, final int more) {
        final int begin = Math.min(at * UNIT, from.content.length);
        final byte[] units = Arrays.copyOfRange(from.content, begin, begin + (1 + more) * UNIT);
        final int end = (int) Math.min(to.length, (long) target * UNIT + units.length);
        if (end > to.content.length) {
            to.content = Arrays.copyOf(to.content, end);
        }
        if (end > target * UNIT) {
            System.arraycopy(units, 0, to.content, target * UNIT, end - target * UNIT);
        }
    }

    /// Receives files to be changed.
    @FunctionalInterface
    interface Change {
        /// One file.
        void change(Path path, byte[] content);
    }

    /// Changes contents.
    void change(final Change change) {
        files.forEach(file -> change.change(file.path, file.content));
    }

    /// No files.
    StoreFiles empty() {
        return new StoreFiles(root, List.of());
    }

    /// Makes these the only files below the directory.
    void restore() throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            for (final Path path : all.filter(Files::isRegularFile).toList()) {
                Files.delete(path);
            }
        }
        for (final Held file : files) {
            try (RandomAccessFile target = new RandomAccessFile(file.path.toFile(), "rw")) {
                target.write(file.content, 0, (int) Math.min(file.content.length, file.length));
                target.setLength(file.length);
            }
        }
    }
}
