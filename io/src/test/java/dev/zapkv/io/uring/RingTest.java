/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.uring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The ring against the running kernel.
final class RingTest {
    private static final long SECOND_NS = 1_000_000_000L;

    @BeforeAll
    static void requireIoUring() {
        try {
            Ring.open(RingOptions.ofDepth(2)).close();
        } catch (final DeviceException e) {
            abort("io_uring cannot be used here (" + e.getMessage()
                    + "): allow it with sysctl kernel.io_uring_disabled=0");
        }
    }

    private static int nops(final Ring ring, final int count, final long firstUserData) {
        for (int i = 0; i < count; i++) {
            final SqeFlyweight sqe = ring.next();
            if (sqe == null) {
                return i;
            }
            sqe.opcode(SqeFlyweight.OP_NOP).userData(firstUserData + i);
        }
        return count;
    }

    @Test
    void shouldCompleteEachNopOfManyBatchesOnce() {
        try (Ring ring = Ring.open(RingOptions.ofDepth(32))) {
            for (int batch = 0; batch < 1000; batch++) {
                final BitSet seen = new BitSet();
                assertEquals(32, nops(ring, 32, 0));
                assertNull(ring.next());
                ring.submitAndWait(32, SECOND_NS);
                assertEquals(32, ring.reap((userData, result, flags) -> {
                    assertEquals(0, result);
                    assertFalse(seen.get((int) userData), "twice: " + userData);
                    seen.set((int) userData);
                }));
                assertEquals(32, seen.cardinality());
                assertEquals(0, ring.inFlight());
            }
            assertEquals(0, ring.submissions().dropped());
            assertEquals(0, ring.completions().lost());
        }
    }

    @Test
    void shouldWorkWithEverySetOfSupportedFlags() {
        final int[] sets = {
            0,
            RingParams.SETUP_CQSIZE,
            RingOptions.DEFAULT_FLAGS,
            RingOptions.DEFAULT_FLAGS | RingParams.SETUP_COOP_TASKRUN | RingParams.SETUP_TASKRUN_FLAG,
            RingOptions.SINGLE_THREAD_FLAGS
        };
        for (final int flags : sets) {
            try (Ring ring = Ring.open(new RingOptions(8, 32, flags, 0))) {
                assertEquals(8, nops(ring, 8, 0));
                assertEquals(8, ring.submit());
                ring.submitAndWait(8, SECOND_NS);
                assertEquals(8, ring.reap((userData, result, f) -> assertEquals(0, result)), "flags=" + flags);
            }
        }
    }

    @Test
    void shouldFetchCompletionsThatDidNotFitTheQueue() {
        try (Ring ring = Ring.open(new RingOptions(4, 4, RingOptions.DEFAULT_FLAGS, 0))) {
            assertEquals(4, ring.completions().capacity());
            final BitSet seen = new BitSet();
            for (int batch = 0; batch < 4; batch++) {
                assertEquals(4, nops(ring, 4, batch * 4L));
                assertEquals(4, ring.submit());
            }
            assertTrue(ring.submissions().overflowed());
            assertEquals(16, ring.inFlight());
            assertEquals(16, ring.reap((userData, result, flags) -> seen.set((int) userData)));
            assertEquals(0, ring.inFlight());
            assertEquals(16, seen.cardinality());
            assertFalse(ring.submissions().overflowed());
            assertEquals(0, ring.completions().lost());
        }
    }

    @Test
    void shouldReturnFromATimedWait() {
        try (Ring ring = Ring.open(RingOptions.ofDepth(2))) {
            final long startNs = System.nanoTime();
            ring.submitAndWait(1, 3_000_000L);
            assertTrue(System.nanoTime() - startNs >= 2_900_000L);
            assertEquals(0, ring.reap((userData, result, flags) -> {}));
        }
    }

    @Test
    void shouldConsumeTheCompletionOfAHandlerThatThrows() {
        try (Ring ring = Ring.open(RingOptions.ofDepth(4))) {
            nops(ring, 4, 0);
            ring.submitAndWait(4, SECOND_NS);
            assertThrows(
                    ArithmeticException.class,
                    () -> ring.reap((userData, result, flags) -> {
                        throw new ArithmeticException();
                    }));
            assertEquals(3, ring.inFlight());
            assertEquals(3, ring.reap((userData, result, flags) -> {}));
        }
    }

    @Test
    void shouldBeUsableFromThreadAfterThread() throws InterruptedException {
        try (Ring ring = Ring.open(RingOptions.ofDepth(4))) {
            for (int i = 0; i < 20; i++) {
                final Thread thread = Thread.ofPlatform().start(() -> {
                    nops(ring, 4, 0);
                    ring.submit();
                });
                thread.join();
                ring.submitAndWait(4, SECOND_NS);
                assertEquals(4, ring.reap((userData, result, flags) -> assertEquals(0, result)));
            }
        }
    }

    @Test
    void shouldReportErrorsOfCommands() {
        try (Ring ring = Ring.open(RingOptions.ofDepth(4))) {
            ring.next().opcode(255).userData(1);
            ring.next().opcode(SqeFlyweight.OP_READ).fd(-1).userData(2);
            ring.next().opcode(SqeFlyweight.OP_NOP).userData(3);
            ring.submitAndWait(3, SECOND_NS);
            final int[] results = new int[4];
            assertEquals(3, ring.reap((userData, result, flags) -> results[(int) userData] = result));
            assertArrayEquals(new int[] {0, -Errno.EINVAL, -9, 0}, results);
        }
    }

    @Test
    void shouldRegisterAndUnregisterBuffersWhileTheRingWorks(@TempDir final Path directory) throws IOException {
        final Path file = Files.write(directory.resolve("file"), new byte[4096]);
        final int fd = Libc.open(file.toString(), Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        try (Ring ring = Ring.open(new RingOptions(4, 8, RingOptions.DEFAULT_FLAGS, 2));
                Arena arena = Arena.ofConfined()) {
            assertEquals(2, ring.buffers().slots());
            final MemorySegment memory = arena.allocate(8192, 4096).fill((byte) 7);
            assertEquals(0, ring.buffers().register(memory.asSlice(0, 4096)));
            assertEquals(1, ring.buffers().register(memory.asSlice(4096, 4096)));
            assertEquals(-Errno.ENOSPC, ring.buffers().register(memory));
            assertEquals(4096, transfer(ring, SqeFlyweight.OP_WRITE_FIXED, fd, memory.address() + 4096, 1));
            assertEquals(-14, transfer(ring, SqeFlyweight.OP_WRITE_FIXED, fd, memory.address(), 1), "not in slot 1");
            ring.buffers().unregister(1);
            assertEquals(-14, transfer(ring, SqeFlyweight.OP_WRITE_FIXED, fd, memory.address() + 4096, 1));
            assertThrows(IllegalArgumentException.class, () -> ring.buffers().unregister(1));
            assertEquals(1, ring.buffers().register(memory));
            memory.fill((byte) 0);
            assertEquals(4096, transfer(ring, SqeFlyweight.OP_READ_FIXED, fd, memory.address(), 1));
            assertEquals(7, memory.get(ValueLayout.JAVA_BYTE, 4095));
        } finally {
            Libc.close(fd);
        }
    }

    private static int transfer(
            final Ring ring, final int opcode, final int fd, final long address, final int bufferIndex) {
        ring.next().opcode(opcode).fd(fd).addr(address).len(4096).off(0).bufIndex(bufferIndex);
        ring.submitAndWait(1, SECOND_NS);
        final int[] results = new int[1];
        assertEquals(1, ring.reap((userData, result, flags) -> results[0] = result));
        return results[0];
    }

    @Test
    void shouldReadThroughRegisteredFiles(@TempDir final Path directory) throws IOException {
        final Path path = Files.writeString(directory.resolve("file"), "registered");
        try (Ring ring = Ring.open(RingOptions.ofDepth(4));
                RegisteredFiles files = RegisteredFiles.create(ring, 3);
                Arena arena = Arena.ofConfined()) {
            final MemorySegment memory = arena.allocate(64);
            final int fd = Libc.open(path.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
            files.set(2, fd);
            Libc.close(fd);
            assertEquals(10, readFixedFile(ring, memory));
            assertEquals("registered", memory.getString(0));
            files.set(2, -1);
            assertEquals(-9, readFixedFile(ring, memory));
            assertThrows(IllegalArgumentException.class, () -> files.set(3, 0));
            assertThrows(DeviceException.class, () -> RegisteredFiles.create(ring, 1));
        }
    }

    private static int readFixedFile(final Ring ring, final MemorySegment memory) {
        ring.next()
                .opcode(SqeFlyweight.OP_READ)
                .flags(SqeFlyweight.FLAG_FIXED_FILE)
                .fd(2)
                .addr(memory.address())
                .len(64);
        ring.submitAndWait(1, SECOND_NS);
        final int[] results = new int[1];
        assertEquals(1, ring.reap((userData, result, flags) -> results[0] = result));
        return results[0];
    }

    @Test
    void shouldProbeCommands() {
        try (Ring ring = Ring.open(RingOptions.ofDepth(1))) {
            final RingProbe probe = RingProbe.of(ring);
            assertTrue(probe.supports(SqeFlyweight.OP_NOP));
            assertTrue(probe.supports(SqeFlyweight.OP_WRITE_FIXED));
            assertFalse(probe.supports(255));
            assertTrue(probe.lastOpcode() >= SqeFlyweight.OP_WRITE);
        }
    }

    @Test
    void shouldRefuseUseAfterClose() {
        final Ring ring = Ring.open(RingOptions.ofDepth(1));
        ring.close();
        ring.close();
        assertTrue(ring.isClosed());
        assertThrows(IllegalStateException.class, ring::next);
        assertThrows(IllegalStateException.class, () -> ring.reap((userData, result, flags) -> {}));
    }

    @Test
    void shouldRefuseWrongOptions() {
        assertThrows(IllegalArgumentException.class, () -> new RingOptions(0, 1, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new RingOptions(1 << 16, 1 << 16, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new RingOptions(8, 4, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new RingOptions(8, 1 << 17, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new RingOptions(8, 8, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> new RingOptions(8, 8, 0, -1));
    }

    @Test
    void shouldNotLeakDescriptors() throws IOException {
        final long before = descriptors();
        for (int i = 0; i < 50; i++) {
            Ring.open(new RingOptions(4, 8, RingOptions.DEFAULT_FLAGS, 4)).close();
        }
        assertTrue(descriptors() <= before + 5, "descriptors before=" + before + " after=" + descriptors());
    }

    private static long descriptors() throws IOException {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return files.count();
        }
    }

    @Test
    void shouldDropFlagsTheKernelRefuses() {
        // DEFER_TASKRUN without SINGLE_ISSUER is refused by every kernel that knows it.
        try (Ring ring =
                Ring.open(new RingOptions(4, 8, RingOptions.DEFAULT_FLAGS | RingParams.SETUP_DEFER_TASKRUN, 0))) {
            assertEquals(0, ring.setupFlags() & RingParams.SETUP_DEFER_TASKRUN);
            assertNotNull(ring.next());
        }
    }

    @Test
    void shouldWorkWithBigEntries() {
        try (Ring ring = Ring.open(new RingOptions(8, 16, RingOptions.PASSTHROUGH_FLAGS, 0))) {
            final int big = RingParams.SETUP_SQE128 | RingParams.SETUP_CQE32;
            assertEquals(big, ring.setupFlags() & big);
            final BitSet seen = new BitSet();
            for (int batch = 0; batch < 20; batch++) {
                assertEquals(8, nops(ring, 8, batch * 8L));
                ring.submitAndWait(8, SECOND_NS);
                ring.reap((userData, result, flags) -> {
                    assertEquals(0, result);
                    seen.set((int) userData);
                });
            }
            assertEquals(160, seen.cardinality());
        }
    }
}
