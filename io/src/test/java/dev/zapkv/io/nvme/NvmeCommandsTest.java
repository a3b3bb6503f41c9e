/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.Completions;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.command.LeasedBuffer;
import dev.zapkv.io.linux.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What becomes of a command for each answer of the drive.
final class NvmeCommandsTest {
    private static final int BLOCK = 4096;
    private static final int DEPTH = 4;
    private static final long ZONE_BLOCKS = 0x4000;
    private static final Drive DRIVE = drive(true);

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory = arena.allocate(64L * BLOCK, BLOCK);
    private final FakeEngine engine = new FakeEngine(arena.allocate(PassthroughEngine.offset(DEPTH), 8));
    private final StatusCounts statuses = new StatusCounts();
    private final Completions completions = new Completions();
    private NvmeCommands commands = commands(DRIVE, 0);
    private LeasedBuffer buffer =
            LeasedBuffer.register(null, engine, memory, DRIVE.geometry().maxAppend());

    /// Four zones from the drive's eighth on; a transfer is four blocks at most.
    private static Drive drive(final boolean volatileCache) {
        final ZoneGeometry geometry =
                new ZoneGeometry(BLOCK, ZONE_BLOCKS * BLOCK, ZONE_BLOCKS / 2 * BLOCK, 4, 0, 0, 2 * BLOCK);
        return new Drive(
                1,
                12,
                ZONE_BLOCKS,
                8,
                geometry,
                4 * BLOCK,
                127,
                volatileCache,
                new Identify.RetryDelays(20, 0, 0),
                List.of());
    }

    private NvmeCommands commands(final Drive drive, final long patienceNs) {
        return new NvmeCommands(drive, engine, engine.commands, DEPTH, statuses, patienceNs);
    }

    @AfterEach
    void close() {
        arena.close();
    }

    private void drain() {
        while (commands.inFlight() > 0) {
            commands.poll(completions, 1_000_000L);
        }
        assertEquals(completions.results.keySet(), completions.released);
    }

    private long append(final int zone, final long token) {
        commands.append(zone, buffer, 0, BLOCK, IoAttributes.NONE, token);
        drain();
        return completions.result(token);
    }

    private static long block(final int zone, final long offsetBlocks) {
        return (8 + zone) * ZONE_BLOCKS + offsetBlocks;
    }

    @Test
    void shouldTakeTheDrivesAddress() {
        engine.answer(0, block(2, 7)).answer(0, block(2, 5));
        commands.append(2, buffer, 0, 2 * BLOCK, IoAttributes.DURABLE, 1);
        commands.append(2, buffer, 0, BLOCK, IoAttributes.NONE, 2);
        drain();
        assertEquals(DRIVE.geometry().address(2, 7L * BLOCK), completions.result(1));
        assertEquals(DRIVE.geometry().address(2, 5L * BLOCK), completions.result(2));
        assertEquals(1, completions.answers.get(1L));
        assertEquals(0, completions.answers.get(2L));
        assertEquals(List.of(block(2, 0), block(2, 0)), engine.blocks);
        assertEquals(2, commands.counters().appends());
        assertEquals(1, commands.counters().reorderedCompletions());
        assertEquals(2, commands.counters().maxInFlightPerZone());
        assertEquals(3L * BLOCK, commands.counters().bytesInPlace());
    }

    @Test
    void shouldNotBelieveAnAddressOutsideTheZone() {
        for (final long block : new long[] {
            block(1, -1), block(2, 0), block(1, ZONE_BLOCKS / 2), block(1, ZONE_BLOCKS - 1), -1, 0, Long.MAX_VALUE
        }) {
            completions.clear();
            engine.answer(0, block);
            assertEquals(-Errno.EIO, append(1, 1), "block=" + block);
            assertEquals(-Errno.EIO, append(1, 2), "the zone is not certain any more");
            commands.zoneKnown(1);
        }
        assertEquals(0, commands.counters().appends());
    }

    @Test
    void shouldMapRefusalsToErrors() {
        final int[][] refusals = {
            {0x41B9, Errno.EINVAL},
            {0x41B8, Errno.ENOSPC},
            {0x41BA, Errno.EROFS},
            {0x41BB, Errno.EIO},
            {0x41BD, Errno.EOVERFLOW},
            {0x41BE, Errno.ETOOMANYREFS},
            {0x280, Errno.EIO},
            {0x4002, Errno.EIO}
        };
        for (final int[] refusal : refusals) {
            completions.clear();
            engine.answer(refusal[0], 0x1BE).answer(0, block(0, 0));
            assertEquals(-refusal[1], append(0, 1));
            assertTrue(append(0, 2) >= 0, "the zone stays usable");
        }
        assertEquals(refusals.length, statuses.capabilities().size());
        assertEquals(
                Set.of("1"),
                Set.copyOf(statuses.capabilities().stream().map(c -> c.value()).toList()));
    }

    @Test
    void shouldRepeatWhatMayBeRepeated() {
        engine.answer(0x006, 0)
                .answer(0x0821, 0) // after the first delay
                .answer(0x302, 0)
                .answer(-Errno.ECANCELED, 0)
                .answer(-Errno.EAGAIN, 0)
                .answer(0, block(3, 1));
        assertEquals(DRIVE.geometry().address(3, BLOCK), append(3, 1));
        assertEquals(6, engine.started.size());
    }

    @Test
    void shouldEndRepeating() {
        for (int i = 0; i < 20; i++) {
            engine.answer(0x021, 0);
        }
        assertEquals(-Errno.EIO, append(0, 1));
        assertEquals(9, engine.started.size());
    }

    @Test
    void shouldNotRepeatWhatTheDriveSaysIsFinal() {
        engine.answer(0x4021, 0);
        assertEquals(-Errno.EIO, append(0, 1));
        assertEquals(1, engine.started.size());
    }

    @Test
    void shouldHoldAnAppendBackUntilTheDriveHasAZoneToSpare() {
        commands = commands(DRIVE, Long.MAX_VALUE);
        engine.answer(0x41BD, 0).answer(0, block(1, 3));
        for (int i = 0; i < 20; i++) {
            engine.answer(0x41BE, 0);
        }
        engine.answer(0, block(0, 0));
        commands.append(0, buffer, 0, BLOCK, IoAttributes.NONE, 1);
        commands.append(1, buffer, 0, BLOCK, IoAttributes.NONE, 2);
        commands.poll(completions, -1);
        assertEquals(Set.of(2L), completions.results.keySet(), "a zone that is open is not concerned");
        assertThrows(IllegalStateException.class, () -> commands.requireIdle(0, "reset"));
        commands.requireIdle(1, "finish");
        drain();
        assertEquals(DRIVE.geometry().address(0, 0), completions.result(1));
        assertEquals(23, engine.started.size());
        // The next one has patience of its own.
        engine.answer(0x41BD, 0).answer(0, block(0, 1));
        assertEquals(DRIVE.geometry().address(0, BLOCK), append(0, 3));
    }

    @Test
    void shouldNotAppendAfterAnUnknownOutcomeBeforeAReport() {
        for (final int status : new int[] {-Errno.EINTR, 0x007, 0x004, 0x7FF}) {
            completions.clear();
            engine.started.clear();
            engine.answer(status, 0).answer(0, block(0, 9));
            commands.append(0, buffer, 0, BLOCK, IoAttributes.NONE, 1);
            commands.append(0, buffer, 0, BLOCK, IoAttributes.NONE, 2);
            drain();
            assertTrue(completions.result(1) < 0);
            assertTrue(completions.result(2) >= 0, "it was under way already");
            assertEquals(-Errno.EIO, append(0, 3));
            assertEquals(2, engine.started.size(), "the third never reached the drive");
            engine.answer(0, block(1, 0));
            assertTrue(append(1, 4) >= 0, "other zones are not concerned");
            commands.zoneKnown(0);
            engine.answer(0, block(0, 10));
            assertTrue(append(0, 5) >= 0);
        }
    }

    @Test
    void shouldNotTrustAReportWhileAppendsAreInFlight() {
        engine.answer(-Errno.EINTR, 0);
        append(0, 1);
        commands.zoneKnown(0);
        engine.answer(-Errno.EINTR, 0).answer(0, block(0, 0));
        commands.append(0, buffer, 0, BLOCK, IoAttributes.NONE, 2);
        commands.zoneKnown(0);
        assertThrows(IllegalStateException.class, () -> commands.requireIdle(0, "reset"));
        drain();
        commands.requireIdle(0, "reset");
        assertEquals(-Errno.EIO, append(0, 3));
    }

    @Test
    void shouldReadInPartsAndAgainAfterAnUnknownOutcome() {
        engine.answer(0, 0).answer(-Errno.EINTR, 0).answer(0x007, 0);
        commands.read(DRIVE.geometry().address(1, 3L * BLOCK), buffer, BLOCK, 10 * BLOCK, IoAttributes.NONE, 1);
        drain();
        assertEquals(10 * BLOCK, completions.result(1));
        assertEquals(List.of(4 * BLOCK, 4 * BLOCK, 4 * BLOCK, 4 * BLOCK, 2 * BLOCK), engine.dataLengths);
        assertEquals(List.of(block(1, 3), block(1, 7), block(1, 7), block(1, 7), block(1, 11)), engine.blocks);
    }

    @Test
    void shouldFailAReadOfBadMedia() {
        engine.answer(0, 0).answer(0x281, 0);
        commands.read(0, buffer, 0, 8 * BLOCK, IoAttributes.NONE, 1);
        drain();
        assertEquals(-Errno.EIO, completions.result(1));
        assertEquals(2, engine.started.size());
    }

    @Test
    void shouldFlushOnlyAVolatileCache() {
        commands.flush(1);
        drain();
        assertEquals(List.of(PassthroughCommand.OP_FLUSH), engine.started);
        commands = commands(drive(false), 0);
        commands.flush(2);
        drain();
        assertEquals(0, completions.result(2));
        assertEquals(1, engine.started.size());
    }

    @Test
    void shouldGoOnWithoutTheRegisteredBufferWhereTheKernelRefusesIt() {
        engine.answer(-Errno.EINVAL, 0).answer(0, block(0, 0));
        assertEquals(0, append(0, 1));
        assertEquals(List.of(0, PassthroughEngine.UNREGISTERED), engine.bufferIndices);
        engine.answer(-Errno.EINVAL, 0).answer(-Errno.EINVAL, 0);
        assertEquals(-Errno.EINVAL, append(0, 2));
    }

    @Test
    void shouldRegisterLargeMemoryInOverlappingPieces() {
        engine.registered = 0;
        engine.registrationMax = 10L * BLOCK;
        buffer = LeasedBuffer.register(null, engine, memory, DRIVE.geometry().maxAppend());
        assertTrue(buffer.registered());
        assertEquals(8, engine.registered);
        for (long offset = 0; offset <= 62L * BLOCK; offset += BLOCK) {
            final int index = buffer.index(offset, 2 * BLOCK);
            assertEquals(offset / (8 * BLOCK), index, "offset=" + offset);
        }
        assertEquals(PassthroughEngine.UNREGISTERED, buffer.index(7 * BLOCK, 4 * BLOCK));
    }

    @Test
    void shouldRegisterNothingIfAPieceIsRefused() {
        engine.registered = 0;
        engine.refusedFrom = 3;
        engine.registrationMax = 10L * BLOCK;
        buffer = LeasedBuffer.register(null, engine, memory, DRIVE.geometry().maxAppend());
        assertFalse(buffer.registered());
        assertEquals(0, engine.registered);
        engine.registrationMax = 0;
        assertFalse(LeasedBuffer.register(null, engine, memory, 1).registered());
        engine.registrationMax = DRIVE.geometry().maxAppend();
        assertFalse(LeasedBuffer.register(null, engine, memory, DRIVE.geometry().maxAppend())
                .registered());
    }
}
