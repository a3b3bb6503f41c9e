/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Kills on a drive.
@Tag("vm")
class DriveKillVmTest extends KillScenario {
    private static final int KILLS = Integer.getInteger("zapkv.test.kills", 10);
    // Under emulation a flush takes tens of milliseconds.
    private static final int STEPS_BEFORE_CLOSE = 50;

    @Override
    String location(final Path directory) {
        return TestDrive.location();
    }

    @Override
    String zones() {
        return TestDrive.zones();
    }

    @Override
    int stepsBeforeClose() {
        return STEPS_BEFORE_CLOSE;
    }

    @Test
    void shouldKeepWhatWasAcknowledgedThroughKills() throws IOException, InterruptedException {
        ZapKv.format(TestDrive.context(), true);
        killAndCheck(KILLS);
    }
}
