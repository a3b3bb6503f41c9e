/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneDeviceContractTest;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneRange;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/// The contract on an emulated drive: both ways to the driver, both drives, a part of one.
@Tag("vm")
final class NvmeZoneDeviceVmTest {
    /// On one drive.
    abstract static class Contract extends ZoneDeviceContractTest {
        private final Path node;
        private final ZoneRange range;
        private final AsyncIo asyncIo;

        Contract(final Path node, final ZoneRange range, final AsyncIo asyncIo) {
            this.node = node;
            this.range = range;
            this.asyncIo = asyncIo;
        }

        @Override
        protected ZoneDevice create(final ZoneGeometry wanted) {
            return VmDrive.openEmpty(node, range, asyncIo, QUEUE_DEPTH);
        }

        @Override
        protected ZoneDevice reopen() {
            return NvmeZoneDevice.open(node, range, asyncIo, QUEUE_DEPTH);
        }
    }

    @Nested
    final class Ring extends Contract {
        Ring() {
            super(VmDrive.large(), ZoneRange.ALL, AsyncIo.IO_URING);
        }
    }

    @Nested
    final class Threads extends Contract {
        Threads() {
            super(VmDrive.large(), ZoneRange.ALL, AsyncIo.THREADS);
        }
    }

    @Nested
    final class RingOnSmallDrive extends Contract {
        RingOnSmallDrive() {
            super(VmDrive.small(), ZoneRange.ALL, AsyncIo.IO_URING);
        }
    }

    @Nested
    final class ThreadsOnSmallDrive extends Contract {
        ThreadsOnSmallDrive() {
            super(VmDrive.small(), ZoneRange.ALL, AsyncIo.THREADS);
        }
    }

    @Nested
    final class RingOnSomeZones extends Contract {
        RingOnSomeZones() {
            super(VmDrive.large(), new ZoneRange(10, 20), AsyncIo.IO_URING);
        }
    }
}
