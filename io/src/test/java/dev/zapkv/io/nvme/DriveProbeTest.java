/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// What is made of a drive's own words, true and false ones.
final class DriveProbeTest {
    private static final Path NODE = Path.of("/dev/ng9n1");
    private static final QueueLimits LIMITS = new QueueLimits(Path.of("queue"), 512, 127, 131072, 14, 16);
    private static final QueueLimits UNKNOWN = new QueueLimits(Path.of("queue"), -1, -1, -1, -1, -1);

    private final FakeDrive fake = new FakeDrive();

    private Drive probe(final QueueLimits limits, final ZoneRange range) {
        return new DriveProbe(NODE, fake, limits).probe(range);
    }

    private void assertRefused(final String... parts) {
        final String message = assertThrows(DeviceException.class, () -> probe(LIMITS, ZoneRange.ALL))
                .getMessage();
        for (final String part : parts) {
            assertTrue(message.contains(part), message);
        }
        assertTrue(message.contains(NODE.toString()), message);
    }

    @Test
    void shouldTakeTheDrivesOwnSizes() {
        final Drive drive = probe(LIMITS, ZoneRange.ALL);
        assertEquals(new ZoneGeometry(4096, 64 << 20, 62 << 20, 64, 14, 16, 131072), drive.geometry());
        assertEquals(FakeDrive.NSID, drive.nsid());
        assertEquals(126 * 4096, drive.maxTransfer());
        assertTrue(drive.volatileCache());
        assertEquals(100, drive.retryDelays().ms(1));
        assertEquals(0, drive.retryDelays().ms(0));
        assertFalse(drive.details().isEmpty());
    }

    @Test
    void shouldCountFromTheFirstZoneOfTheRange() {
        final Drive drive = probe(LIMITS, new ZoneRange(10, 20));
        assertEquals(20, drive.geometry().zoneCount());
        assertEquals(10 * 0x4000, drive.zoneBlock(0));
        assertEquals(12 * 0x4000 + 1, drive.block(drive.geometry().address(2, 4096)));
    }

    @Test
    void shouldBeCautiousWithoutTheKernelsLimits() {
        assertEquals(126 * 4096, probe(UNKNOWN, ZoneRange.ALL).maxTransfer());
        fake.controller = data -> FakeDrive.putByte(data, 77, 0);
        fake.zonedController = data -> FakeDrive.putByte(data, 0, 0);
        assertEquals(126 * 4096, probe(UNKNOWN, ZoneRange.ALL).geometry().maxAppend());
        fake.controller = data -> FakeDrive.putByte(data, 77, 255);
        fake.zonedController = data -> FakeDrive.putByte(data, 0, 255);
        assertEquals(126 * 4096, probe(UNKNOWN, ZoneRange.ALL).geometry().maxAppend());
    }

    @Test
    void shouldBearAbsurdLimitsOfTheKernel() {
        final long absurd = 999_999_999_999_999_999L;
        final QueueLimits limits = new QueueLimits(Path.of("queue"), absurd, absurd, absurd, absurd, absurd);
        assertEquals(4096 << 7, probe(limits, ZoneRange.ALL).maxTransfer());
        assertEquals(4096 << 5, probe(limits, ZoneRange.ALL).geometry().maxAppend());
    }

    @Test
    void shouldKnowDrivesWithoutLimits() {
        fake.zoned = data -> {
            FakeDrive.putInt(data, 4, -1);
            FakeDrive.putInt(data, 8, -1);
        };
        final ZoneGeometry geometry = probe(LIMITS, ZoneRange.ALL).geometry();
        assertEquals(0, geometry.maxOpen());
        assertEquals(0, geometry.maxActive());
        fake.zoned = data -> FakeDrive.putInt(data, 8, 0x8000_0000);
        assertEquals(0, probe(LIMITS, ZoneRange.ALL).geometry().maxOpen());
    }

    @Test
    void shouldReadTheIndexOfAFormatAboveSixteen() {
        fake.namespace = data -> {
            FakeDrive.putByte(data, 25, 20);
            FakeDrive.putByte(data, 26, 1 << 5 | 1);
            FakeDrive.putByte(data, 128 + 4 * 17 + 2, 9);
        };
        fake.zoned = data -> FakeDrive.putLong(data, 2816 + 16 * 17, 0x4000);
        assertEquals(512, probe(LIMITS, ZoneRange.ALL).geometry().blockSize());
    }

    @Test
    void shouldRefuseNamespacesThatAreNotZoned() {
        fake.zonedStatus = 0x4002;
        assertRefused("not zoned");
        fake.zonedStatus = 0;
        fake.zoned = data -> data.fill((byte) 0);
        assertRefused("not zoned");
    }

    @Test
    void shouldNameThePermissionThatIsMissing() {
        fake.identifyStatus = -Errno.EACCES;
        final DeviceException refused = assertThrows(DeviceException.class, () -> probe(LIMITS, ZoneRange.ALL));
        assertEquals(DeviceException.EACCES, refused.errno());
        assertTrue(
                refused.getMessage().contains("CAP_SYS_ADMIN")
                        || refused.getMessage().contains("udev"),
                refused.getMessage());
    }

    @Test
    void shouldRefuseMetadataAndProtection() {
        fake.namespace = data -> FakeDrive.putShort(data, 128 + 4 * 4, 8);
        assertRefused("8 bytes of metadata");
        fake.namespace = data -> {
            FakeDrive.putShort(data, 128 + 4 * 4, 8);
            FakeDrive.putByte(data, 29, 1);
        };
        assertRefused("protection information of type 1");
    }

    @Test
    void shouldRefuseSizesThatCannotBe() {
        for (final int shift : new int[] {0, 8, 17, 63, 255}) {
            fake.namespace = data -> FakeDrive.putByte(data, 128 + 4 * 4 + 2, shift);
            assertRefused("2^" + shift);
        }
        fake.namespace = data -> {};
        for (final long zoneBlocks : new long[] {1, 0x3000, -1, Long.MIN_VALUE, 1L << 60}) {
            fake.zoned = data -> FakeDrive.putLong(data, 2816 + 16 * 4, zoneBlocks);
            assertThrows(DeviceException.class, () -> probe(LIMITS, ZoneRange.ALL), "zoneBlocks=" + zoneBlocks);
        }
        fake.zoned = data -> FakeDrive.putLong(data, 2816 + 16 * 4, 0x3000);
        assertRefused("power of two");
        fake.zoned = data -> FakeDrive.putShort(data, 0, 1);
        assertRefused("capacity may change");
        fake.zoned = data -> {};
        for (final long blocks : new long[] {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 52}) {
            fake.blocks = blocks;
            assertThrows(DeviceException.class, () -> probe(LIMITS, ZoneRange.ALL), "blocks=" + blocks);
        }
    }

    @Test
    void shouldRefuseReportsThatCannotBe() {
        for (final long zones : new long[] {0, 63, 65, Long.MAX_VALUE}) {
            fake.reportedZones = zones;
            assertRefused("reports " + zones + " zones");
        }
        fake.reportedZones = -1;
        fake.reportStatus = 0x4002;
        assertRefused("zone report failed", "invalid field");
        fake.reportStatus = 0;
        assertReportRefused("capacity", data -> FakeDrive.putLong(data, 64 + 8, 0));
        assertReportRefused("capacity", data -> FakeDrive.putLong(data, 64 + 8, 0x4001));
        assertReportRefused("capacity", data -> FakeDrive.putLong(data, 64 + 8, -1));
        assertReportRefused("type=0", data -> FakeDrive.putByte(data, 64, 0));
        assertReportRefused("type=1", data -> FakeDrive.putByte(data, 64, 1));
        assertReportRefused("state=0", data -> FakeDrive.putByte(data, 65, 0));
        assertReportRefused("state=5", data -> FakeDrive.putByte(data, 65, 5 << 4));
        assertReportRefused("first block", data -> FakeDrive.putLong(data, 64 + 16, 1));
        assertReportRefused("write pointer", data -> FakeDrive.putLong(data, 64 + 24, -1));
        assertReportRefused("write pointer", data -> FakeDrive.putLong(data, 64 + 24, 0x3E01));
        assertReportRefused("different capacities", data -> FakeDrive.putLong(data, 64 + 64 + 8, 0x3D00));
        fake.report = data -> data.fill((byte) 0xFF);
        assertThrows(DeviceException.class, () -> probe(LIMITS, ZoneRange.ALL));
        fake.report = data -> data.fill((byte) 0);
        assertThrows(DeviceException.class, () -> probe(LIMITS, ZoneRange.ALL));
    }

    private void assertReportRefused(final String part, final Consumer<MemorySegment> change) {
        fake.report = change;
        final String message = assertThrows(DeviceException.class, () -> probe(LIMITS, ZoneRange.ALL))
                .getMessage();
        assertTrue(message.contains(part), message);
    }

    @Test
    void shouldRefuseDrivesWithoutAppend() {
        final QueueLimits none = new QueueLimits(Path.of("queue"), 512, 127, 0, 14, 16);
        final String message = assertThrows(DeviceException.class, () -> probe(none, ZoneRange.ALL))
                .getMessage();
        assertTrue(message.contains("no Zone Append"), message);
    }

    @Test
    void shouldRefuseRangesOutsideTheDrive() {
        for (final String range : new String[] {"0-64", "64-", "63-64"}) {
            final String message = assertThrows(DeviceException.class, () -> probe(LIMITS, ZoneRange.parse(range)))
                    .getMessage();
            assertTrue(message.contains(range) && message.contains("0-63"), message);
        }
    }
}
