/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.checks.fuzz.FuzzInput;
import dev.zapkv.checks.fuzz.FuzzTarget;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneRange;
import java.nio.file.Path;
import java.util.List;

/// All that an NVMe drive says of itself when it is opened: Identify structures, and reports that fit them or not.
public final class NvmeProbeTarget implements FuzzTarget {
    @Override
    public List<byte[]> seeds() {
        return List.of(new byte[0], new byte[] {0, 1, 2, 3, 4, 5, 6, 7}, new byte[] {
            0, 0, 0, 16, 0, 7, 64, 0, 0, 0, 0, 0, 0, 0, 0, 26, 0, 2, 0, 0, 0, 0, 0, 0, 0
        });
    }

    @Override
    public void run(final byte[] bytes) {
        final FuzzInput input = new FuzzInput(bytes);
        final ZoneRange range = new ZoneRange(input.u8() % 4, input.u8() % 2 == 0 ? Integer.MAX_VALUE : 1 + input.u8());
        final QueueLimits limits =
                new QueueLimits(Path.of("queue"), limit(input), limit(input), limit(input), limit(input), limit(input));
        final PatchedDrive calls = new PatchedDrive(input);
        final Path node = Path.of("/dev/ng0n1");
        try {
            final Drive drive = new DriveProbe(node, calls, limits).probe(range);
            final long end = drive.zoneBlock(drive.geometry().zoneCount());
            if (drive.maxTransfer() <= 0 || drive.maxSegments() < 2 || end <= 0 || drive.firstZone() < 0) {
                throw new AssertionError(drive + " cannot be");
            }
            report(drive, calls);
        } catch (final DeviceException e) {
            // as documented
            return;
        }
    }

    private static void report(final Drive drive, final PatchedDrive calls) {
        try (NvmeZones zones = new NvmeZones(drive, calls, "drive", new StatusCounts())) {
            final ZoneInfo zone = zones.report(drive.geometry().zoneCount() - 1);
            if (zone.writePointer() < 0 || zone.writePointer() > zone.capacity()) {
                throw new AssertionError(zone + " is out of bounds");
            }
        }
    }

    private static long limit(final FuzzInput input) {
        final int form = input.u8();
        return form < 0x80 ? -1 : form == 0x80 ? input.u64() >>> 4 : 1L << (form & 0x3F) >>> 1;
    }
}
