/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class ArgumentsTest {
    @Test
    void shouldTakeTheLastArgumentsAsUtf8() {
        final byte[] commandLine = "java\0-cp\0x\0Main\0put\0ключ\0\0".getBytes(StandardCharsets.UTF_8);
        assertArrayEquals(new String[] {"put", "ключ", ""}, Arguments.decodeLast(commandLine, 3));
    }

    @Test
    void shouldRefuseAnArgumentThatIsNotUtf8() {
        final byte[] commandLine = "java\0put\0\u00ff\0".getBytes(StandardCharsets.ISO_8859_1);
        final CommandException e = assertThrows(CommandException.class, () -> Arguments.decodeLast(commandLine, 2));
        assertEquals(ExitCode.USAGE, e.exitCode());
        assertTrue(e.getMessage().contains("Argument 2 is not UTF-8"), e.getMessage());
    }
}
