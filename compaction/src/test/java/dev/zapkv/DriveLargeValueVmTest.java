/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/// Leased values on a drive: with fixed buffers where the kernel has them.
@Tag("vm")
@ParameterizedClass(name = "{0}")
@MethodSource("dev.zapkv.TestDrive#all")
class DriveLargeValueVmTest extends LargeValueScenario {
    private final TestDrive drive;

    DriveLargeValueVmTest(final TestDrive drive) {
        this.drive = drive;
    }

    @Override
    ZapKv create() {
        ZapKv.format(drive.context(), true);
        return reopen();
    }

    @Override
    ZapKv reopen() {
        return ZapKv.open(drive.context());
    }

    @Override
    void checkDevice(final StoreStats before, final StoreStats after, final LargeValue.Outcome outcome) {
        super.checkDevice(before, after, outcome);
        assertTrue(outcome.registered(), outcome.toString());
        System.out.printf("%s: %s, %s%n", drive, outcome, after.writePaths());
    }
}
