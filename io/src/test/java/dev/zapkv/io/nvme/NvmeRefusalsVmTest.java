/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import dev.zapkv.io.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What is refused on an emulated drive, and the ways to read one.
@Tag("vm")
final class NvmeRefusalsVmTest {
    private static final Path NODE = VmDrive.large();
    private static final Path BLOCK =
            NODE.resolveSibling(NODE.getFileName().toString().replace("ng", "nvme"));

    private static DeviceException refused(final Path node, final ZoneRange range) {
        return assertThrows(DeviceException.class, () -> NvmeZoneDevice.open(node, range, AsyncIo.AUTO));
    }

    private static void assertContains(final DeviceException refused, final String... parts) {
        for (final String part : parts) {
            assertTrue(refused.getMessage().contains(part), refused.getMessage());
        }
    }

    @Test
    void shouldNameTheRightNode() {
        assertContains(refused(BLOCK, ZoneRange.ALL), "block device", "nvme:" + NODE, "zbd:" + BLOCK);
        final Path controller = Path.of(BLOCK.toString().replaceFirst("n\\d+$", ""));
        assertContains(refused(controller, ZoneRange.ALL), "controller", NODE.toString());
    }

    @Test
    void shouldRefuseRangesOutsideTheDrive() {
        assertContains(refused(NODE, ZoneRange.parse("0-100000")), "0-100000");
    }

    @Test
    void shouldKeepAnotherDeviceFromTheSameZones() {
        final ZoneRange range = new ZoneRange(4, 4);
        try (NvmeZoneDevice device = NvmeZoneDevice.open(NODE, range, AsyncIo.AUTO)) {
            final String own = "process " + ProcessHandle.current().pid();
            assertContains(refused(NODE, new ZoneRange(7, 1)), "another ZapKV", own);
            assertContains(refused(NODE, ZoneRange.ALL), "another ZapKV", own);
            assertEquals(Errno.EBUSY, refused(NODE, range).errno());
            NvmeZoneDevice.open(NODE, new ZoneRange(8, 1), AsyncIo.THREADS).close();
            assertEquals(4, device.geometry().zoneCount());
        }
        NvmeZoneDevice.open(NODE, ZoneRange.ALL, AsyncIo.AUTO).close();
    }

    @Test
    void shouldRefuseADriveThatIsInUse() {
        final int claimed = Libc.open(BLOCK.toString(), Libc.O_RDONLY | Libc.O_EXCL | Libc.O_CLOEXEC, 0);
        assertTrue(claimed >= 0);
        assertContains(refused(NODE, ZoneRange.ALL), "in use", BLOCK.toString());
        assertContains(refused(NODE, new ZoneRange(0, 1)), "in use", BLOCK.toString());
        Libc.close(claimed);
        try (NvmeZoneDevice device = NvmeZoneDevice.open(NODE, ZoneRange.ALL, AsyncIo.AUTO)) {
            assertEquals(-Errno.EBUSY, Libc.open(BLOCK.toString(), Libc.O_RDONLY | Libc.O_EXCL | Libc.O_CLOEXEC, 0));
            assertTrue(device.capabilities().nativeAppend());
        }
    }

    @Test
    void shouldReadBothWaysWhatWasAppendedAfterAReset() {
        try (Arena arena = Arena.ofShared();
                NvmeZoneDevice device = VmDrive.openEmpty(NODE, new ZoneRange(0, 4), AsyncIo.AUTO, 16);
                NvmeNode node = NvmeNode.open(NODE, new ZoneRange(60, 1))) {
            final Drive drive = new DriveProbe(
                            NODE,
                            new NodeCalls(node.passthrough().fd()),
                            QueueLimits.read(node.path().blockInfo()))
                    .probe(new ZoneRange(0, 4));
            final SyncReads[] ways = {
                new SyncReads(drive, node.block(), SyncReads.Way.BLOCK_DEVICE, "block"),
                new SyncReads(drive, node.passthrough(), SyncReads.Way.PASSTHROUGH, "passthrough")
            };
            final MemorySegment memory = arena.allocate(64 * 4096, 4096);
            final IoBuffer buffer = device.register(memory);
            final Completions completions = new Completions();
            for (int life = 1; life <= 3; life++) {
                device.reset(1);
                for (int i = 0; i < 4; i++) {
                    memory.asSlice(i * 65536L, 65536).fill((byte) (life * 10 + i));
                    assertTrue(device.append(1, buffer, i * 65536L, 65536, IoAttributes.NONE, life * 10 + i));
                    completions.drain(device);
                }
                for (final SyncReads way : ways) {
                    assertReads(way, device.geometry().address(1, 0), memory, arena);
                }
            }
            assertEquals(ZoneState.OPEN, device.report(1).state());
        }
    }

    /// Ranges with whole blocks and without, into aligned memory, unaligned memory and the heap.
    private static void assertReads(
            final SyncReads way, final long address, final MemorySegment expected, final Arena arena) {
        final MemorySegment target = arena.allocate(64 * 4096 + 1, 4096);
        final int[][] ranges = {{0, 262144}, {0, 1}, {4095, 2}, {65535, 131074}, {262143, 1}, {5000, 4096}, {4096, 8192}
        };
        for (final int[] range : ranges) {
            final byte[] wanted = expected.asSlice(range[0], range[1]).toArray(ValueLayout.JAVA_BYTE);
            for (int shift = 0; shift <= 1; shift++) {
                target.fill((byte) 0);
                way.read(address + range[0], target, shift, range[1]);
                assertArrayEquals(wanted, target.asSlice(shift, range[1]).toArray(ValueLayout.JAVA_BYTE));
            }
            final MemorySegment heap = MemorySegment.ofArray(new byte[range[1]]);
            way.read(address + range[0], heap, 0, range[1]);
            assertArrayEquals(wanted, heap.toArray(ValueLayout.JAVA_BYTE));
        }
    }
}
