/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sequential;

import static dev.zapkv.io.TestGeometries.BLOCK;
import static dev.zapkv.io.TestGeometries.CAPACITY;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.Completions;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.TestGeometries;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.command.Descriptor;
import dev.zapkv.io.command.IdleEngine;
import dev.zapkv.io.command.IoEngine;
import dev.zapkv.io.command.LeasedBuffer;
import dev.zapkv.io.command.LifetimeHints;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What becomes of appends whose writes fail, come back short, or fail because of others, with the test in the roles
/// of the kernel and the drive.
final class SequentialCommandsTest {
    private static final int QUEUE_DEPTH = 16;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(16L * BLOCK, BLOCK);
    private final LeasedBuffer buffer = LeasedBuffer.unregistered(null, memory);
    private final Completions completions = new Completions();
    private final Drive drive = new Drive();
    private ZoneGeometry geometry;
    private SequentialCommands commands;

    private void start(final ZoneGeometry sizes, final int depth) {
        geometry = sizes;
        drive.states = new ZoneInfo[sizes.zoneCount()];
        commands = new SequentialCommands(sizes, drive, drive, QUEUE_DEPTH, depth, LifetimeHints.none("test"));
        for (int zone = 0; zone < sizes.zoneCount(); zone++) {
            drive.says(zone, ZoneState.EMPTY, 0);
            commands.refresh(zone);
        }
    }

    @AfterEach
    void close() {
        drive.close();
        arena.close();
    }

    private void append(final int zone, final int blocks, final long token) {
        commands.append(zone, buffer, 0, blocks * BLOCK, IoAttributes.NONE, token);
    }

    private void poll() {
        commands.poll(completions, -1);
    }

    /// Completes the started write at an index.
    private void complete(final int index, final int result) {
        drive.complete(index, result);
        poll();
    }

    private void assertWrites(final String... writes) {
        assertEquals(List.of(writes), drive.started);
    }

    @Test
    void shouldSendOneWriteOfAZoneAtATimeAndOthersBesides() {
        start(TestGeometries.small(), 1);
        append(0, 2, 1);
        append(0, 1, 2);
        append(1, 1, 3);
        assertWrites("0+2", "64+1");
        complete(0, 2 * BLOCK);
        assertWrites("64+1", "2+1");
        complete(0, BLOCK);
        complete(0, BLOCK);
        assertEquals(0, completions.result(1));
        assertEquals(2 * BLOCK, completions.result(2));
        assertEquals(geometry.address(1, 0), completions.result(3));
        assertEquals(1, commands.counters().maxInFlightPerZone());
    }

    @Test
    void shouldSendSeveralInOrderWhereThatIsAllowed() {
        start(TestGeometries.small(), 3);
        for (int i = 0; i < 5; i++) {
            append(0, 1, i);
        }
        assertWrites("0+1", "1+1", "2+1");
        complete(1, BLOCK);
        assertWrites("0+1", "2+1", "3+1");
        assertEquals(BLOCK, completions.result(1));
        assertEquals(3, commands.counters().maxInFlightPerZone());
    }

    @Test
    void shouldTryAWriteAgainThatLeftTheWritePointerAloneAndGiveUpTheSecondTime() {
        start(TestGeometries.small(), 1);
        append(0, 1, 1);
        append(0, 1, 2);
        complete(0, -Errno.EIO);
        assertTrue(completions.results.isEmpty());
        assertWrites("0+1");
        complete(0, -Errno.EIO);
        assertEquals(-Errno.EIO, completions.result(1));
        assertWrites("0+1");
        complete(0, BLOCK);
        assertEquals(0, completions.result(2));
    }

    @Test
    void shouldGoOnBehindTheHoleThatAFailedWriteLeft() {
        start(TestGeometries.small(), 1);
        append(0, 4, 1);
        append(0, 1, 2);
        drive.says(0, ZoneState.OPEN, 3L * BLOCK);
        complete(0, -Errno.EIO);
        assertEquals(-Errno.EIO, completions.result(1));
        assertWrites("3+1");
        complete(0, BLOCK);
        assertEquals(3L * BLOCK, completions.result(2));
        assertEquals(4L * BLOCK, commands.written(0));
    }

    @Test
    void shouldGiveNewPlacesToWritesThatFailedBecauseOfAnother() {
        start(TestGeometries.small(), 4);
        for (int i = 0; i < 6; i++) {
            append(0, 1, i);
        }
        complete(0, BLOCK);
        assertWrites("1+1", "2+1", "3+1", "4+1");
        drive.says(0, ZoneState.OPEN, 2L * BLOCK);
        complete(2, -Errno.EIO);
        complete(0, -Errno.EIO);
        complete(1, -Errno.EIO);
        assertEquals(1, completions.results.size(), "nothing is decided while a write is at the drive");
        complete(0, -Errno.EIO);
        assertEquals(-Errno.EIO, completions.result(1));
        assertWrites("2+1", "3+1", "4+1", "5+1");
        for (int i = 0; i < 4; i++) {
            complete(0, BLOCK);
        }
        for (int i = 2; i < 6; i++) {
            assertEquals((long) i * BLOCK, completions.result(i));
        }
        assertEquals(6, completions.released.size());
    }

    @Test
    void shouldKeepThePlacesOfLaterWritesThatSucceeded() {
        start(TestGeometries.small(), 4);
        append(0, 1, 0);
        append(0, 1, 1);
        append(0, 1, 2);
        drive.says(0, ZoneState.OPEN, 3L * BLOCK);
        complete(0, -Errno.EIO);
        complete(0, BLOCK);
        complete(0, BLOCK);
        assertEquals(-Errno.EIO, completions.result(0));
        assertEquals(BLOCK, completions.result(1));
        assertEquals(2L * BLOCK, completions.result(2));
        append(0, 1, 3);
        assertWrites("3+1");
    }

    @Test
    void shouldWriteTheRestOfAShortWriteWhereTheDriveAgrees() {
        start(TestGeometries.small(), 2);
        append(0, 4, 1);
        append(0, 1, 2);
        drive.says(0, ZoneState.OPEN, BLOCK);
        complete(0, BLOCK);
        complete(0, -Errno.EIO);
        assertWrites("1+3", "4+1");
        complete(0, 3 * BLOCK);
        complete(0, BLOCK);
        assertEquals(0, completions.result(1));
        assertEquals(4L * BLOCK, completions.result(2));
    }

    @Test
    void shouldFailAShortWriteWhereTheDriveDisagrees() {
        start(TestGeometries.small(), 1);
        append(0, 4, 1);
        drive.says(0, ZoneState.OPEN, 2L * BLOCK);
        complete(0, BLOCK);
        assertEquals(-Errno.EIO, completions.result(1));
        append(0, 1, 2);
        assertWrites("2+1");
    }

    @Test
    void shouldFinishTheRestOfAShortWriteAtTheEndOfAZone() {
        start(TestGeometries.small(), 1);
        for (int i = 0; i < 3; i++) {
            append(0, 16, i);
            if (i == 2) {
                drive.says(0, ZoneState.OPEN, CAPACITY - BLOCK);
                complete(0, 15 * BLOCK);
                complete(0, BLOCK);
            } else {
                complete(0, 16 * BLOCK);
            }
        }
        assertEquals(32L * BLOCK, completions.result(2));
        assertEquals(ZoneState.FULL, commands.zones().state(0));
        assertEquals(1, drive.filled);
        append(0, 1, 9);
        poll();
        assertEquals(-Errno.EINVAL, completions.result(9));
    }

    @Test
    void shouldGiveCancelledWritesANewPlace() {
        start(TestGeometries.small(), 1);
        append(0, 1, 1);
        drive.says(0, ZoneState.OPEN, BLOCK);
        complete(0, -Errno.ECANCELED);
        assertWrites("1+1");
        complete(0, BLOCK);
        assertEquals(BLOCK, completions.result(1));
    }

    @Test
    void shouldGiveUpAWriteThatIsCancelledForEver() {
        start(TestGeometries.small(), 1);
        append(0, 1, 1);
        for (int i = 0; i < 100 && commands.inFlight() > 0; i++) {
            complete(0, -Errno.EINTR);
        }
        assertEquals(-Errno.EINTR, completions.result(1));
    }

    @Test
    void shouldPassTheDrivesLimitsOn() {
        start(TestGeometries.small(), 1);
        append(0, 1, 1);
        complete(0, -Errno.EOVERFLOW);
        assertEquals(-Errno.EOVERFLOW, completions.result(1));
        assertEquals(ZoneState.EMPTY, commands.zones().state(0));
    }

    @Test
    void shouldFailEverythingOfAZoneThatDied() {
        start(TestGeometries.small(), 2);
        for (int i = 0; i < 4; i++) {
            append(0, 1, i);
        }
        drive.says(0, ZoneState.READ_ONLY, CAPACITY);
        complete(0, -Errno.EIO);
        complete(0, -Errno.EIO);
        for (int i = 0; i < 4; i++) {
            assertEquals(-DeviceException.EROFS, completions.result(i));
        }
        assertEquals(
                new ZoneInfo(0, ZoneState.READ_ONLY, 0, CAPACITY, true),
                commands.zones().report(0));
    }

    @Test
    void shouldTakeNoAppendWhereTheDriveDoesNotTellTheWritePointer() {
        start(TestGeometries.small(), 1);
        append(0, 1, 1);
        append(0, 1, 2);
        drive.states[0] = null;
        complete(0, -Errno.EIO);
        assertEquals(-Errno.EIO, completions.result(1));
        poll();
        assertEquals(-Errno.EINVAL, completions.result(2));
        assertFalse(commands.zones().report(0).writePointerExact());
        drive.says(0, ZoneState.EMPTY, 0);
        commands.zoneReset(0);
        append(0, 1, 3);
        assertWrites("0+1");
    }

    @Test
    void shouldNeverHandOutAnAddressTwiceEvenIfTheDriveForgets() {
        start(TestGeometries.small(), 1);
        append(0, 2, 1);
        complete(0, 2 * BLOCK);
        drive.says(0, ZoneState.OPEN, BLOCK);
        append(0, 1, 2);
        append(0, 1, 3);
        complete(0, -Errno.EIO);
        poll();
        assertEquals(-Errno.EIO, completions.result(2));
        assertEquals(-Errno.EINVAL, completions.result(3));
        assertThrows(DeviceException.class, () -> commands.refresh(0));
    }

    @Test
    void shouldCloseAnIdleZoneOrWaitForABusyOne() {
        start(TestGeometries.limited(2, 4), 1);
        append(0, 1, 0);
        append(1, 1, 1);
        append(2, 1, 2);
        assertWrites("0+1", "64+1");
        drive.says(1, ZoneState.CLOSED, BLOCK);
        complete(1, BLOCK);
        assertWrites("0+1", "128+1");
        assertEquals(List.of(1), drive.closed);
        drive.says(0, ZoneState.CLOSED, BLOCK);
        complete(0, BLOCK);
        append(3, 1, 3);
        assertEquals(List.of(1, 0), drive.closed);
        append(4, 1, 4);
        poll();
        assertEquals(-Errno.EOVERFLOW, completions.result(4));
    }

    @Test
    void shouldRefuseWhereAllOpenZonesAreKeptOpen() {
        start(TestGeometries.limited(2, 4), 1);
        commands.zoneOpened(0);
        commands.zoneOpened(1);
        append(2, 1, 2);
        poll();
        assertEquals(-Errno.ETOOMANYREFS, completions.result(2));
    }

    @Test
    void shouldReadZerosAboveWhatWasWritten() {
        start(TestGeometries.small(), 1);
        append(0, 1, 1);
        complete(0, BLOCK);
        memory.fill((byte) 7);
        commands.read(0, buffer, 0, 2 * BLOCK, IoAttributes.NONE, 5);
        assertWrites("r0+1");
        complete(0, BLOCK);
        assertEquals(2 * BLOCK, completions.result(5));
        assertEquals(-1, memory.asSlice(BLOCK, BLOCK).mismatch(arena.allocate(BLOCK)));
        commands.read(4L * BLOCK, buffer, 0, BLOCK, IoAttributes.NONE, 6);
        assertWrites();
        poll();
        assertEquals(BLOCK, completions.result(6));
    }

    @Test
    void shouldSyncTheWholeDriveOnceForManyZones() {
        start(TestGeometries.small(), 1);
        append(0, 1, 0);
        append(1, 1, 1);
        complete(0, BLOCK);
        complete(0, BLOCK);
        commands.flush(10);
        commands.flush(11);
        poll();
        assertWrites("sync");
        complete(0, 0);
        assertEquals(0, completions.result(10));
        assertEquals(0, completions.result(11));
        assertFalse(commands.needsSync());
        append(0, 1, 2);
        complete(0, BLOCK);
        commands.flush(12);
        poll();
        complete(0, -Errno.EIO);
        assertEquals(-Errno.EIO, completions.result(12));
        assertEquals(-Errno.EIO, commands.syncFailure());
    }

    @Test
    void shouldSyncAtTheFirstFlushWhatAnEarlierProcessWrote() {
        start(TestGeometries.small(), 1);
        commands.writtenBefore();
        commands.flush(10);
        poll();
        assertWrites("sync");
        complete(0, 0);
        assertEquals(0, completions.result(10));
        commands.flush(11);
        poll();
        assertEquals(0, completions.result(11));
        assertWrites();
    }

    /// Engine and media in one: what is started is completed, and what a zone is, by the test.
    private static final class Drive implements IoEngine, IdleEngine, SequentialMedia {
        private final List<String> started = new ArrayList<>();
        private final List<int[]> slots = new ArrayList<>();
        private final List<int[]> ended = new ArrayList<>();
        private final List<Integer> closed = new ArrayList<>();
        private final Descriptor descriptor = new Descriptor(Libc.eventfd(0, Libc.EFD_CLOEXEC));
        private ZoneInfo[] states = {};
        private int filled;

        private void says(final int zone, final ZoneState state, final long writePointer) {
            states[zone] = new ZoneInfo(zone, state, writePointer, CAPACITY, true);
        }

        private void complete(final int index, final int result) {
            started.remove(index);
            ended.add(new int[] {slots.remove(index)[0], result});
        }

        private void started(final String what, final int slot, final int length, final long offset) {
            started.add(what + offset / BLOCK + "+" + length / BLOCK);
            slots.add(new int[] {slot});
        }

        @Override
        public void write(
                final int slot,
                final int fd,
                final long address,
                final int length,
                final long offset,
                final int attributes,
                final int bufferIndex) {
            started("", slot, length, offset);
        }

        @Override
        public void read(
                final int slot,
                final int fd,
                final long address,
                final int length,
                final long offset,
                final int attributes,
                final int bufferIndex) {
            started("r", slot, length, offset);
        }

        @Override
        public void sync(final int slot, final int fd) {
            started.add("sync");
            slots.add(new int[] {slot});
        }

        @Override
        public int poll(final Completion completion) {
            final List<int[]> completed = List.copyOf(ended);
            ended.clear();
            for (final int[] command : completed) {
                completion.onCommand(command[0], command[1], 0);
            }
            return completed.size();
        }

        @Override
        public int readForgotten(final int zone, final MemorySegment target, final int length) {
            return 0;
        }

        @Override
        public ZoneInfo inspect(final int zone) {
            if (states[zone] == null) {
                throw new DeviceException("does not answer", Errno.EIO);
            }
            return states[zone];
        }

        @Override
        public void closeZone(final int zone, final boolean empty) {
            closed.add(zone);
        }

        @Override
        public void filled(final int zone) {
            filled++;
        }

        @Override
        public Descriptor writer(final int zone) {
            return descriptor;
        }

        @Override
        public Descriptor reader(final int zone) {
            assertTrue(descriptor.acquire());
            return descriptor;
        }

        @Override
        public Descriptor syncTarget() {
            return descriptor;
        }

        @Override
        public long position(final int zone, final long offset) {
            return zone * 64L * BLOCK + offset;
        }

        @Override
        public void close() {
            descriptor.close();
        }

        @Override
        public void open(final int zone) {}

        @Override
        public void finish(final int zone) {}

        @Override
        public void reset(final int zone) {}
    }
}
