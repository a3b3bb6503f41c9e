/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Kills on a directory.
@Tag("integration")
class KillIT extends KillScenario {
    private static final int KILLS = Integer.getInteger("zapkv.test.kills", 200);

    @Override
    String location(final Path directory) {
        return directory.resolve("store").toString();
    }

    @Test
    void shouldKeepWhatWasAcknowledgedThroughKills() throws IOException, InterruptedException {
        killAndCheck(KILLS);
        assertTrue(openingsFromCheckpoint() > KILLS / 4, openingsFromCheckpoint() + " openings from a checkpoint");
        assertTrue(openingsFromStaging() > KILLS / 4, openingsFromStaging() + " openings from staging");
    }
}
