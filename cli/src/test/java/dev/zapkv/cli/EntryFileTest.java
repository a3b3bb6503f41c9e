/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EntryFileTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({
        "'{\"key\":\"k\",\"value\":\"v\"}', JSON_LINES",
        "' \n\t{', JSON_LINES",
        "'', JSON_LINES",
        "' \n', JSON_LINES",
        "'Package: a', DEBIAN_CONTROL",
        "'\nVersion:1\r\n', DEBIAN_CONTROL",
        "'# comment', DEBIAN_CONTROL",
    })
    void shouldTellTheFormatFromTheContent(final String content, final InputFormat expected) throws Exception {
        final Path file = Files.writeString(directory.resolve("file"), content);
        try (EntryFile opened = open(file, null)) {
            assertEquals(expected, opened.format());
        }
    }

    @ParameterizedTest
    @CsvSource({"'hello world'", "'[1]'", "'<xml>'", "'1,2,3'"})
    void shouldRefuseWhatItCannotTell(final String content) throws Exception {
        final Path file = Files.writeString(directory.resolve("file"), content);
        final CommandException e = assertThrows(CommandException.class, () -> open(file, null));
        assertEquals(ExitCode.FAILED, e.exitCode());
        assertTrue(e.getMessage().contains("--format"), e.getMessage());
    }

    @Test
    void shouldObeyTheFormatAskedFor() throws Exception {
        final Path file = Files.writeString(directory.resolve("file"), "hello");
        try (EntryFile opened = open(file, InputFormat.DEBIAN_CONTROL)) {
            assertThrows(MalformedEntryException.class, () -> opened.reader().next());
        }
    }

    @Test
    void shouldSkipAByteOrderMark() throws Exception {
        final Path file = Files.writeString(directory.resolve("file"), "\uFEFF{\"key\":\"k\",\"value\":\"v\"}");
        try (EntryFile opened = open(file, null)) {
            assertEquals("k", new String(opened.reader().next().key(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void shouldReadGzipWhateverTheName() throws Exception {
        final byte[] packed = gzip("Package: a\n\n");
        final ByteArrayOutputStream twoMembers = new ByteArrayOutputStream();
        twoMembers.write(packed);
        twoMembers.write(gzip("Package: b\n"));
        final Path file = Files.write(directory.resolve("Packages"), twoMembers.toByteArray());
        try (EntryFile opened = open(file, null)) {
            assertEquals("a", new String(opened.reader().next().key(), StandardCharsets.UTF_8));
            assertEquals("b", new String(opened.reader().next().key(), StandardCharsets.UTF_8));
            assertNull(opened.reader().next());
            assertEquals(Files.size(file), opened.sizeBytes());
            assertEquals(Files.size(file), opened.bytesRead());
        }
    }

    @ParameterizedTest
    @CsvSource({"fd377a585a000004, xz", "04224d1864407000, lz4", "28b52ffd24000100, zstd", "425a683931415926, bzip2"})
    void shouldSayHowToReadWhatItCannotDecompress(final String magic, final String tool) throws Exception {
        final Path file =
                Files.write(directory.resolve("Packages.any"), HexFormat.of().parseHex(magic));
        final CommandException e = assertThrows(CommandException.class, () -> open(file, null));
        assertTrue(e.getMessage().contains(tool + " -dc FILE | zapkv load DIRECTORY -"), e.getMessage());
    }

    @Test
    void shouldRefuseADirectory() {
        final CommandException e = assertThrows(CommandException.class, () -> open(directory, null));
        assertTrue(e.getMessage().contains("is a directory"), e.getMessage());
    }

    private static EntryFile open(final Path file, final InputFormat format) throws IOException {
        return EntryFile.open(file.toString(), InputStream.nullInputStream(), format);
    }

    private static byte[] gzip(final String text) throws IOException {
        final ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return packed.toByteArray();
    }

    @Test
    void shouldReadStandardInput() throws Exception {
        final InputStream in = new ByteArrayInputStream("Package: a\n".getBytes(StandardCharsets.UTF_8));
        try (EntryFile opened = EntryFile.open("-", in, null)) {
            assertEquals("standard input", opened.name());
            assertEquals(-1, opened.sizeBytes());
            assertEquals("a", new String(opened.reader().next().key(), StandardCharsets.UTF_8));
        }
    }
}
