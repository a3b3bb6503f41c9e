/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zonefs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.Completions;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.KernelRelease;
import dev.zapkv.io.linux.Libc;
import dev.zapkv.io.linux.Mount;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Mounts that are refused, files that somebody else changes, and explicit opening.
@Tag("vm")
final class ZonefsFaultsVmTest {
    private static final int BLOCK = 4096;
    private static final ZoneRange RANGE = new ZoneRange(30, 20);

    private final Path mountPoint = VmMount.path();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(16L * BLOCK, BLOCK);
    private final Completions completions = new Completions();
    private String source = "";

    @AfterEach
    void restore() throws IOException, InterruptedException {
        arena.close();
        if (!source.isEmpty()) {
            mount("errors=repair");
        }
        try (ZonefsZoneDevice device = open(AsyncIo.IO_URING)) {
            for (int zone = 0; zone < device.geometry().zoneCount(); zone++) {
                device.reset(zone); // active zones would count for other tests
            }
        }
    }

    private ZonefsZoneDevice open(final AsyncIo asyncIo) {
        return ZonefsZoneDevice.open(mountPoint, RANGE, asyncIo);
    }

    private long appendOne(final ZonefsZoneDevice device, final IoBuffer buffer, final int zone, final int blocks) {
        completions.clear();
        assertTrue(device.append(zone, buffer, 0, blocks * BLOCK, IoAttributes.NONE, 1));
        return completions.drain(device).result(1);
    }

    private void mount(final String options) throws IOException, InterruptedException {
        if (source.isEmpty()) {
            source = ZonefsMount.find(mountPoint, Mount.all()).source();
        }
        run("umount", mountPoint.toString());
        run("mount", "-t", "zonefs", "-o", options, source, mountPoint.toString());
    }

    private static void run(final String... command) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(command).inheritIO().start();
        assertEquals(0, process.waitFor(), List.of(command).toString());
    }

    private void assertRefused(final String... parts) {
        final String message = assertThrows(DeviceException.class, () -> open(AsyncIo.IO_URING))
                .getMessage();
        for (final String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }

    @Test
    void shouldRefuseMountsThatAFailedWriteMakesUnusable() throws IOException, InterruptedException {
        mount("errors=remount-ro");
        assertRefused("errors=remount-ro", "mount -o remount,rw,errors=repair " + mountPoint);
        mount("errors=zone-offline");
        assertRefused("errors=zone-offline");
        mount("ro,errors=repair");
        assertRefused("read-only");
        mount("errors=zone-ro");
        open(AsyncIo.IO_URING).close();
    }

    @Test
    void shouldRefuseWhatIsNoZonefs() {
        for (final String path : new String[] {"/", mountPoint + "/seq", mountPoint + "/none"}) {
            final String message = assertThrows(
                            DeviceException.class, () -> ZonefsZoneDevice.open(Path.of(path), RANGE, AsyncIo.IO_URING))
                    .getMessage();
            assertTrue(message.contains(path), message);
        }
        assertThrows(
                DeviceException.class,
                () -> ZonefsZoneDevice.open(mountPoint, new ZoneRange(60, 40), AsyncIo.IO_URING));
    }

    @Test
    void shouldRefuseZonesThatAreInUseAndNameTheUser() {
        try (ZonefsZoneDevice device = open(AsyncIo.IO_URING)) {
            assertEquals(RANGE.count(), device.geometry().zoneCount());
            assertRefused("in use", "this one");
        }
        open(AsyncIo.IO_URING).close();
    }

    @Test
    void shouldRefuseThreadsOnlyWhereSynchronousWritesFail() {
        final boolean takes = VmMount.takesSynchronousWrites();
        if (SyncWriteProbe.isDoubtful(KernelRelease.running())) {
            if (!takes) {
                final DeviceException refusal = assertThrows(DeviceException.class, () -> open(AsyncIo.THREADS));
                assertEquals(Errno.EOPNOTSUPP, refusal.errno());
                assertTrue(refusal.getMessage().contains("io_uring"), refusal.getMessage());
            }
        } else {
            assertTrue(takes, "kernel " + KernelRelease.running());
        }
    }

    @Test
    void shouldNeverOpenMoreFilesForWritingThanTheMountAllows() throws IOException, InterruptedException {
        mount("errors=repair,explicit-open");
        try (ZonefsZoneDevice device = open(AsyncIo.IO_URING)) {
            final IoBuffer buffer = device.register(memory);
            final int maxOpen = device.geometry().maxOpen();
            final int maxActive = device.geometry().maxActive();
            for (int zone = 0; zone < device.geometry().zoneCount(); zone++) {
                device.reset(zone);
            }
            final List<Long> results = new ArrayList<>();
            for (int zone = 0; zone <= maxActive; zone++) {
                results.add(appendOne(device, buffer, zone, 1));
                assertTrue(number("nr_wro_seq_files") <= maxOpen);
            }
            for (int zone = 0; zone < maxActive; zone++) {
                assertEquals(device.geometry().address(zone, 0), results.get(zone));
            }
            assertEquals(-Errno.EOVERFLOW, results.get(maxActive));
            for (int zone = 0; zone < maxOpen; zone++) {
                device.open(zone);
            }
            assertEquals(maxOpen, number("nr_wro_seq_files"));
            assertEquals(-Errno.ETOOMANYREFS, appendOne(device, buffer, maxOpen, 1));
            device.finish(0);
            assertEquals(device.geometry().address(maxOpen, BLOCK), appendOne(device, buffer, maxOpen, 1));
        }
        assertEquals(0, number("nr_wro_seq_files"));
    }

    private long number(final String name) {
        return ZonefsMount.of(mountPoint).limits().number(name, 0, 1000, -1);
    }

    @Test
    void shouldNoticeThatSomebodyElseResetAZone() {
        try (ZonefsZoneDevice device = open(AsyncIo.IO_URING)) {
            final IoBuffer buffer = device.register(memory);
            device.reset(5);
            assertEquals(device.geometry().address(5, 0), appendOne(device, buffer, 5, 3));
            assertEquals(0, Libc.truncate(mountPoint.resolve("seq/35").toString(), 0));
            assertTrue(appendOne(device, buffer, 5, 1) < 0);
            assertEquals(-Errno.EINVAL, appendOne(device, buffer, 5, 1), "takes no append before a reset");
            assertThrows(DeviceException.class, () -> device.report(5));
            device.reset(5);
            assertEquals(ZoneState.EMPTY, device.report(5).state());
            assertEquals(device.geometry().address(5, 0), appendOne(device, buffer, 5, 3));
        }
    }
}
