/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zonefs;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneDeviceContractTest;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.ZoneState;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/// The contract on zonefs, all of whose data is lost.
@Tag("vm")
@ParameterizedClass
@MethodSource("variants")
final class ZonefsZoneDeviceVmTest extends ZoneDeviceContractTest {
    /// Not at the beginning, and so many that the limit of active zones can be reached.
    private static final ZoneRange RANGE = new ZoneRange(3, 24);

    private final AsyncIo asyncIo;

    ZonefsZoneDeviceVmTest(final AsyncIo asyncIo) {
        this.asyncIo = asyncIo;
    }

    /// Without threads where the kernel makes them impossible, see {@link ZonefsFaultsVmTest}.
    static List<AsyncIo> variants() {
        return VmMount.takesSynchronousWrites()
                ? List.of(AsyncIo.IO_URING, AsyncIo.THREADS)
                : List.of(AsyncIo.IO_URING);
    }

    @Override
    protected ZoneDevice create(final ZoneGeometry wanted) {
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
        return ZonefsZoneDevice.open(VmMount.path(), RANGE, asyncIo, QUEUE_DEPTH);
    }

    @Override
    protected boolean keepsOrderWithinAZone() {
        return true;
    }
}
