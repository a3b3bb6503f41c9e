/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.linux.Errno;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Zone management against a drive that answers what the test says.
final class NvmeZonesTest {
    private static final long CAPACITY = 62 << 20;

    private final FakeDrive fake = new FakeDrive();
    private final Drive drive = new DriveProbe(
                    Path.of("/dev/ng9n1"), fake, new QueueLimits(Path.of("queue"), -1, -1, -1, -1, -1))
            .probe(new ZoneRange(4, 8));
    private final NvmeZones zones = new NvmeZones(drive, fake, "/dev/ng9n1", new StatusCounts());

    @AfterEach
    void close() {
        zones.close();
    }

    /// All zones in a state, with a write pointer that is valid only where there is one.
    private void state(final int state, final long writePointer) {
        fake.report = data -> {
            FakeDrive.putByte(data, 65, state << 4);
            FakeDrive.putLong(data, 64 + 24, writePointer);
        };
    }

    @Test
    void shouldReportEachState() {
        final long start = drive.zoneBlock(2);
        assertEquals(6 * 0x4000, start);
        assertEquals(new ZoneInfo(2, ZoneState.EMPTY, 0, CAPACITY, true), zones.report(2));
        state(2, start + 1);
        assertEquals(new ZoneInfo(2, ZoneState.OPEN, 4096, CAPACITY, true), zones.report(2));
        state(3, start);
        assertEquals(new ZoneInfo(2, ZoneState.OPEN, 0, CAPACITY, true), zones.report(2));
        state(4, start + 0x3E00);
        assertEquals(new ZoneInfo(2, ZoneState.CLOSED, CAPACITY, CAPACITY, true), zones.report(2));
        state(0xE, -1);
        assertEquals(new ZoneInfo(2, ZoneState.FULL, CAPACITY, CAPACITY, true), zones.report(2));
        state(0xD, -1);
        assertEquals(new ZoneInfo(2, ZoneState.READ_ONLY, CAPACITY, CAPACITY, false), zones.report(2));
        state(0xF, -1);
        assertEquals(new ZoneInfo(2, ZoneState.OFFLINE, 0, CAPACITY, false), zones.report(2));
        fake.reportedZones = 0;
        assertThrows(DeviceException.class, () -> zones.report(2));
        fake.reportedZones = Long.MIN_VALUE;
        assertEquals(ZoneState.OFFLINE, zones.report(2).state(), "one descriptor has room, and it is sound");
    }

    private void assertRefused(final int errno, final Runnable call, final String part) {
        final DeviceException refused = assertThrows(DeviceException.class, call::run);
        assertEquals(errno, refused.errno(), refused.getMessage());
        assertTrue(refused.getMessage().contains(part), refused.getMessage());
    }

    @Test
    void shouldExplainARefusalByTheZonesState() {
        fake.sendStatus = 0x41BF;
        state(0xE, -1);
        assertRefused(Errno.EINVAL, () -> zones.open(0), "FULL");
        state(0xD, -1);
        assertRefused(Errno.EROFS, () -> zones.reset(0), "READ_ONLY");
        state(0xF, -1);
        assertRefused(Errno.EIO, () -> zones.finish(0), "OFFLINE");
        fake.sendStatus = 0x41BE;
        assertRefused(Errno.ETOOMANYREFS, () -> zones.open(0), "open=14");
        fake.sendStatus = 0x41BD;
        assertRefused(Errno.EOVERFLOW, () -> zones.open(0), "active=16");
    }

    @Test
    void shouldRepeatWhatMayPassAndGiveUp() {
        fake.calls = 0;
        fake.sendStatus = -Errno.EINTR;
        assertRefused(Errno.EINTR, () -> zones.reset(1), "EINTR");
        assertEquals(9, fake.calls);
        fake.calls = 0;
        fake.sendStatus = 0x4021;
        assertRefused(Errno.EIO, () -> zones.reset(1), "command interrupted");
        assertEquals(1, fake.calls);
    }
}
