/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import static dev.zapkv.io.TestGeometries.BLOCK;
import static dev.zapkv.io.TestGeometries.CAPACITY;
import static dev.zapkv.io.TestGeometries.MAX_APPEND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.Completions;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.TestGeometries;
import dev.zapkv.io.ZoneState;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A real full file system: a tmpfs with room for two and a half zones, which only root may mount.
@Tag("integration")
final class DiskFullIT {
    @TempDir
    private Path root;

    private boolean mounted;

    @BeforeEach
    void mount() throws IOException, InterruptedException {
        mounted = run("mount", "-t", "tmpfs", "-o", "size=" + (CAPACITY * 5L / 2), "tmpfs", root.toString());
        assumeTrue(mounted, "no tmpfs could be mounted: run as root, with CAP_SYS_ADMIN, to test a full disk");
    }

    @AfterEach
    void unmount() throws IOException, InterruptedException {
        if (mounted) {
            assertTrue(run("umount", root.toString()));
        }
    }

    private static boolean run(final String... command) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return process.waitFor() == 0;
    }

    @Test
    void shouldRefuseToOpenAZoneWithoutSpaceAndLeaveItUnchanged() {
        try (FileZoneDevice device =
                FileZoneDevice.create(root.resolve("device"), TestGeometries.small(), FileDeviceOptions.DEFAULT)) {
            device.open(0);
            device.open(1);
            final DeviceException e = assertThrows(DeviceException.class, () -> device.open(2));
            assertEquals(DeviceException.ENOSPC, e.errno());
            assertTrue(e.getMessage().contains("needs " + CAPACITY + " bytes"), e.getMessage());
            assertTrue(e.getMessage().contains("are free"), e.getMessage());
            assertEquals(ZoneState.EMPTY, device.report(2).state());
            assertFalse(Files.exists(root.resolve("device/zones/zone-00000002")));
            assertFalse(Files.exists(root.resolve("device/zones/zone-00000002.tmp")));
            device.reset(1);
            device.release(1);
            device.open(2);
            assertEquals(ZoneState.OPEN, device.report(2).state());
        }
    }

    @Test
    void shouldReportAppendsThatFindNoSpace() {
        for (final AsyncIo asyncIo : new AsyncIo[] {AsyncIo.AUTO, AsyncIo.THREADS}) {
            final Path directory = root.resolve("device");
            try (FileZoneDevice device = FileZoneDevice.create(
                            directory, TestGeometries.small(), FileDeviceOptions.DEFAULT.withAsyncIo(asyncIo));
                    Arena arena = Arena.ofShared()) {
                final IoBuffer buffer = device.register(arena.allocate(MAX_APPEND, BLOCK));
                final Completions completions = new Completions();
                int refused = 0;
                for (int i = 0; i < 3 * CAPACITY / MAX_APPEND; i++) {
                    assertTrue(device.append(i * MAX_APPEND / CAPACITY, buffer, 0, MAX_APPEND, IoAttributes.NONE, i));
                    final long result = completions.drain(device).result(i);
                    assertTrue(result >= 0 || result == -DeviceException.ENOSPC, "result=" + result);
                    refused += result < 0 ? 1 : 0;
                }
                assertTrue(refused > 0);
                assertEquals(completions.results.size(), completions.released.size());
                for (int zone = 0; zone < 3; zone++) {
                    device.reset(zone);
                    device.release(zone);
                }
                buffer.close();
            }
            assertTrue(deleteDevice(directory));
        }
    }

    private static boolean deleteDevice(final Path directory) {
        try {
            for (final String name : new String[] {"DEVICE", "ZONES", "zones", ""}) {
                Files.delete(directory.resolve(name));
            }
            return true;
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }
}
