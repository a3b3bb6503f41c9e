/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;

/// Leased values on a drive: with fixed buffers where the kernel has them.
@Tag("vm")
class DriveLargeValueVmTest extends LargeValueScenario {
    @Override
    ZapKv create() {
        ZapKv.format(TestDrive.context(), true);
        return reopen();
    }

    @Override
    ZapKv reopen() {
        return ZapKv.open(TestDrive.context());
    }

    @Override
    void checkDevice(final StoreStats before, final StoreStats after, final LargeValue.Outcome outcome) {
        super.checkDevice(before, after, outcome);
        assertTrue(outcome.registered(), outcome.toString());
        System.out.printf("%s: %s, %s%n", TestDrive.location(), outcome, after.writePaths());
    }
}
