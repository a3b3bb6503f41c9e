/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zonefs;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneDeviceContractTest;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.linux.Errno;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// The contract on zonefs, all of whose data is lost.
@Tag("vm")
@ParameterizedClass
@EnumSource(
        value = AsyncIo.class,
        names = {"IO_URING", "THREADS"})
final class ZonefsZoneDeviceVmTest extends ZoneDeviceContractTest {
    /// Not at the beginning, and so many that the limit of active zones can be reached.
    private static final ZoneRange RANGE = new ZoneRange(3, 24);

    private final AsyncIo asyncIo;

    ZonefsZoneDeviceVmTest(final AsyncIo asyncIo) {
        this.asyncIo = asyncIo;
    }

    @Override
    protected ZoneDevice create(final ZoneGeometry wanted) {
        final ZoneDevice created;
        try {
            created = reopen();
        } catch (final DeviceException e) {
            if (asyncIo == AsyncIo.THREADS && e.errno() == Errno.EOPNOTSUPP) {
                abort("refused on this kernel, use 6.12: " + e.getMessage());
            }
            throw e;
        }
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
