/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class ProgressTest {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final String ERASE = "\r\u001b[K";

    private final Cli cli = new Cli();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void shouldRewriteOneLineOnATerminalFiveTimesASecond() {
        final Terminal terminal = cli.errIsTerminal(true).terminal(new ByteArrayOutputStream(), err);
        try (StatusLine line = new StatusLine(terminal, null)) {
            final EntryProgress progress = new EntryProgress(line, "load", terminal.nanoClock());
            for (int i = 1; i <= 10; i++) {
                cli.advance(SECOND_NS / 10);
                progress.update(i * 1_000L, i * 1_048_576L, i * 10L, 200);
            }
        }
        final String[] shown = text().split(ERASE.replace("[", "\\["), -1);
        assertEquals("load  2,000 entries  2.0 MiB  10,000 entries/s  10 %  ETA 0:02", shown[1]);
        assertEquals("load  10,000 entries  10.0 MiB  10,000 entries/s  50 %  ETA 0:01", shown[5]);
        assertEquals("", shown[6]);
        assertEquals(7, shown.length);
    }

    @Test
    void shouldBeSilentWhereNobodyWatches() {
        show(null);
        assertEquals("", text());
    }

    @Test
    void shouldBeSilentOnATerminalIfToldSo() {
        cli.errIsTerminal(true);
        show(false);
        assertEquals("", text());
    }

    @Test
    void shouldWriteWholeLinesIntoAFileIfAsked() {
        show(true);
        assertEquals("""
                load  10 entries  100 B  5 entries/s
                load  20 entries  200 B  5 entries/s
                """, text());
    }

    @Test
    void shouldNotWrapANarrowTerminal() {
        cli.width(20).errIsTerminal(true);
        show(null);
        assertEquals(ERASE + "load  10 entries  1", text().substring(0, ERASE.length() + 19));
    }

    private void show(final Boolean wanted) {
        final Terminal terminal = cli.terminal(new ByteArrayOutputStream(), err);
        try (StatusLine line = new StatusLine(terminal, wanted)) {
            final EntryProgress progress = new EntryProgress(line, "load", terminal.nanoClock());
            for (int i = 1; i <= 2; i++) {
                cli.advance(2 * SECOND_NS);
                progress.update(i * 10L, i * 100L, i * 100L, -1);
            }
        }
    }

    private String text() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
