/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zbd;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneDeviceContractTest;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.ZoneState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The contract on zoned block devices, all of whose data is lost. The nodes are those of the virtual machine, or
/// what {@code ZAPKV_VM_ZBD} names, separated by commas.
@Tag("vm")
@ParameterizedClass(name = "{0} {1}")
@MethodSource("variants")
final class ZbdZoneDeviceVmTest extends ZoneDeviceContractTest {
    /// Behind the conventional zones of null_blk, and not at the beginning of any drive.
    private static final ZoneRange RANGE = new ZoneRange(2, 24);

    private final Path node;
    private final AsyncIo asyncIo;

    ZbdZoneDeviceVmTest(final Path node, final AsyncIo asyncIo) {
        this.node = node;
        this.asyncIo = asyncIo;
    }

    static List<Arguments> variants() {
        final List<Arguments> variants = new ArrayList<>();
        for (final String node : VmNodes.zoned()) {
            variants.add(Arguments.of(Path.of(node), AsyncIo.IO_URING));
            variants.add(Arguments.of(Path.of(node), AsyncIo.THREADS));
        }
        return variants;
    }

    @Override
    protected ZoneDevice create(final ZoneGeometry wanted) {
        assumeTrue(Files.exists(node), node + " is missing: run this test with tools/zns-vm test");
        final ZoneDevice created = reopen();
        for (int zone = 0; zone < created.geometry().zoneCount(); zone++) {
            if (created.report(zone).state() != ZoneState.EMPTY) {
                created.reset(zone);
            }
        }
        return created;
    }

    @Override
    protected ZoneDevice reopen() {
        return ZbdZoneDevice.open(node, RANGE, asyncIo, QUEUE_DEPTH);
    }

    @Override
    protected boolean keepsOrderWithinAZone() {
        return true;
    }
}
