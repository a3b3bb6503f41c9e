/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LineReaderTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldJoinToWhatItSplit(final long seed) throws Exception {
        final Random random = new Random(seed);
        final byte[] content = new byte[random.nextInt(300_000)];
        final int lineFeedEvery = 1 + random.nextInt(1 << random.nextInt(18));
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) (random.nextInt(lineFeedEvery) == 0 ? '\n' : random.nextInt(8) == 0 ? '\r' : 'x');
        }
        final LineReader lines = new LineReader(dribble(content, random));
        int position = 0;
        long number = 0;
        while (lines.next()) {
            number++;
            for (int i = 0; i < lines.length() + lines.terminatorLength(); i++) {
                assertEquals(content[position + i], lines.bytes()[i], "seed=" + seed + " position=" + (position + i));
                assertFalse(i < lines.length() && content[position + i] == '\n', "seed=" + seed);
            }
            position += lines.length() + lines.terminatorLength();
            assertTrue(
                    position == content.length || content[position - 1] == '\n',
                    "seed=" + seed + " position=" + position);
        }
        assertEquals(content.length, position, "seed=" + seed);
        assertEquals(number, lines.number(), "seed=" + seed);
    }

    /// Gives a few bytes at a time, as a pipe does.
    private static InputStream dribble(final byte[] content, final Random random) {
        return new ByteArrayInputStream(content) {
            @Override
            public synchronized int read(final byte[] target, final int offset, final int length) {
                return super.read(target, offset, Math.min(length, 1 + random.nextInt(5_000)));
            }
        };
    }

    @Test
    void shouldTellTerminators() throws Exception {
        final LineReader lines =
                new LineReader(new ByteArrayInputStream("a\nb\r\n\r\n\nc\r".getBytes(StandardCharsets.US_ASCII)));
        final StringBuilder seen = new StringBuilder();
        while (lines.next()) {
            seen.append(lines.length())
                    .append('+')
                    .append(lines.terminatorLength())
                    .append(' ');
        }
        assertEquals("1+1 1+2 0+2 0+1 2+0 ", seen.toString());
    }

    @Test
    void shouldSeeNoLineInNothing() throws Exception {
        assertFalse(new LineReader(new ByteArrayInputStream(new byte[0])).next());
    }
}
