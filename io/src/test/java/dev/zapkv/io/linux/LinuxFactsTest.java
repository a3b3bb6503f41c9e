/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.DeviceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is read of the kernel, its file systems and its tables.
final class LinuxFactsTest {
    @TempDir
    private Path directory;

    @Test
    void shouldFindTheLockOfANode() {
        assertTrue(ZoneLock.isLock("lock:\t1: OFDLCK ADVISORY  WRITE -1 00:05:314 0 63", 314));
        assertFalse(ZoneLock.isLock("lock:\t1: OFDLCK ADVISORY  WRITE -1 00:05:1314 0 63", 314));
        assertFalse(ZoneLock.isLock("lock:\t1: POSIX  ADVISORY  WRITE 12 00:05:314 0 EOF", 314));
        assertFalse(ZoneLock.isLock("flags:\t02", 314));
    }

    @Test
    void shouldReadKernelReleases() {
        assertEquals(new KernelRelease(6, 1, "6.1.0-56-amd64"), KernelRelease.parse("6.1.0-56-amd64"));
        assertEquals(new KernelRelease(6, 12, "6.12.117+deb13-amd64"), KernelRelease.parse("6.12.117+deb13-amd64"));
        assertEquals(new KernelRelease(7, 0, "7.0-rc3"), KernelRelease.parse("7.0-rc3"));
        assertEquals(new KernelRelease(6, 10, "6.10"), KernelRelease.parse("6.10"));
    }

    @Test
    void shouldTakeNothingForGrantedOfAReleaseItCannotRead() {
        for (final String text : new String[] {"", "six", "6", "6.x", "99999.1", "6.99999", "-6.1", "\u0000"}) {
            assertFalse(KernelRelease.parse(text).isAtLeast(1, 0), text);
        }
    }

    @Test
    void shouldCompareKernelReleases() {
        assertTrue(KernelRelease.parse("6.12.1").isAtLeast(6, 10));
        assertTrue(KernelRelease.parse("7.0").isAtLeast(6, 10));
        assertFalse(KernelRelease.parse("6.9.12").isAtLeast(6, 10));
        assertFalse(KernelRelease.parse("5.19").isAtLeast(6, 10));
        assertTrue(KernelRelease.running().isAtLeast(3, 0));
    }

    @Test
    void shouldNotTrustSysfs() throws IOException {
        final SysfsDirectory queue = new SysfsDirectory(directory);
        Files.writeString(directory.resolve("good"), "128\n");
        Files.writeString(directory.resolve("large"), "99999999999999999999\n");
        Files.writeString(directory.resolve("negative"), "-1\n");
        Files.writeString(directory.resolve("text"), "many\n");
        Files.writeString(directory.resolve("empty"), "\n");
        Files.write(directory.resolve("bytes"), new byte[] {(byte) 0xff, 0, 10});
        Files.createDirectory(directory.resolve("below"));
        assertEquals(128, queue.number("good", 0, 1000, 7));
        for (final String name : List.of("large", "negative", "text", "empty", "bytes", "below", "missing")) {
            assertEquals(7, queue.number(name, 0, 1000, 7), name);
        }
        assertEquals(7, queue.number("good", 0, 100, 7));
        assertEquals("none", queue.text("missing", "none"));
        assertTrue(queue.has("below"));
        assertEquals(directory.resolve("below"), queue.directory("below").path());
    }

    @Test
    void shouldFindTheSelectedWordOfAChoice() throws IOException {
        final SysfsDirectory queue = new SysfsDirectory(directory);
        for (final String[] pair : new String[][] {
            {"[none] mq-deadline", "none"}, {"none [kyber] bfq", "kyber"}, {"none", "none"}, {"[", "["}
        }) {
            Files.writeString(directory.resolve("scheduler"), pair[0]);
            assertEquals(pair[1], queue.choice("scheduler", "unknown"));
        }
        assertEquals("unknown", queue.choice("missing", "unknown"));
    }

    @Test
    void shouldReadTheTableOfMounts() {
        final List<Mount> mounts = Mount.parse("""
                /dev/nullb0 /mnt/a\\040b\\134c zonefs rw,errors=zone-ro 0 0
                short line

                proc /proc proc rw,nosuid 0 0
                """);
        assertEquals(2, mounts.size());
        assertEquals("/mnt/a b\\c", mounts.get(0).mountPoint());
        assertEquals("zone-ro", mounts.get(0).option("errors", "none"));
        assertEquals("none", mounts.get(1).option("errors", "none"));
        assertFalse(Mount.all().isEmpty());
    }

    @Test
    void shouldLookAtFiles() throws IOException {
        final Path file = Files.write(directory.resolve("file"), new byte[5000]);
        final FileStatus status = FileStatus.of(file);
        assertEquals(5000, status.size());
        assertEquals((long) Files.getAttribute(file, "unix:ino"), status.inode());
        assertTrue(status.hasWritePermission() && status.hasAnyPermission());
        assertFalse(status.isBlockDevice() || status.isCharacterDevice());
        assertTrue(FileStatus.of(Path.of("/dev/null")).isCharacterDevice());
        assertEquals("1:3", FileStatus.of(Path.of("/dev/null")).node().toString());
        final DeviceException missing =
                assertThrows(DeviceException.class, () -> FileStatus.of(directory.resolve("missing")));
        assertEquals(DeviceException.ENOENT, missing.errno());
    }

    @Test
    void shouldTellKindsOfFileSystemsApart() {
        assertEquals(0x9fa0, FileSystemStatus.of(Path.of("/proc")).type());
        assertThrows(DeviceException.class, () -> FileSystemStatus.of(directory.resolve("missing")));
    }

    @Test
    void shouldNameWhoHasAFileOpen() throws IOException {
        final Path file = directory.resolve("file").toAbsolutePath();
        try (var out = Files.newOutputStream(file)) {
            out.write(1);
            assertTrue(DeviceUsers.ofFile(file).contains("this one"), DeviceUsers.ofFile(file));
        }
        assertTrue(DeviceUsers.ofFile(file).contains("may not see"));
    }

    @Test
    void shouldSayWhoseAFileIs() throws IOException {
        final Path file = Files.createFile(directory.resolve("file"));
        assertTrue(Ownership.describe(file).contains("rw-"), Ownership.describe(file));
        assertTrue(Ownership.describe(directory.resolve("missing")).contains("cannot be seen"));
    }
}
