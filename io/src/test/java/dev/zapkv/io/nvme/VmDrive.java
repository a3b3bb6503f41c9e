/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.ZoneState;
import java.nio.file.Path;

/// The drives of the virtual machine. A test that asks for one that is not there fails: it was run elsewhere.
final class VmDrive {
    private VmDrive() {}

    /// Node of the drive with blocks of 4 KiB.
    static Path large() {
        return node("ZAPKV_VM_NVME");
    }

    /// Node of the drive with blocks of 512 bytes and tight limits.
    static Path small() {
        return node("ZAPKV_VM_NVME_SMALL");
    }

    private static Path node(final String variable) {
        final String value = System.getProperty(variable, System.getenv(variable));
        assertNotNull(value, variable + " is not set to the node of a zoned drive: run this test by tools/zns-vm");
        return Path.of(value);
    }

    /// Opens zones of a drive. The whole drive is emptied first: its limits of open zones are those of all its zones.
    static NvmeZoneDevice openEmpty(
            final Path node, final ZoneRange range, final AsyncIo asyncIo, final int queueDepth) {
        if (!range.equals(ZoneRange.ALL)) {
            openEmpty(node, ZoneRange.ALL, asyncIo, queueDepth).close();
        }
        final NvmeZoneDevice device = NvmeZoneDevice.open(node, range, asyncIo, queueDepth);
        for (int zone = 0; zone < device.geometry().zoneCount(); zone++) {
            if (device.report(zone).state() != ZoneState.EMPTY) {
                device.reset(zone);
            }
        }
        return device;
    }
}
