/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zbd;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.FileStatus;
import dev.zapkv.io.linux.FileStatus.DeviceNumber;
import dev.zapkv.io.linux.SysfsDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Nodes that are refused before they are opened.
final class BlockNodeTest {
    private static final int BLOCK_DEVICE = 0x6000;
    private static final int CHARACTER_DEVICE = 0x2000;

    @TempDir
    private Path directory;

    private static FileStatus status(final int type) {
        return new FileStatus(type | 0660, 4096, 1, 0, 0, new DeviceNumber(259, 1), new DeviceNumber(0, 5));
    }

    private static void assertRefused(final Path node, final String... parts) {
        final String message = assertThrows(
                        DeviceException.class, () -> ZbdZoneDevice.open(node, ZoneRange.ALL, AsyncIo.AUTO))
                .getMessage();
        for (final String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }

    @Test
    void shouldRefuseWhatIsNoBlockDevice() throws IOException {
        assertRefused(directory, directory.toString(), "a directory");
        assertRefused(Files.createFile(directory.resolve("file")), "a file");
        assertRefused(directory.resolve("missing"), "there is no", "missing");
        assertRefused(Path.of("/dev/null"), "a character device");
    }

    @Test
    void shouldNameTheBlockDeviceOfAPassthroughNode() {
        final DeviceException refusal = BlockNode.notABlockDevice(Path.of("/dev/ng2n5"), status(CHARACTER_DEVICE));
        assertEquals(Errno.EINVAL, refusal.errno());
        assertTrue(refusal.getMessage().contains("/dev/nvme2n5"), refusal.getMessage());
    }

    @Test
    void shouldTakeHostManagedDrivesOnly() throws IOException {
        final BlockNode node =
                new BlockNode(Path.of("/dev/nvme0n1"), status(BLOCK_DEVICE), new SysfsDirectory(directory));
        assertTrue(assertThrows(DeviceException.class, node::requireHostManaged)
                .getMessage()
                .contains("is not zoned"));
        Files.createDirectory(directory.resolve("queue"));
        final Path zoned = directory.resolve("queue/zoned");
        for (final String[] pair : new String[][] {
            {"none\n", "is not zoned"}, {"host-aware\n", "host-aware"}, {"strange\n", "'strange'"}, {"", "is not zoned"}
        }) {
            Files.writeString(zoned, pair[0]);
            final String message = assertThrows(DeviceException.class, node::requireHostManaged)
                    .getMessage();
            assertTrue(message.contains(pair[1]) && message.contains("/dev/nvme0n1"), message);
        }
        Files.writeString(zoned, "host-managed\n");
        assertDoesNotThrow(node::requireHostManaged);
    }
}
