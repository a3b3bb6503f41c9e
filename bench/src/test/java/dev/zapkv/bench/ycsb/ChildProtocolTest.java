/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class ChildProtocolTest {
    @Test
    void shouldReadBackWhatItWrote() throws IOException {
        for (final ChildMessage message : new ChildMessage[] {
            new ChildMessage.Progress(WorkloadKind.F, 10, 200, 1234.5),
            new ChildMessage.Result(Results.phase(WorkloadKind.LOAD, 1_000, 1_000_000, 1234.25)),
            new ChildMessage.Failure("a \"quoted\"\nmessage")
        }) {
            final String line = ChildProtocol.encode(message);
            assertFalse(line.contains("\n"), line);
            assertEquals(message, ChildProtocol.decode(line));
        }
    }

    @Test
    void shouldRefuseWhatIsNoMessage() {
        assertThrows(IOException.class, () -> ChildProtocol.decode("hello"));
        assertThrows(IOException.class, () -> ChildProtocol.decode("[]"));
        assertThrows(IOException.class, () -> ChildProtocol.decode("{\"type\":\"other\"}"));
        assertThrows(IOException.class, () -> ChildProtocol.decode("{\"type\":\"progress\"}"));
    }
}
