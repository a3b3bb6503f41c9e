/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Commands byte by byte. Each expected line is eight bytes; the last ones are the ioctl's result.
final class PassthroughCommandTest {
    private static final String ZERO = "0000000000000000";

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory = arena.allocate(2L * PassthroughCommand.LENGTH, 8);
    private final PassthroughCommand command = new PassthroughCommand().wrap(memory.fill((byte) 0xEE), 8);

    @AfterEach
    void close() {
        arena.close();
    }

    private void assertBytes(final String... expected) {
        final byte[] bytes = memory.asSlice(8, PassthroughCommand.LENGTH).toArray(ValueLayout.JAVA_BYTE);
        assertEquals(String.join("", expected), HexFormat.of().formatHex(bytes));
        assertEquals((byte) 0xEE, memory.get(ValueLayout.JAVA_BYTE, 7));
        assertEquals((byte) 0xEE, memory.get(ValueLayout.JAVA_BYTE, 8 + PassthroughCommand.LENGTH));
    }

    @Test
    void shouldEncodeAnAppend() {
        command.append(3, 0x1_2345_6789L, 0x7f00_1122_3000L, 32 * 4096, 12, false);
        assertBytes(
                "7d00000003000000",
                ZERO,
                ZERO,
                "00302211007f0000",
                "0000000000000200",
                "8967452301000000",
                "1f00000000000000",
                ZERO,
                ZERO,
                ZERO);
        assertEquals(memory.address() + 8, command.address());
    }

    @Test
    void shouldAskForForceUnitAccessInADurableAppend() {
        command.append(1, 0x4000, 0x1000, 512, 9, true);
        assertBytes(
                "7d00000001000000",
                ZERO,
                ZERO,
                "0010000000000000",
                "0000000000020000",
                "0040000000000000",
                "0000004000000000",
                ZERO,
                ZERO,
                ZERO);
    }

    @Test
    void shouldEncodeARead() {
        command.read(1, 5, 0x1000, 1024, 9);
        assertBytes(
                "0200000001000000",
                ZERO,
                ZERO,
                "0010000000000000",
                "0000000000040000",
                "0500000000000000",
                "0100000000000000",
                ZERO,
                ZERO,
                ZERO);
    }

    @Test
    void shouldEncodeAFlush() {
        command.flush(7);
        assertBytes("0000000007000000", ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO);
    }

    @Test
    void shouldEncodeZoneManagement() {
        command.zoneSend(1, 0x8000, PassthroughCommand.ZONE_RESET);
        assertBytes(
                "7900000001000000", ZERO, ZERO, ZERO, ZERO, "0080000000000000", "0000000004000000", ZERO, ZERO, ZERO);
        command.zoneReport(1, 0x8000, 0x2000, 128, true);
        assertBytes(
                "7a00000001000000",
                ZERO,
                ZERO,
                "0020000000000000",
                "0000000080000000",
                "0080000000000000",
                "1f00000000000100",
                ZERO,
                ZERO,
                ZERO);
    }

    @Test
    void shouldEncodeIdentify() {
        command.identify(1, Identify.CSI_NAMESPACE, PassthroughCommand.CSI_ZONED, 0x3000);
        assertBytes(
                "0600000001000000",
                ZERO,
                ZERO,
                "0030000000000000",
                "0000000000100000",
                "0500000000000002",
                ZERO,
                ZERO,
                ZERO,
                ZERO);
    }

    @Test
    void shouldRefuseLengthsThatAreNoBlocks() {
        for (final int length : new int[] {0, -4096, 4095, 6144, Integer.MAX_VALUE}) {
            assertThrows(IllegalArgumentException.class, () -> command.read(1, 0, 0x1000, length, 12));
        }
        assertThrows(IllegalArgumentException.class, () -> command.read(1, 0, 0x1000, (65536 + 1) * 512, 9));
    }
}
