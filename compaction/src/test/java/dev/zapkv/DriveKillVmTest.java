/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/// Kills on a drive.
@Tag("vm")
@ParameterizedClass(name = "{0}")
@MethodSource("dev.zapkv.TestDrive#all")
class DriveKillVmTest extends KillScenario {
    private static final int KILLS = Integer.getInteger("zapkv.test.kills", 6);
    // Under emulation a flush takes tens of milliseconds.
    private static final int STEPS_BEFORE_CLOSE = 50;

    private final TestDrive drive;

    DriveKillVmTest(final TestDrive drive) {
        this.drive = drive;
    }

    @Override
    String location(final Path directory) {
        return drive.toString();
    }

    @Override
    String zones() {
        return drive.range().toString();
    }

    @Override
    int stepsBeforeClose() {
        return STEPS_BEFORE_CLOSE;
    }

    @Test
    void shouldKeepWhatWasAcknowledgedThroughKills() throws IOException, InterruptedException {
        ZapKv.format(drive.context(), true);
        killAndCheck(KILLS);
    }
}
