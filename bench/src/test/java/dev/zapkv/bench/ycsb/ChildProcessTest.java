/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChildProcessTest {
    /// Ends as a JVM that crashes.
    static final class Crashing {
        private Crashing() {}

        /// Sends a message and crashes.
        public static void main(final String[] args) throws IOException {
            System.out.println(ChildProtocol.encode(new ChildMessage.Progress(WorkloadKind.A, 1, 2, 3)));
            System.out.println("# A fatal error has been detected");
            System.err.println("and that is all");
            System.err.flush();
            Runtime.getRuntime().halt(134);
        }
    }

    @Test
    void shouldTellWhatAProcessThatCrashedHasPrinted() throws IOException {
        final List<ChildMessage> messages = new ArrayList<>();
        try (ChildProcess child = ChildProcess.start(Crashing.class, List.of())) {
            final PhaseFailedException failed =
                    assertThrows(PhaseFailedException.class, () -> child.await(messages::add));
            assertTrue(failed.getMessage().contains("exit code 134"), failed.getMessage());
            assertTrue(failed.getMessage().contains("# A fatal error has been detected"), failed.getMessage());
            assertTrue(failed.getMessage().contains("and that is all"), failed.getMessage());
        }
        assertEquals(List.of(new ChildMessage.Progress(WorkloadKind.A, 1, 2, 3)), messages);
    }
}
