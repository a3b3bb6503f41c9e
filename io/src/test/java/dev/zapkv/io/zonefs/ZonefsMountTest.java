/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zonefs;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.linux.FileStatus;
import dev.zapkv.io.linux.FileStatus.DeviceNumber;
import dev.zapkv.io.linux.KernelRelease;
import dev.zapkv.io.linux.Mount;
import dev.zapkv.io.linux.SysfsDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Mounts, limits and states of files, without a zonefs.
final class ZonefsMountTest {
    private static final long CAPACITY = 12L << 20;

    @TempDir
    private Path directory;

    private static Mount mount(final String... options) {
        return new Mount("/dev/nvme2n1", "/mnt/zones", "zonefs", List.of(options));
    }

    private static void assertUnusable(final String part, final Mount mount) {
        final String message = assertThrows(DeviceException.class, () -> ZonefsMount.requireUsable(mount))
                .getMessage();
        assertTrue(message.contains(part) && message.contains("remount,rw,errors=repair /mnt/zones"), message);
    }

    @Test
    void shouldRefuseMountsThatAreReadOnlyOrWouldBecomeSo() {
        assertUnusable("read-only", mount("ro", "errors=repair"));
        assertUnusable("errors=remount-ro", mount("rw", "errors=remount-ro"));
        assertUnusable("errors=remount-ro", mount("rw", "relatime"));
        assertUnusable("loses a zone's data", mount("rw", "errors=zone-offline"));
        assertDoesNotThrow(() -> ZonefsMount.requireUsable(mount("rw", "errors=repair")));
        assertDoesNotThrow(() -> ZonefsMount.requireUsable(mount("rw", "errors=zone-ro")));
    }

    @Test
    void shouldFindTheTopmostMountOfAPath() {
        final Mount below = mount("rw");
        final Mount above = mount("ro");
        final Mount other = new Mount("tmpfs", "/mnt/zones", "tmpfs", List.of("rw"));
        assertEquals(above, ZonefsMount.find(Path.of("/mnt/zones"), List.of(below, above, other)));
        final String message = assertThrows(
                        DeviceException.class, () -> ZonefsMount.find(Path.of("/mnt/zones/seq"), List.of(below)))
                .getMessage();
        assertTrue(message.contains("give the mount point"), message);
    }

    @Test
    void shouldRefuseWhatIsNoZonefs() {
        final String message = assertThrows(
                        DeviceException.class, () -> ZonefsZoneDevice.open(directory, ZoneRange.ALL, AsyncIo.AUTO))
                .getMessage();
        assertTrue(message.contains("is not on zonefs") && message.contains("0x5a4f4653"), message);
        assertThrows(
                DeviceException.class,
                () -> ZonefsZoneDevice.open(directory.resolve("missing"), ZoneRange.ALL, AsyncIo.AUTO));
    }

    private static FileStatus file(final int permissions, final long size) {
        final DeviceNumber number = new DeviceNumber(0, 0);
        return new FileStatus(0x8000 | permissions, 4096, 1, size, CAPACITY, number, number);
    }

    @Test
    void shouldReadStatesFromFiles() {
        assertEquals(ZoneState.EMPTY, ZonefsFiles.state(file(0640, 0), false, CAPACITY));
        assertEquals(ZoneState.OPEN, ZonefsFiles.state(file(0640, 0), true, CAPACITY));
        assertEquals(ZoneState.CLOSED, ZonefsFiles.state(file(0640, 4096), false, CAPACITY));
        assertEquals(ZoneState.OPEN, ZonefsFiles.state(file(0640, 4096), true, CAPACITY));
        assertEquals(ZoneState.FULL, ZonefsFiles.state(file(0640, CAPACITY), true, CAPACITY));
        assertEquals(ZoneState.READ_ONLY, ZonefsFiles.state(file(0440, 4096), true, CAPACITY));
    }

    @Test
    void shouldReadLimitsWithoutTrustingThem() throws IOException {
        final SysfsDirectory own = new SysfsDirectory(Files.createDirectory(directory.resolve("own")));
        final SysfsDirectory queue = new SysfsDirectory(Files.createDirectory(directory.resolve("queue")));
        final List<ZoneInfo> zones = List.of(
                new ZoneInfo(0, ZoneState.CLOSED, 4096, CAPACITY, true),
                new ZoneInfo(1, ZoneState.EMPTY, 0, CAPACITY, true));
        Files.writeString(queue.path().resolve("max_open_zones"), "14\n");
        assertEquals(new ZonefsLimits(14, 0, 0, 0, queue.path().toString()), ZonefsLimits.of(own, queue, zones));
        Files.writeString(own.path().resolve("max_wro_seq_files"), "8\n");
        Files.writeString(own.path().resolve("nr_wro_seq_files"), "2\n");
        Files.writeString(own.path().resolve("max_active_seq_files"), "12\n");
        Files.writeString(own.path().resolve("nr_active_seq_files"), "4\n");
        assertEquals(new ZonefsLimits(8, 2, 12, 3, own.path().toString()), ZonefsLimits.of(own, queue, zones));
        Files.writeString(own.path().resolve("nr_active_seq_files"), "-9\n");
        Files.writeString(own.path().resolve("max_active_seq_files"), "99999999999\n");
        assertEquals(new ZonefsLimits(8, 2, 0, 0, own.path().toString()), ZonefsLimits.of(own, queue, zones));
    }

    @Test
    void shouldDoubtKernelsWhoseSynchronousWritesGoAnotherWay() {
        assertTrue(SyncWriteProbe.isDoubtful(KernelRelease.parse("6.1.192")));
        assertTrue(SyncWriteProbe.isDoubtful(KernelRelease.parse("5.8")));
        assertFalse(SyncWriteProbe.isDoubtful(KernelRelease.parse("6.5.0")));
        assertFalse(SyncWriteProbe.isDoubtful(KernelRelease.parse("5.7")));
    }
}
