/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OutputFileTest {
    @TempDir
    private Path directory;

    @Test
    void shouldAppearOnlyWhenCommitted() throws Exception {
        final Path target = directory.resolve("dump");
        try (OutputFile file = OutputFile.create(target, false)) {
            file.stream().write('x');
            assertFalse(Files.exists(target));
            file.commit();
        }
        assertEquals("x", Files.readString(target));
        assertEquals(List.of(target), files());
    }

    @Test
    void shouldLeaveNothingBehindIfNotCommitted() throws Exception {
        final Path target = Files.writeString(directory.resolve("dump"), "old");
        try (OutputFile file = OutputFile.create(target, true)) {
            file.stream().write('x');
        }
        assertEquals("old", Files.readString(target));
        assertEquals(List.of(target), files());
    }

    @Test
    void shouldReplaceOnlyIfForced() throws Exception {
        final Path target = Files.writeString(directory.resolve("dump"), "old");
        final CommandException e = assertThrows(CommandException.class, () -> OutputFile.create(target, false));
        assertTrue(e.getMessage().contains("--force"), e.getMessage());
        try (OutputFile file = OutputFile.create(target, true)) {
            file.stream().write('x');
            file.commit();
        }
        assertEquals("x", Files.readString(target));
    }

    @Test
    void shouldReplaceWhatALinkPointsTo() throws Exception {
        final Path target = Files.writeString(directory.resolve("target"), "old");
        final Path link = Files.createSymbolicLink(directory.resolve("link"), target);
        try (OutputFile file = OutputFile.create(link, true)) {
            file.stream().write('x');
            file.commit();
        }
        assertTrue(Files.isSymbolicLink(link));
        assertEquals("x", Files.readString(target));
    }

    @Test
    void shouldWriteToADeviceDirectly() throws Exception {
        try (OutputFile file = OutputFile.create(Path.of("/dev/null"), false)) {
            file.stream().write('x');
            file.commit();
        }
        assertFalse(Files.isRegularFile(Path.of("/dev/null")));
    }

    @Test
    void shouldRefuseADirectory() {
        assertThrows(CommandException.class, () -> OutputFile.create(directory, true));
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }
}
