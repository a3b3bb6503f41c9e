/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Paths that are no node of a namespace.
final class NodePathTest {
    @TempDir
    private Path root;

    private static void assertRefused(final Path path, final String part) {
        final String message = assertThrows(
                        DeviceException.class, () -> NvmeZoneDevice.open(path, ZoneRange.ALL, AsyncIo.AUTO))
                .getMessage();
        assertTrue(message.contains(path.toString()) && message.contains(part), message);
    }

    @Test
    void shouldSayWhatAPathIsInstead() throws IOException {
        assertRefused(root, "no device");
        assertRefused(Files.createFile(root.resolve("ng0n1")), "no device");
        assertRefused(root.resolve("missing"), "does not exist");
        assertRefused(Path.of("/dev/null"), "no node of an NVMe namespace");
    }

    @Test
    void shouldTakeTheKernelsNameOfANode() throws IOException {
        // A node by another name: what the kernel calls the device decides.
        final Path link = Files.createDirectories(root.resolve("dev/char")).resolve("1:3");
        Files.createSymbolicLink(link, Files.createDirectories(root.resolve("devices/ng3n7")));
        final NodePath path = NodePath.inspect(Path.of("/dev/null"), root);
        assertEquals(Path.of("/dev/nvme3n7"), path.block());
        assertEquals(root.resolve("block/nvme3n7"), path.blockInfo());
        Files.delete(link);
        Files.createSymbolicLink(link, Files.createDirectories(root.resolve("devices/nvme3")));
        final String message = assertThrows(DeviceException.class, () -> NodePath.inspect(Path.of("/dev/null"), root))
                .getMessage();
        assertTrue(message.contains("controller") && message.contains("/dev/ng3n1"), message);
    }

    @Test
    void shouldCompareKernelReleases() {
        assertTrue(NodePermission.atLeast("6.2.0-1-amd64", 6, 2));
        assertTrue(NodePermission.atLeast("6.12.107+deb13-amd64", 6, 2));
        assertTrue(NodePermission.atLeast("7.0-rc1", 6, 2));
        assertFalse(NodePermission.atLeast("6.1.192", 6, 2));
        assertFalse(NodePermission.atLeast("5.19.0", 6, 2));
        assertTrue(NodePermission.atLeast("unknown", 6, 2));
    }

    @Test
    void shouldReadSysfsWithCare() throws IOException {
        final Path queue = Files.createDirectories(root.resolve("queue"));
        Files.writeString(queue.resolve("max_segments"), "127\n");
        Files.writeString(queue.resolve("max_hw_sectors_kb"), "99999999999999999999\n");
        Files.writeString(queue.resolve("zone_append_max_bytes"), "-5\n");
        final QueueLimits limits = QueueLimits.read(root);
        assertEquals(127, limits.maxSegments());
        assertEquals(-1, limits.maxTransferKib());
        assertEquals(-1, limits.appendBytesMax());
        assertEquals(-1, limits.maxOpen());
    }

    @Test
    void shouldNameTheKernelsVersionWhereItIsTooOld() {
        final Path node = Path.of("/dev/ng0n1");
        assertEquals(
                "/dev/ng0n1 does not exist: Linux 5.10.0-28-amd64 is too old for passthrough, whose nodes came with 5.13:"
                        + " use the block device, as zbd:/dev/nvme0n1",
                NodePath.absent(node, "5.10.0-28-amd64"));
        assertTrue(NodePath.absent(node, "6.1.0").endsWith("check the name; zapkv devices lists what there is"));
        assertTrue(NodePermission.advice(node, "6.1.0-9-amd64")
                .startsWith("Linux 6.1.0-9-amd64 takes NVMe passthrough only from processes with CAP_SYS_ADMIN"));
        assertFalse(NodePermission.advice(node, "6.12.1").contains("CAP_SYS_ADMIN"));
    }
}
