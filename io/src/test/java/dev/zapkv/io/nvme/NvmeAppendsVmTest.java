/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.Completions;
import dev.zapkv.io.DeviceCounters;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.linux.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Native appends on an emulated drive.
@Tag("vm")
final class NvmeAppendsVmTest {
    private static final long SEED = 20_260_301;
    private static final int WRITERS = 4;
    private static final int PLACES = 8;
    private static final int APPENDS_OF_WRITER = 400;
    private static final int LENGTH_MAX = 8 * 4096;

    /// An append of a writer, in a place of its own in the buffer.
    private record Append(int writer, int number, int place, int length) {
        long token() {
            return (long) writer << 32 | number;
        }

        /// What the i-th long of its data must be.
        long pattern(final long i) {
            return token() * 0x9E37_79B9_7F4A_7C15L + i;
        }
    }

    /// Fills blocks in its places of the buffer, as they become free.
    private static final class Writer implements Runnable {
        final LinkedBlockingQueue<Integer> free = new LinkedBlockingQueue<>();
        private final int index;
        private final MemorySegment memory;
        private final LinkedBlockingQueue<Append> ready;
        private final RandomGenerator random;

        Writer(final int index, final MemorySegment memory, final LinkedBlockingQueue<Append> ready) {
            this.index = index;
            this.memory = memory;
            this.ready = ready;
            random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED + index);
            for (int i = 0; i < PLACES; i++) {
                free.add(index * PLACES + i);
            }
        }

        @Override
        public void run() {
            try {
                for (int number = 0; number < APPENDS_OF_WRITER; number++) {
                    final Append append = new Append(index, number, free.take(), (1 + random.nextInt(8)) * 4096);
                    final long start = (long) append.place() * LENGTH_MAX;
                    for (long i = 0; i < append.length(); i += Long.BYTES) {
                        memory.set(ValueLayout.JAVA_LONG, start + i, append.pattern(i));
                    }
                    ready.put(append);
                }
            } catch (final InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = AsyncIo.class,
            names = {"IO_URING", "THREADS"})
    void shouldGiveEachOfManyAppendsOfSeveralWritersItsOwnPlace(final AsyncIo asyncIo) throws Exception {
        final ConcurrentMap<Long, Append> appends = new ConcurrentHashMap<>();
        final ConcurrentMap<Long, Long> addresses = new ConcurrentHashMap<>();
        try (Arena arena = Arena.ofShared();
                NvmeZoneDevice device = VmDrive.openEmpty(VmDrive.large(), new ZoneRange(0, 2), asyncIo, 64);
                ExecutorService executor = Executors.newFixedThreadPool(WRITERS)) {
            final MemorySegment memory = arena.allocate((long) WRITERS * PLACES * LENGTH_MAX, 4096);
            final IoBuffer buffer = device.register(memory);
            assertEquals(asyncIo == AsyncIo.IO_URING, buffer.registered());
            final LinkedBlockingQueue<Append> ready = new LinkedBlockingQueue<>();
            final Writer[] writers = new Writer[WRITERS];
            final Future<?>[] ends = new Future<?>[WRITERS];
            for (int i = 0; i < WRITERS; i++) {
                writers[i] = new Writer(i, memory, ready);
                ends[i] = executor.submit(writers[i]);
            }
            final CompletionHandler handler = new CompletionHandler() {
                @Override
                public void onResult(final long token, final long result, final int honoured) {
                    addresses.put(token, result);
                }

                @Override
                public void onBufferReleased(final long token, final boolean bounceCopy) {
                    final Append append = appends.get(token);
                    writers[append.writer()].free.add(append.place());
                }
            };
            while (addresses.size() < WRITERS * APPENDS_OF_WRITER) {
                for (Append next = ready.poll(); next != null; next = ready.poll()) {
                    appends.put(next.token(), next);
                    final long start = (long) next.place() * LENGTH_MAX;
                    assertTrue(device.append(0, buffer, start, next.length(), IoAttributes.NONE, next.token()));
                }
                device.await(handler, 1_000_000L);
            }
            for (final Future<?> end : ends) {
                end.get();
            }
            verify(device, appends, addresses);
            final DeviceCounters counters = device.counters();
            assertTrue(counters.maxInFlightPerZone() >= 8, counters.toString());
            assertTrue(counters.reorderedCompletions() > 0, "seed=" + SEED + " " + counters);
            assertEquals(counters.appendedBytes(), counters.bytesInPlace());
            assertEquals(0, counters.bytesCopied());
        }
    }

    private static void verify(
            final NvmeZoneDevice device,
            final ConcurrentMap<Long, Append> appends,
            final ConcurrentMap<Long, Long> addresses) {
        long sum = 0;
        final Set<Long> blocks = new HashSet<>();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment read = arena.allocate(LENGTH_MAX, 4096);
            for (final Append append : appends.values()) {
                final long address = addresses.get(append.token());
                assertTrue(address >= 0, append + " result=" + address);
                assertEquals(0, device.geometry().zoneOf(address));
                device.readSync(address, read, 0, append.length());
                for (long i = 0; i < append.length(); i += Long.BYTES) {
                    assertEquals(append.pattern(i), read.get(ValueLayout.JAVA_LONG, i), () -> "seed=" + SEED + append);
                }
                for (long at = address; at < address + append.length(); at += 4096) {
                    assertTrue(blocks.add(at), "overlap at " + at);
                }
                sum += append.length();
            }
        }
        assertEquals(sum, device.report(0).writePointer(), "no holes");
        assertEquals(WRITERS * APPENDS_OF_WRITER, device.counters().appends());
        assertEquals(sum, device.counters().appendedBytes());
    }

    @ParameterizedTest
    @EnumSource(
            value = AsyncIo.class,
            names = {"IO_URING", "THREADS"})
    void shouldKeepTightLimitsOfASmallDrive(final AsyncIo asyncIo) {
        try (Arena arena = Arena.ofShared();
                NvmeZoneDevice device = VmDrive.openEmpty(VmDrive.small(), ZoneRange.ALL, asyncIo, 16)) {
            assertEquals(512, device.geometry().blockSize());
            assertEquals(3, device.geometry().maxOpen());
            assertEquals(4, device.geometry().maxActive());
            final IoBuffer buffer = device.register(arena.allocate(4096, 512));
            for (int zone = 0; zone < 3; zone++) {
                device.open(zone);
            }
            final DeviceException refused = assertThrows(DeviceException.class, () -> device.open(3));
            assertEquals(Errno.ETOOMANYREFS, refused.errno(), refused.getMessage());
            assertEquals(ZoneState.EMPTY, device.report(3).state());
            final Completions completions = new Completions();
            assertTrue(device.append(4, buffer, 0, 512, IoAttributes.NONE, 1));
            assertEquals(-Errno.ETOOMANYREFS, completions.drain(device).result(1));
            assertTrue(device.append(0, buffer, 512, 512, IoAttributes.NONE, 2));
            assertEquals(0, completions.drain(device).result(2));
            // Held back until there is a zone to spare.
            assertTrue(device.append(4, buffer, 0, 1024, IoAttributes.NONE, 3));
            assertEquals(0, device.await(completions, 100_000_000L));
            assertEquals(1, device.inFlight());
            device.finish(0);
            assertEquals(
                    device.geometry().address(4, 0), completions.drain(device).result(3));
            assertEquals(
                    new ZoneInfo(4, ZoneState.OPEN, 1024, device.geometry().zoneCapacity(), true), device.report(4));
            assertTrue(device.capabilities().details().stream()
                    .anyMatch(detail -> detail.name().equals("status-1be")));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = AsyncIo.class,
            names = {"IO_URING", "THREADS"})
    void shouldUseRegisteredMemoryLargerThanTheKernelTakesAtOnce(final AsyncIo asyncIo) {
        try (Arena arena = Arena.ofShared();
                NvmeZoneDevice device = VmDrive.openEmpty(VmDrive.large(), new ZoneRange(2, 2), asyncIo, 64)) {
            final int step = device.geometry().maxAppend();
            final MemorySegment memory = arena.allocate(32L * step, 4096);
            final IoBuffer buffer = device.register(memory);
            final Completions completions = new Completions();
            // Ranges that lie across pieces, too.
            for (int i = 0; i < 31; i++) {
                final long start = (long) i * step + 4096L * i;
                memory.asSlice(start, step).fill((byte) (i + 1));
                assertTrue(device.append(1, buffer, start, step, IoAttributes.NONE, i));
                final long address = completions.drain(device).result(i);
                assertEquals(device.geometry().address(1, (long) i * step), address);
                assertTrue(device.read(address, buffer, 0, step, IoAttributes.NONE, 100 + i));
                assertEquals(step, completions.drain(device).result(100 + i));
                assertEquals(-1, memory.asSlice(0, step).mismatch(memory.asSlice(start, step)), "i=" + i);
            }
            assertTrue(
                    device.read(device.geometry().address(1, 0), buffer, 0, 31 * step, IoAttributes.BACKGROUND, 1000));
            assertEquals(31L * step, completions.drain(device).result(1000));
            assertEquals(31, memory.get(ValueLayout.JAVA_BYTE, 31L * step - 1));
        }
    }
}
