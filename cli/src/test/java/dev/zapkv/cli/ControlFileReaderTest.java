/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ControlFileReaderTest {
    @Test
    void shouldTakeParagraphsAsTheyStand() throws Exception {
        final String bash =
                "Package: bash\nVersion: 5.2\nDescription: shell\n A shell.\n .\n\tWith a tab: and a colon.";
        final String dash = "Essential: yes\nPackage:   dash  \nVersion: 0.5";
        assertEquals(List.of("bash=" + bash, "dash=" + dash), read("\n\n" + bash + "\n\n \t\n" + dash + "\n\n\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "\r\n", "\n\n", "\n \n\t\n"})
    void shouldGiveTheSameValueHoweverTheFileEnds(final String end) throws Exception {
        assertEquals(List.of("a=Package: a\nX: 1"), read("Package: a\nX: 1" + end));
    }

    @Test
    void shouldTakeCarriageReturnsAsPartOfLineEnds() throws Exception {
        assertEquals(List.of("a=Package: a\r\nX: 1", "b=Package: b"), read("Package: a\r\nX: 1\r\n\r\nPackage: b\r\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "\n \n\r\n", "# only a comment\n", "#a\n\n#b"})
    void shouldFindNothingInAFileWithoutParagraphs(final String text) throws Exception {
        assertEquals(List.of(), read(text));
    }

    @Test
    void shouldLeaveOutCommentLines() throws Exception {
        assertEquals(
                List.of("a=Package: a\nX: 1\n more", "b=package: b"),
                read(
                        "# head\nPackage: a\n# middle\nX: 1\n#Package: z\n more\n# last\n\n# between\n\n# before\npackage: b\n#"));
    }

    @ParameterizedTest
    @CsvSource({
        "'Package: a\n\nVersion: 1\nX: y\n\nPackage: b', 3, 'has no Package field'",
        "'Package: a\n\n\nVersion: 1', 4, 'has no Package field'",
        "'Package: a\n\n continued', 3, 'continuation line without a field'",
        "'Package: a\nno colon here\n', 2, 'expected a field'",
        "'Package: a\n: empty name\n', 2, 'expected a field'",
        "'Package: a\n-----BEGIN: x\n', 2, 'expected a field'",
        "'Package: a\nPackage: b\n', 2, 'second Package field'",
        "'Package: a\n\nPackage:  \t \n', 3, 'Package field is empty'",
    })
    void shouldNameTheLineOfWhatItRefuses(final String text, final long line, final String reason) {
        final MalformedEntryException e = assertThrows(MalformedEntryException.class, () -> read(text));
        assertEquals(line, e.line());
        assertTrue(e.getMessage().contains(reason), e.getMessage());
    }

    @Test
    void shouldSayWhereTheLastParagraphBegan() throws Exception {
        final ControlFileReader reader = new ControlFileReader(
                new ByteArrayInputStream("\nPackage: a\nX: 1\n\n".getBytes(StandardCharsets.UTF_8)));
        assertEquals("a", new String(reader.next().key(), StandardCharsets.UTF_8));
        assertEquals(2, reader.line());
    }

    private static List<String> read(final String text) throws Exception {
        final ControlFileReader reader =
                new ControlFileReader(new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)));
        final List<String> entries = new ArrayList<>();
        for (Entry entry = reader.next(); entry != null; entry = reader.next()) {
            entries.add(new String(entry.key(), StandardCharsets.ISO_8859_1)
                    + '='
                    + new String(entry.value(), StandardCharsets.ISO_8859_1));
        }
        return entries;
    }
}
