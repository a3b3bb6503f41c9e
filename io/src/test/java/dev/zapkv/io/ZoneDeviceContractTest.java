/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.zapkv.io.linux.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What every device must do. A subclass provides one: of the small zones asked for where it can choose, of the
/// drive's own sizes and limits where it cannot.
public abstract class ZoneDeviceContractTest {
    protected static final int QUEUE_DEPTH = 16;
    private static final int ZONES_USED_MAX = 8;
    private static final long SEED = 20_260_101;

    protected ZoneDevice device;
    protected final Arena arena = Arena.ofShared();
    protected final Completions completions = new Completions();
    protected MemorySegment memory;
    private IoBuffer buffer;
    private int block;
    private long capacity;
    private int zones;
    private int zonesUsed;
    private int maxAppend;
    private int bufferLength;

    protected ZoneDeviceContractTest() {}

    /// A new device with all zones empty and {@link #QUEUE_DEPTH} commands.
    ///
    /// @param wanted its geometry; a drive that has its own is taken as it is
    protected abstract ZoneDevice create(ZoneGeometry wanted) throws IOException;

    /// The media of the device closed before, opened again.
    protected abstract ZoneDevice reopen() throws IOException;

    @BeforeEach
    void open() throws IOException {
        use(create(TestGeometries.small()));
    }

    private void use(final ZoneDevice created) {
        device = created;
        block = device.geometry().blockSize();
        capacity = device.geometry().zoneCapacity();
        zones = device.geometry().zoneCount();
        final int maxActive = device.geometry().maxActive();
        zonesUsed = Math.min(Math.min(zones, ZONES_USED_MAX), maxActive == 0 ? ZONES_USED_MAX : maxActive);
        maxAppend = device.geometry().maxAppend();
        bufferLength = QUEUE_DEPTH * maxAppend;
        memory = arena.allocate(bufferLength, block);
        buffer = device.register(memory);
    }

    @AfterEach
    void close() {
        if (device == null) {
            return; // it could not be had
        }
        device.close();
        arena.close();
    }

    private static RandomGenerator random() {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    }

    private void fill(final long offset, final int length, final long pattern) {
        for (long i = 0; i < length; i += Long.BYTES) {
            memory.set(ValueLayout.JAVA_LONG, offset + i, pattern * 1_000_003 + i);
        }
    }

    private byte[] readBack(final long address, final int length) {
        try (Arena scratch = Arena.ofConfined()) {
            final MemorySegment target = scratch.allocate(length);
            device.readSync(address, target, 0, length);
            return target.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private byte[] bytes(final long offset, final int length) {
        return memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
    }

    private long appendOne(final int zone, final int length, final long token) {
        fill(0, length, token);
        assertTrue(device.append(zone, buffer, 0, length, IoAttributes.NONE, token));
        return completions.drain(device).result(token);
    }

    @Test
    void shouldReadBackWhatWasAppended() {
        final long address = appendOne(2, 3 * block, 7);
        assertEquals(device.geometry().address(2, 0), address);
        assertArrayEquals(bytes(0, 3 * block), readBack(address, 3 * block));
        assertEquals(Set.of(7L), completions.released);
        assertEquals(0, device.inFlight());
    }

    @Test
    void shouldReadUnalignedRanges() {
        final long address = appendOne(0, 2 * block, 1);
        final int at = block - 95;
        final byte[] expected = Arrays.copyOfRange(bytes(0, 2 * block), at, at + 333);
        assertArrayEquals(expected, readBack(address + at, 333));
        assertEquals(0, readBack(address, 0).length);
    }

    @Test
    void shouldReadAsynchronously() {
        final long address = appendOne(1, 2 * block, 1);
        assertTrue(device.read(address + block, buffer, 8L * block, block, IoAttributes.BACKGROUND, 2));
        assertEquals(block, completions.drain(device).result(2));
        assertArrayEquals(bytes(block, block), bytes(8L * block, block));
    }

    @Test
    void shouldReadZonesThatWereNeverWritten() {
        final byte[] read = readBack(device.geometry().address(5, 0), 2 * block);
        assertArrayEquals(new byte[2 * block], read);
        fill(0, block, 3);
        assertTrue(device.read(device.geometry().address(6, 0), buffer, 0, block, IoAttributes.NONE, 1));
        assertEquals(block, completions.drain(device).result(1));
        assertArrayEquals(new byte[block], bytes(0, block));
    }

    @Test
    void shouldGiveEachOfManyAppendsInFlightItsOwnPlace() {
        final RandomGenerator random = random();
        final Set<Long> blocksTaken = new HashSet<>();
        final List<int[]> appends = new ArrayList<>();
        for (int round = 0; round < 12; round++) {
            appends.clear();
            for (int i = 0; i < QUEUE_DEPTH; i++) {
                final int length = (1 + random.nextInt(3)) * block;
                fill((long) i * maxAppend, length, round * 100 + i);
                appends.add(new int[] {random.nextInt(zonesUsed), length});
                assertTrue(
                        device.append(appends.get(i)[0], buffer, (long) i * maxAppend, length, IoAttributes.NONE, i));
            }
            completions.clear();
            completions.drain(device);
            for (int i = 0; i < QUEUE_DEPTH; i++) {
                verifyAppend(appends.get(i), i, blocksTaken);
            }
        }
    }

    private void verifyAppend(final int[] append, final int token, final Set<Long> blocksTaken) {
        final String where = "seed=" + SEED + " token=" + token;
        final long address = completions.result(token);
        if (address == -Errno.ENOSPC || address == -Errno.EINVAL) {
            return; // the zone filled up
        }
        assertTrue(address >= 0, where + " result=" + address);
        assertEquals(append[0], device.geometry().zoneOf(address), where);
        assertTrue(device.geometry().offsetOf(address) + append[1] <= capacity, where);
        for (long at = address; at < address + append[1]; at += block) {
            assertTrue(blocksTaken.add(at), where + ": overlap at " + at);
        }
        assertArrayEquals(bytes((long) token * maxAppend, append[1]), readBack(address, append[1]), where);
    }

    /// Whether the device sends the writes of one zone in order; then only those of different zones overtake each
    /// other.
    protected boolean keepsOrderWithinAZone() {
        return false;
    }

    @Test
    void shouldCompleteAppendsOutOfOrder() {
        boolean outOfOrder = false;
        final int zoneOfShort = keepsOrderWithinAZone() ? 1 : 0;
        for (int round = 0; round < 500 && !outOfOrder; round++) {
            device.reset(0);
            device.reset(zoneOfShort);
            completions.clear();
            // Long, durable ones between short ones, which overtake them where the device works on several at a time.
            for (int i = 0; i < 8; i++) {
                final boolean slow = i % 2 == 0;
                final int attributes = slow ? IoAttributes.DURABLE : IoAttributes.NONE;
                final int length = slow ? 10 * block : block;
                final int zone = slow ? 0 : zoneOfShort;
                assertTrue(device.append(zone, buffer, (long) i * maxAppend, length, attributes, i));
            }
            completions.drain(device);
            outOfOrder = !completions.order.equals(List.of(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L));
        }
        assertTrue(outOfOrder, "no completion overtook another in 500 rounds");
    }

    @Test
    void shouldFillAZoneToItsCapacityAndRefuseMore() {
        fillUpTo(3, capacity);
        assertEquals(new ZoneInfo(3, ZoneState.FULL, capacity, capacity, true), device.report(3));
        assertEquals(-Errno.EINVAL, appendOne(3, block, 99));
    }

    /// Fills an empty zone in order up to an offset.
    private void fillUpTo(final int zone, final long end) {
        for (long offset = 0; offset < end; offset += maxAppend) {
            final int length = (int) Math.min(maxAppend, end - offset);
            assertEquals(device.geometry().address(zone, offset), appendOne(zone, length, offset));
        }
        assertEquals(completions.results.keySet(), completions.released);
        completions.clear();
    }

    @Test
    void shouldRefuseAppendBeyondZoneCapacity() {
        fillUpTo(3, capacity - maxAppend);
        appendOne(3, block, 50);
        final ZoneInfo before = device.report(3);
        assertEquals(-Errno.ENOSPC, appendOne(3, maxAppend, 51));
        assertEquals(before, device.report(3));
        assertTrue(appendOne(3, maxAppend - block, 52) >= 0);
        assertEquals(ZoneState.FULL, device.report(3).state());
        assertEquals(Set.of(50L, 51L, 52L), completions.released);
    }

    @Test
    void shouldTakeTheLargestAppend() {
        assertTrue(appendOne(0, maxAppend, 1) >= 0);
    }

    @Test
    void shouldRefuseWrongArguments() {
        final long end = (long) zones * device.geometry().zoneSize();
        assertIllegal(() -> device.append(-1, buffer, 0, block, 0, 1));
        assertIllegal(() -> device.append(zones, buffer, 0, block, 0, 1));
        assertIllegal(() -> device.append(0, buffer, 1, block, 0, 1));
        assertIllegal(() -> device.append(0, buffer, -block, block, 0, 1));
        assertIllegal(() -> device.append(0, buffer, 0, block - 1, 0, 1));
        assertIllegal(() -> device.append(0, buffer, 0, 0, 0, 1));
        assertIllegal(() -> device.append(0, buffer, 0, -block, 0, 1));
        assertIllegal(() -> device.append(0, buffer, 0, maxAppend + block, 0, 1));
        assertIllegal(() -> device.append(0, buffer, bufferLength, block, 0, 1));
        assertIllegal(() -> device.append(0, buffer, 0, block, 1 << 30, 1));
        assertIllegal(() -> device.read(1, buffer, 0, block, 0, 1));
        assertIllegal(() -> device.read(-block, buffer, 0, block, 0, 1));
        assertIllegal(() -> device.read(end, buffer, 0, block, 0, 1));
        assertIllegal(() -> device.read(capacity, buffer, 0, block, 0, 1));
        assertIllegal(() -> device.readSync(capacity - 1, memory, 0, 2));
        assertIllegal(() -> device.readSync(0, memory, 0, -1));
        assertIllegal(() -> device.readSync(end, memory, 0, 1));
        assertIllegal(() -> device.report(zones));
        assertIllegal(() -> device.open(zones));
        assertIllegal(() -> device.finish(-1));
        assertIllegal(() -> device.reset(zones));
        assertIllegal(() -> device.release(zones));
        assertIllegal(() -> device.register(memory.asSlice(1, block)));
        assertIllegal(() -> device.register(memory.asSlice(0, block + 1)));
        assertIllegal(() -> device.register(memory.asSlice(0, 0)));
        assertIllegal(() -> device.register(MemorySegment.ofArray(new byte[block])));
        assertThrows(IndexOutOfBoundsException.class, () -> device.readSync(0, memory, bufferLength - 1, 2));
        assertEquals(0, device.inFlight());
    }

    private static void assertIllegal(final Runnable call) {
        assertThrows(IllegalArgumentException.class, call::run);
    }

    @Test
    void shouldRefuseBuffersOfAnotherDevice() {
        assertIllegal(() -> device.append(
                0,
                new IoBuffer() {
                    @Override
                    public MemorySegment memory() {
                        return memory;
                    }

                    @Override
                    public boolean registered() {
                        return false;
                    }

                    @Override
                    public void close() {}
                },
                0,
                block,
                0,
                1));
    }

    @Test
    void shouldRefuseCommandsWhenTheQueueIsFull() {
        for (int i = 0; i < QUEUE_DEPTH; i++) {
            assertTrue(device.append(0, buffer, 0, block, IoAttributes.NONE, i));
        }
        assertEquals(QUEUE_DEPTH, device.inFlight());
        assertFalse(device.append(0, buffer, 0, block, IoAttributes.NONE, 100));
        assertFalse(device.read(0, buffer, 0, block, IoAttributes.NONE, 101));
        assertFalse(device.flush(102));
        completions.drain(device);
        assertEquals(QUEUE_DEPTH, completions.released.size());
        assertEquals((long) QUEUE_DEPTH * block, device.report(0).writePointer());
        assertTrue(device.flush(103));
        assertEquals(0, completions.drain(device).result(103));
    }

    @Test
    void shouldHonourDurableAppends() {
        assertTrue(device.append(0, buffer, 0, block, IoAttributes.DURABLE, 1));
        assertTrue(device.append(0, buffer, 0, block, IoAttributes.DURABLE | IoAttributes.LIFETIME_SHORT, 2));
        completions.drain(device);
        assertEquals(IoAttributes.DURABLE, completions.answers.get(1L) & IoAttributes.DURABLE);
        assertEquals(IoAttributes.DURABLE, completions.answers.get(2L) & IoAttributes.DURABLE);
    }

    @Test
    void shouldAnswerEachAttributeOfACommandAsItsCapabilitySays() {
        final int all = IoAttributes.ALL & ~IoAttributes.LIFETIME_LONG;
        assertTrue(device.append(0, buffer, 0, block, all, 1));
        assertTrue(device.append(0, buffer, 0, block, IoAttributes.LIFETIME_LONG, 2));
        assertTrue(device.append(0, buffer, 0, block, IoAttributes.NONE, 3));
        completions.drain(device);
        assertEquals(IoAttributes.Answer.ACCEPTED, answer(1, IoAttributes.DURABLE));
        assertEquals(capability("priority-class"), answer(1, IoAttributes.BACKGROUND));
        assertEquals(capability("lifetime-hint"), answer(1, IoAttributes.LIFETIME_SHORT));
        assertEquals(capability("lifetime-hint"), answer(2, IoAttributes.LIFETIME_LONG));
        assertEquals(capability("protection"), answer(1, IoAttributes.PROTECTED));
        assertEquals(capability("command-timing"), answer(1, IoAttributes.TIMED));
        assertEquals(0, completions.answers.get(3L));
        final boolean timed = answer(1, IoAttributes.TIMED) == IoAttributes.Answer.ACCEPTED;
        assertEquals(timed ? Set.of(1L) : Set.of(), completions.elapsedNs.keySet());
        assertTrue(completions.elapsedNs.values().stream().allMatch(ns -> ns > 0));
    }

    @Test
    void shouldIgnoreAttributesThatMeanNothingForARead() {
        appendOne(0, block, 1);
        assertTrue(device.read(0, buffer, 0, block, IoAttributes.ALL & ~IoAttributes.LIFETIME_SHORT, 2));
        assertEquals(block, completions.drain(device).result(2));
        assertEquals(IoAttributes.Answer.IGNORED, answer(2, IoAttributes.DURABLE));
        assertNotEquals(IoAttributes.Answer.ACCEPTED, answer(2, IoAttributes.LIFETIME_LONG));
        assertEquals(capability("priority-class"), answer(2, IoAttributes.BACKGROUND));
        assertEquals(capability("command-timing"), answer(2, IoAttributes.TIMED));
    }

    @Test
    void shouldNotCallAFailedAppendDurable() {
        device.finish(0);
        assertTrue(device.append(0, buffer, 0, block, IoAttributes.DURABLE, 1));
        assertTrue(completions.drain(device).result(1) < 0);
        assertEquals(IoAttributes.Answer.IGNORED, answer(1, IoAttributes.DURABLE));
    }

    @Test
    void shouldRefuseALifetimeThatIsShortAndLong() {
        assertThrows(
                IllegalArgumentException.class, () -> device.append(0, buffer, 0, block, IoAttributes.LIFETIME, 1));
    }

    private IoAttributes.Answer answer(final long token, final int attribute) {
        return IoAttributes.answer(completions.answers.get(token), attribute);
    }

    private IoAttributes.Answer capability(final String name) {
        return device.capabilities().details().stream()
                .filter(capability -> capability.name().equals(name))
                .map(capability ->
                        IoAttributes.Answer.valueOf(capability.value().toUpperCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void shouldFlushManyZonesForManyFlushes() {
        for (int zone = 0; zone < zonesUsed; zone++) {
            appendOne(zone, block, zone);
        }
        for (int i = 0; i < 3; i++) {
            assertTrue(device.flush(100 + i));
        }
        assertTrue(device.append(0, buffer, 0, block, IoAttributes.NONE, 50));
        completions.drain(device);
        for (int i = 0; i < 3; i++) {
            assertEquals(0, completions.result(100 + i));
            assertTrue(completions.released.contains(100L + i));
        }
        assertTrue(device.flush(200));
        assertTrue(device.flush(201));
        completions.drain(device);
        assertEquals(0, completions.result(200));
        assertEquals(0, completions.result(201));
    }

    @Test
    void shouldResetAndReuseAZone() {
        final long first = appendOne(4, maxAppend, 1);
        device.finish(4);
        assertEquals(ZoneState.FULL, device.report(4).state());
        assertEquals(-Errno.EINVAL, appendOne(4, block, 2));
        device.reset(4);
        assertEquals(new ZoneInfo(4, ZoneState.EMPTY, 0, capacity, true), device.report(4));
        assertEquals(first, appendOne(4, block, 3));
        assertArrayEquals(bytes(0, block), readBack(first, block));
    }

    @Test
    void shouldRefuseZoneOperationsWithAppendsInFlight() {
        assertTrue(device.append(0, buffer, 0, block, IoAttributes.NONE, 1));
        assertThrows(IllegalStateException.class, () -> device.finish(0));
        assertThrows(IllegalStateException.class, () -> device.reset(0));
        assertThrows(IllegalStateException.class, () -> device.release(0));
        completions.drain(device);
        assertThrows(IllegalStateException.class, () -> device.release(0));
        device.reset(0);
        device.release(0);
        device.release(0);
        assertEquals(ZoneState.EMPTY, device.report(0).state());
        assertTrue(appendOne(0, block, 2) >= 0);
    }

    @Test
    void shouldOpenExplicitly() {
        device.open(1);
        device.open(1);
        assertEquals(new ZoneInfo(1, ZoneState.OPEN, 0, capacity, true), device.report(1));
        assertEquals(device.geometry().address(1, 0), appendOne(1, block, 1));
        device.finish(1);
        assertEquals(
                Errno.EINVAL,
                assertThrows(DeviceException.class, () -> device.open(1)).errno());
    }

    @Test
    void shouldKeepOpenAndActiveLimits() throws IOException {
        device.close();
        use(create(TestGeometries.limited(2, 2)));
        final int maxOpen = device.geometry().maxOpen();
        final int maxActive = device.geometry().maxActive();
        if (maxOpen == 0 || maxActive == 0 || zones < maxActive + 2) {
            abort("the drive has no limits of open and active zones, or too few zones to reach them: "
                    + device.geometry());
        }
        // One zone is left to be open implicitly: a drive may close that one by itself to open the next.
        for (int zone = 0; zone < maxActive; zone++) {
            if (zone < maxOpen - 1) {
                device.open(zone);
            } else {
                assertTrue(appendOne(zone, block, zone) >= 0, "zone=" + zone);
            }
        }
        assertEquals(-Errno.EOVERFLOW, appendOne(maxActive, block, 1001));
        assertThrows(DeviceException.class, () -> device.open(maxActive + 1));
        assertEquals(ZoneState.EMPTY, device.report(maxActive + 1).state());
        device.finish(maxActive - 1);
        assertTrue(appendOne(maxActive, block, 1002) >= 0);
    }

    @Test
    void shouldKeepStatesAndDataOverACleanClose() throws IOException {
        final long address = appendOne(0, 2 * block, 1);
        final byte[] expected = bytes(0, 2 * block);
        appendOne(1, block, 2);
        device.finish(1);
        device.open(2);
        device.close();
        device = reopen();
        buffer = device.register(memory);
        assertEquals(new ZoneInfo(0, ZoneState.CLOSED, 2L * block, capacity, true), device.report(0));
        assertEquals(ZoneState.FULL, device.report(1).state());
        assertEquals(ZoneState.EMPTY, device.report(2).state());
        assertArrayEquals(expected, readBack(address, 2 * block));
        assertEquals(address + 2L * block, appendOne(0, block, 3));
    }

    @Test
    void shouldRefuseEverythingAfterClose() {
        final ZoneGeometry geometry = device.geometry();
        device.close();
        device.close();
        assertEquals(0, device.inFlight());
        assertThrows(DeviceException.class, () -> device.readSync(0, memory, 0, 1));
        assertThrows(DeviceException.class, () -> device.append(0, buffer, 0, block, 0, 1));
        assertThrows(DeviceException.class, () -> device.read(0, buffer, 0, block, 0, 1));
        assertThrows(DeviceException.class, () -> device.flush(1));
        assertThrows(DeviceException.class, () -> device.poll(completions));
        assertThrows(DeviceException.class, () -> device.await(completions, 1));
        assertThrows(DeviceException.class, () -> device.report(0));
        assertThrows(DeviceException.class, () -> device.register(memory));
        assertEquals(geometry, device.geometry());
        device.wakeup();
        buffer.close();
    }

    @Test
    void shouldCompleteCommandsInFlightOnClose() throws IOException {
        fill(0, block, 5);
        for (int i = 0; i < 4; i++) {
            assertTrue(device.append(0, buffer, 0, block, IoAttributes.NONE, i));
        }
        assertTrue(device.flush(9));
        device.close();
        assertEquals(0, device.inFlight());
        assertTrue(completions.results.isEmpty());
        buffer.close();
        device = reopen();
        assertEquals(4L * block, device.report(0).writePointer());
        assertArrayEquals(bytes(0, block), readBack(3L * block, block));
    }

    @Test
    void shouldKeepBuffersLeasedWhileCommandsUseThem() {
        final IoBuffer other = device.register(memory.asSlice(0, maxAppend));
        assertEquals(memory.address(), other.memory().address());
        assertTrue(device.append(0, other, 0, block, IoAttributes.NONE, 1));
        assertThrows(IllegalStateException.class, other::close);
        completions.drain(device);
        other.close();
        other.close();
        assertThrows(IllegalStateException.class, () -> device.append(0, other, 0, block, 0, 2));
        assertEquals(0, device.inFlight());
    }

    @Test
    void shouldAllowTheBufferToBeClosedWhenItIsReleased() {
        final IoBuffer other = device.register(memory.asSlice(0, maxAppend));
        assertTrue(device.append(0, other, 0, block, IoAttributes.NONE, 1));
        final List<String> stages = new ArrayList<>();
        final CompletionHandler handler = new CompletionHandler() {
            @Override
            public void onResult(final long token, final long result, final int honoured) {
                assertThrows(IllegalStateException.class, other::close);
                stages.add("result");
            }

            @Override
            public void onBufferReleased(final long token, final boolean bounceCopy) {
                other.close();
                stages.add("released");
            }
        };
        while (device.inFlight() > 0) {
            device.await(handler, 1_000_000_000L);
        }
        assertEquals(List.of("result", "released"), stages);
    }

    @Test
    void shouldTakeCommandsFromAHandlerButNoPoll() {
        final Completions inner = completions;
        assertTrue(device.append(0, buffer, 0, block, IoAttributes.NONE, 0));
        final CompletionHandler chain = new CompletionHandler() {
            @Override
            public void onResult(final long token, final long result, final int honoured) {
                inner.onResult(token, result, honoured);
                assertThrows(IllegalStateException.class, () -> device.poll(inner));
                assertThrows(IllegalStateException.class, device::close);
                if (token < 20) {
                    assertTrue(device.append(0, buffer, 0, block, IoAttributes.NONE, token + 1));
                }
            }
        };
        while (device.inFlight() > 0) {
            device.await(chain, 1_000_000_000L);
        }
        assertEquals(21, inner.results.size());
        assertEquals(21L * block, device.report(0).writePointer());
    }

    @Test
    void shouldGoOnAfterAHandlerThrew() {
        for (int i = 0; i < 4; i++) {
            assertTrue(device.append(0, buffer, 0, block, IoAttributes.NONE, i));
        }
        int thrown = 0;
        final List<Long> released = new ArrayList<>();
        final CompletionHandler thrower = new CompletionHandler() {
            @Override
            public void onResult(final long token, final long result, final int honoured) {
                completions.onResult(token, result, honoured);
                throw new ArithmeticException("from the handler");
            }

            @Override
            public void onBufferReleased(final long token, final boolean bounceCopy) {
                released.add(token);
            }
        };
        while (device.inFlight() > 0) {
            try {
                device.await(thrower, 1_000_000_000L);
            } catch (final ArithmeticException e) {
                thrown++;
            }
        }
        assertEquals(4, thrown);
        assertEquals(4, completions.results.size());
        assertEquals(4, released.size());
        buffer.close();
    }

    @Test
    void shouldReturnFromAwaitWithNothingInFlight() {
        assertEquals(0, device.await(completions, Long.MAX_VALUE));
        assertEquals(0, device.poll(completions));
    }

    @Test
    void shouldReturnFromTheNextAwaitAfterAWakeUp() {
        device.wakeup();
        assertTrue(device.append(0, buffer, 0, block, IoAttributes.NONE, 1));
        device.await(completions, Long.MAX_VALUE);
        completions.drain(device);
        assertTrue(completions.results.containsKey(1L));
    }

    @Test
    void shouldReadFromManyThreadsUntilTheDeviceIsClosed() throws InterruptedException {
        final long address = appendOne(0, maxAppend, 1);
        final byte[] expected = bytes(0, maxAppend);
        final AtomicReference<Throwable> failure = new AtomicReference<>();
        final List<Thread> readers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            final int at = i * 1000;
            final Runnable reads = () -> readUntilClosed(address, expected, at, failure);
            readers.add(
                    i % 2 == 0
                            ? Thread.ofPlatform().start(reads)
                            : Thread.ofVirtual().start(reads));
        }
        for (int i = 0; i < 200; i++) {
            assertTrue(device.append(1 + i % 2, buffer, 0, block, IoAttributes.NONE, 1000 + i));
            completions.drain(device);
            if (i % 20 == 19) {
                device.reset(1);
                device.release(1);
                device.reset(2);
            }
        }
        device.close();
        for (final Thread reader : readers) {
            reader.join();
        }
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
    }

    private void readUntilClosed(
            final long address, final byte[] expected, final int at, final AtomicReference<Throwable> failure) {
        try (Arena scratch = Arena.ofConfined()) {
            final MemorySegment target = scratch.allocate(100);
            while (true) {
                try {
                    device.readSync(address + at, target, 0, 100);
                    device.readSync(device.geometry().address(1, 0), target, 0, 0);
                } catch (final DeviceException e) {
                    return;
                }
                assertArrayEquals(Arrays.copyOfRange(expected, at, at + 100), target.toArray(ValueLayout.JAVA_BYTE));
            }
        } catch (final Throwable t) {
            failure.set(t);
        }
    }

    @Test
    void shouldCompleteCommandsOfAThreadThatEnded() throws InterruptedException {
        for (int round = 0; round < 20; round++) {
            completions.clear();
            final long base = round * 100L;
            device.reset(0);
            final Thread submitter = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 6; i++) {
                    device.append(0, buffer, 0, 4 * block, IoAttributes.DURABLE, base + i);
                }
                device.flush(base + 10);
                device.poll(completions);
            });
            submitter.join();
            completions.drain(device);
            for (int i = 0; i < 6; i++) {
                assertTrue(completions.result(base + i) >= 0, "result=" + completions.result(base + i));
            }
            assertEquals(0, completions.result(base + 10));
        }
    }

    @Test
    void shouldDescribeItself() {
        final Capabilities capabilities = device.capabilities();
        assertFalse(capabilities.backend().isEmpty());
        assertFalse(capabilities.asynchronousIo().isEmpty());
        for (final Capabilities.Capability detail : capabilities.details()) {
            assertTrue(detail.name().matches("[a-z0-9-]+"), detail.name());
            assertFalse(detail.value().isEmpty(), detail.name());
            assertFalse(detail.learnedBy().isEmpty(), detail.name());
        }
    }
}
