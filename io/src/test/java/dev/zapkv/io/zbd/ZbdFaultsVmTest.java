/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.Completions;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.linux.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// Bad blocks, dying zones and wrong nodes, on null_blk devices of its own.
@Tag("vm")
@ParameterizedClass
@EnumSource(
        value = AsyncIo.class,
        names = {"IO_URING", "THREADS"})
final class ZbdFaultsVmTest {
    private static final int BLOCK = 4096;
    private static final int ZONE_SECTORS = 4 << 11;
    private static final Map<String, String> ZONED = Map.of(
            "size",
            "64",
            "blocksize",
            "4096",
            "zoned",
            "1",
            "zone_size",
            "4",
            "zone_capacity",
            "3",
            "zone_max_open",
            "4",
            "zone_max_active",
            "6");

    private final AsyncIo asyncIo;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(64L * BLOCK, BLOCK);
    private final Completions completions = new Completions();
    private NullBlock drive;
    private ZbdZoneDevice device;
    private IoBuffer buffer;

    ZbdFaultsVmTest(final AsyncIo asyncIo) {
        this.asyncIo = asyncIo;
    }

    @BeforeEach
    void open() throws IOException {
        drive = NullBlock.create("zapkv-faults", ZONED);
        device = ZbdZoneDevice.open(drive.node(), ZoneRange.ALL, asyncIo, 32);
        buffer = device.register(memory);
        for (long i = 0; i < memory.byteSize(); i += Long.BYTES) {
            memory.set(ValueLayout.JAVA_LONG, i, i * 1_000_003);
        }
    }

    @AfterEach
    void close() throws IOException {
        if (device != null) {
            device.close();
        }
        if (drive != null) {
            drive.close();
        }
        arena.close();
    }

    private void append(final int zone, final int block, final int blocks, final long token) {
        assertTrue(device.append(zone, buffer, (long) block * BLOCK, blocks * BLOCK, IoAttributes.NONE, token));
    }

    private long appendOne(final int zone, final int block, final int blocks) {
        completions.clear();
        append(zone, block, blocks, 1);
        return completions.drain(device).result(1);
    }

    private void assertHolds(final long address, final int block, final int blocks) {
        final MemorySegment target = arena.allocate((long) blocks * BLOCK, BLOCK);
        device.readSync(address, target, 0, blocks * BLOCK);
        assertArrayEquals(
                memory.asSlice((long) block * BLOCK, (long) blocks * BLOCK).toArray(ValueLayout.JAVA_BYTE),
                target.toArray(ValueLayout.JAVA_BYTE));
    }

    @Test
    void shouldGoOnBehindAWriteThatFailed() throws IOException {
        assertEquals(0, appendOne(0, 0, 2));
        // Blocks 4 and 5 of the zone are bad.
        drive.set("badblocks", "+32-47");
        completions.clear();
        for (int i = 0; i < 16; i++) {
            append(0, i, 1, i);
        }
        completions.drain(device);
        int failed = 0;
        for (int i = 0; i < 16; i++) {
            if (completions.result(i) < 0) {
                assertEquals(-Errno.EIO, completions.result(i), "token=" + i);
                failed++;
            } else {
                assertHolds(completions.result(i), i, 1);
            }
        }
        // The write pointer does not pass bad blocks: nothing that is to go there gets through.
        assertEquals(14, failed);
        assertEquals(4L * BLOCK, device.report(0).writePointer());
        drive.set("badblocks", "-32-47");
        assertEquals(4L * BLOCK, appendOne(0, 7, 3));
        assertHolds(4L * BLOCK, 7, 3);
        assertEquals(16, completions.released.size() + 15);
    }

    @Test
    void shouldKeepOtherZonesGoingWhenOneBecomesReadOnly() throws IOException {
        dies("zone_readonly", ZoneState.READ_ONLY, -DeviceException.EROFS);
    }

    @Test
    void shouldKeepOtherZonesGoingWhenOneGoesOffline() throws IOException {
        dies("zone_offline", ZoneState.OFFLINE, -Errno.EIO);
    }

    private void dies(final String attribute, final ZoneState state, final int error) throws IOException {
        assumeTrue(drive.has(attribute), "null_blk of this kernel has no " + attribute + ": use 6.1 or later");
        assertEquals(device.geometry().address(1, 0), appendOne(1, 0, 2));
        assertEquals(device.geometry().address(2, 0), appendOne(2, 0, 2));
        drive.set(attribute, Integer.toString(ZONE_SECTORS));
        completions.clear();
        for (int i = 0; i < 8; i++) {
            append(1, 4, 1, i);
            append(2, 4, 1, 100 + i);
        }
        completions.drain(device);
        for (int i = 0; i < 8; i++) {
            assertEquals(error, completions.result(i), "token=" + i);
            assertEquals(device.geometry().address(2, (2L + i) * BLOCK), completions.result(100 + i));
        }
        assertEquals(16, completions.released.size());
        final ZoneInfo dead = device.report(1);
        assertEquals(state, dead.state());
        assertEquals(2L * BLOCK, dead.writePointer(), "what this side knew");
        for (final Runnable call :
                new Runnable[] {() -> device.open(1), () -> device.finish(1), () -> device.reset(1)}) {
            assertEquals(-error, assertThrows(DeviceException.class, call::run).errno());
        }
        assertTrue(device.flush(200));
        assertEquals(0, completions.drain(device).result(200));
        device.reset(2);
        assertEquals(device.geometry().address(2, 0), appendOne(2, 9, 3));
        device.close();
        device = ZbdZoneDevice.open(drive.node(), ZoneRange.ALL, asyncIo, 32);
        buffer = device.register(memory);
        assertEquals(state, device.report(1).state());
        assertEquals(device.geometry().address(3, 0), appendOne(3, 9, 3));
    }

    @Test
    void shouldReportAZoneThatDiedWhileNobodyWrote() throws IOException {
        assertEquals(device.geometry().address(1, 0), appendOne(1, 0, 2));
        drive.set("zone_offline", Integer.toString(ZONE_SECTORS));
        assertEquals(ZoneState.OFFLINE, device.report(1).state());
        final MemorySegment target = arena.allocate(BLOCK);
        assertThrows(
                DeviceException.class, () -> device.readSync(device.geometry().address(1, 0), target, 0, 10));
    }

    @Test
    void shouldWaitForAnOpenZoneButNotForAnActiveOne() {
        completions.clear();
        for (int zone = 0; zone < 7; zone++) {
            append(zone, 0, 1, zone);
        }
        completions.drain(device);
        for (int zone = 0; zone < 6; zone++) {
            assertEquals(device.geometry().address(zone, 0), completions.result(zone));
        }
        assertEquals(-Errno.EOVERFLOW, completions.result(6));
        device.reset(0);
        device.reset(1);
        for (int zone = 2; zone < 6; zone++) {
            device.open(zone);
        }
        assertEquals(-Errno.ETOOMANYREFS, appendOne(0, 0, 1));
    }

    @Test
    void shouldRefuseADriveThatIsInUseAndNameTheUser() {
        final DeviceException refusal =
                assertThrows(DeviceException.class, () -> ZbdZoneDevice.open(drive.node(), ZoneRange.ALL, asyncIo));
        assertEquals(Errno.EBUSY, refusal.errno());
        assertTrue(refusal.getMessage().contains("this one"), refusal.getMessage());
    }

    @Test
    void shouldRefuseWhatIsNoZonedDrive() throws IOException {
        try (NullBlock plain = NullBlock.create("zapkv-plain", Map.of("size", "16", "blocksize", "4096"))) {
            assertRefused(plain.node(), "is not zoned");
        }
        if (Files.exists(Path.of("/dev/ng0n1"))) {
            assertRefused(Path.of("/dev/ng0n1"), "/dev/nvme0n1");
        }
    }

    private void assertRefused(final Path node, final String part) {
        final String message = assertThrows(
                        DeviceException.class, () -> ZbdZoneDevice.open(node, ZoneRange.ALL, asyncIo))
                .getMessage();
        assertTrue(message.contains(part) && message.contains(node.toString()), message);
    }

    @Test
    void shouldRefuseRangesThatCannotBeUsed() throws IOException {
        device.close();
        assertThrows(DeviceException.class, () -> ZbdZoneDevice.open(drive.node(), new ZoneRange(10, 7), asyncIo));
        drive.close();
        drive = NullBlock.create(
                "zapkv-faults",
                Map.of("size", "64", "blocksize", "4096", "zoned", "1", "zone_size", "4", "zone_nr_conv", "4"));
        assertRefusedRange(new ZoneRange(0, 4), "no sequential zone");
        device = ZbdZoneDevice.open(drive.node(), new ZoneRange(2, 8), asyncIo, 32);
        assertEquals(6, device.geometry().zoneCount());
        buffer = device.register(memory);
        assertEquals(0, appendOne(0, 0, 1));
    }

    private void assertRefusedRange(final ZoneRange range, final String part) {
        final String message = assertThrows(
                        DeviceException.class, () -> ZbdZoneDevice.open(drive.node(), range, asyncIo))
                .getMessage();
        assertTrue(message.contains(part), message);
    }

    @Test
    void shouldKeepZonesOutsideOfItsRangeAndTheirShareOfTheLimits() throws IOException {
        assertEquals(0, appendOne(0, 0, 1));
        device.close();
        device = ZbdZoneDevice.open(drive.node(), new ZoneRange(4, 8), asyncIo, 32);
        assertEquals(5, device.geometry().maxActive());
        buffer = device.register(memory);
        assertEquals(0, appendOne(0, 3, 1));
        device.close();
        device = ZbdZoneDevice.open(drive.node(), ZoneRange.ALL, asyncIo, 32);
        assertEquals((long) BLOCK, device.report(0).writePointer());
        assertHolds(0, 0, 1);
        assertHolds(device.geometry().address(4, 0), 3, 1);
    }

    @Test
    void shouldCompleteEverythingOnceWhenClosedAmongFailures() throws IOException {
        drive.set("zone_readonly", Integer.toString(ZONE_SECTORS));
        for (int i = 0; i < 20; i++) {
            append(i % 3, 0, 1, i);
        }
        device.close();
        assertEquals(0, device.inFlight());
        buffer.close();
    }
}
