/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.Completions;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.linux.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A write that fails on the media of an emulated drive, which moves its write pointer all the same. The kernel may
/// have merged it with its neighbours, then all of them are in the hole. Block 10 of zone 40 has to fail once: {@code
/// tools/zns-vm test --blkdebug iotype=write,errno=5,sector=5242960,once=on
/// ZbdMediaErrorVmTest}.
@Tag("vm")
final class ZbdMediaErrorVmTest {
    private static final int BLOCK = 4096;
    private static final int APPENDS = 64;
    private static final int BAD_BLOCK = 10;

    @Test
    void shouldLeaveAHoleAndLoseNothingElse() {
        final Completions completions = new Completions();
        try (Arena arena = Arena.ofShared();
                ZbdZoneDevice device =
                        ZbdZoneDevice.open(Path.of("/dev/nvme0n1"), new ZoneRange(40, 4), AsyncIo.IO_URING, APPENDS)) {
            final MemorySegment memory = arena.allocate((long) APPENDS * BLOCK, BLOCK);
            for (long i = 0; i < memory.byteSize(); i += Long.BYTES) {
                memory.set(ValueLayout.JAVA_LONG, i, i * 1_000_003);
            }
            final IoBuffer buffer = device.register(memory);
            for (int i = 0; i < APPENDS; i++) {
                assertTrue(device.append(0, buffer, (long) i * BLOCK, BLOCK, IoAttributes.NONE, i));
            }
            completions.drain(device);
            int failed = 0;
            for (int i = 0; i < APPENDS; i++) {
                if (completions.result(i) < 0) {
                    assertEquals(-Errno.EIO, completions.result(i), "append " + i);
                    assertTrue(i <= BAD_BLOCK, "append " + i);
                    failed++;
                    continue;
                }
                final MemorySegment read = arena.allocate(BLOCK, BLOCK);
                device.readSync(completions.result(i), read, 0, BLOCK);
                assertArrayEquals(
                        memory.asSlice((long) i * BLOCK, BLOCK).toArray(ValueLayout.JAVA_BYTE),
                        read.toArray(ValueLayout.JAVA_BYTE),
                        "append " + i);
            }
            assertEquals(1, failed, "run this test with --blkdebug, see its comment");
            final long end = device.report(0).writePointer();
            assertTrue(end >= (long) APPENDS * BLOCK, "the hole counts: " + end);
            assertEquals(APPENDS - 1, device.counters().appends());
            device.reset(0);
        }
    }
}
