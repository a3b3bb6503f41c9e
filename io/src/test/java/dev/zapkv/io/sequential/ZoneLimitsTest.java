/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sequential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.linux.KernelRelease;
import dev.zapkv.io.linux.SysfsDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How many writes of a zone may be in flight, and how large they may be.
final class ZoneLimitsTest {
    private static final long ZONE = 64L << 20;

    @TempDir
    private Path queue;

    private static ZoneWriteDepth depth(
            final String kernel, final boolean ordered, final boolean visible, final boolean plugging) {
        return ZoneWriteDepth.decide(KernelRelease.parse(kernel), ordered, visible, plugging, "/debug/nvme0n1");
    }

    @Test
    void shouldSendOneWritePerZoneBeforeThePlugging() {
        for (final String kernel : new String[] {"6.1.0-56-amd64", "6.9.12", "5.15", "nonsense"}) {
            assertEquals(1, depth(kernel, true, false, false).depth(), kernel);
            assertEquals("none", depth(kernel, true, true, true).ordering(), kernel);
        }
    }

    @Test
    void shouldSendSeveralWritesPerZoneWhereTheKernelKeepsTheirOrder() {
        assertEquals(ZoneWriteDepth.ORDERED, depth("6.10.0", true, false, false).depth());
        assertEquals(
                ZoneWriteDepth.ORDERED,
                depth("6.12.117+deb13-amd64", true, true, true).depth());
        assertTrue(depth("6.12.1", true, true, true).learnedBy().contains("zone_wplugs"));
    }

    @Test
    void shouldSendOneWritePerZoneFromThreadsAndWithoutPlugs() {
        final ZoneWriteDepth threads = depth("6.12.1", false, true, true);
        assertEquals(1, threads.depth());
        assertEquals("zone-write-plugging", threads.ordering());
        assertFalse(threads.fallback().isEmpty());
        final ZoneWriteDepth without = depth("6.12.1", true, true, false);
        assertEquals(1, without.depth());
        assertEquals("none", without.ordering());
    }

    private AppendLimit limit(final int block, final long capacity, final String kernel) {
        return AppendLimit.of(new SysfsDirectory(queue), block, capacity, depth(kernel, true, false, false));
    }

    private void set(final String name, final String value) throws IOException {
        Files.writeString(queue.resolve(name), value);
    }

    @Test
    void shouldSendAppendsInOneRequestWhereNothingKeepsPiecesInOrder() throws IOException {
        set("scheduler", "[none] mq-deadline");
        set("max_sectors_kb", "512");
        set("max_segments", "127");
        assertEquals(126 * 4096, limit(4096, ZONE, "6.1").bytes());
        set("max_segments", "1000");
        assertEquals(512 << 10, limit(4096, ZONE, "6.1").bytes());
        set("max_sectors_kb", "127");
        assertEquals(31 * 4096, limit(4096, ZONE, "6.1").bytes());
        set("max_sectors_kb", "garbage");
        set("max_segments", "-4");
        assertEquals(31 * 4096, limit(4096, ZONE, "6.1").bytes());
        set("max_sectors_kb", "1");
        assertEquals(4096, limit(4096, ZONE, "6.1").bytes());
    }

    @Test
    void shouldSendLargeAppendsWhereTheKernelKeepsPiecesInOrder() throws IOException {
        set("max_sectors_kb", "124");
        set("scheduler", "none [mq-deadline]");
        assertEquals(1 << 20, limit(4096, ZONE, "6.1").bytes());
        set("scheduler", "[none] mq-deadline");
        assertEquals(124 << 10, limit(4096, ZONE, "6.1").bytes());
        assertEquals(1 << 20, limit(4096, ZONE, "6.12").bytes());
        assertEquals(3 << 16, limit(4096, 3 << 16, "6.12").bytes());
    }

    @Test
    void shouldSayWhatIsLeftOfALimit() {
        assertEquals(0, DriveLimit.left("drive", "max", 0, 5));
        assertEquals(9, DriveLimit.left("drive", "max", 14, 5));
        assertThrows(DeviceException.class, () -> DriveLimit.left("drive", "max", 5, 5));
    }
}
