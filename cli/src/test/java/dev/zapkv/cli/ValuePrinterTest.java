/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class ValuePrinterTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void shouldEndAValueWithALineBreak() throws Exception {
        assertEquals("grüß\tdich\n", print("grüß\tdich", false, true));
    }

    @Test
    void shouldPrintExactlyTheBytesIfAsked() throws Exception {
        assertEquals("a\u001b[31m", print("a\u001b[31m", true, true));
    }

    @Test
    void shouldKeepControlSequencesFromATerminal() throws Exception {
        assertEquals("611b5b33316d\n", print("a\u001b[31m", false, true));
        assertEquals(true, err.toString(StandardCharsets.UTF_8).contains("hexadecimal"));
    }

    @Test
    void shouldLeaveControlSequencesToAPipe() throws Exception {
        assertEquals("a\u001b[31m\n", print("a\u001b[31m", false, false));
    }

    private String print(final String value, final boolean raw, final boolean isTerminal) throws Exception {
        final Terminal terminal = new Cli().outIsTerminal(isTerminal).terminal(out, err);
        new ValuePrinter(terminal, null, raw).print(value.getBytes(StandardCharsets.UTF_8));
        return out.toString(StandardCharsets.UTF_8);
    }
}
