/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import static dev.zapkv.io.TestGeometries.BLOCK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.Completions;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.TestGeometries;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.command.IdleEngine;
import dev.zapkv.io.command.IoEngine;
import dev.zapkv.io.command.LeasedBuffer;
import dev.zapkv.io.command.LifetimeHints;
import dev.zapkv.io.emulated.EmulatedZones;
import dev.zapkv.io.linux.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a device makes of short, failed and cancelled transfers and of failed syncs, with the test in the
/// kernel's role.
final class FileCommandsTest {
    private static final int QUEUE_DEPTH = 4;

    @TempDir
    private Path directory;

    private final ZoneGeometry geometry = TestGeometries.small();
    private final EmulatedZones zones = new EmulatedZones(geometry);
    private final ScriptedEngine engine = new ScriptedEngine();
    private final Completions completions = new Completions();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(16L * BLOCK, BLOCK);
    private final LeasedBuffer buffer = LeasedBuffer.unregistered(null, memory);
    private ZoneFiles files;
    private FileCommands commands;

    @BeforeEach
    void open() {
        files = new ZoneFiles(directory, geometry, false);
        commands = new FileCommands(geometry, zones, files, engine, QUEUE_DEPTH, true, LifetimeHints.none("test"));
    }

    @AfterEach
    void close() {
        files.close();
        arena.close();
    }

    private void complete(final int result) {
        engine.result = result;
        commands.poll(completions, -1);
    }

    private void append(final int blocks, final int attributes) {
        commands.append(1, buffer, 0, blocks * BLOCK, attributes, 7);
    }

    @Test
    void shouldResumeAShortWriteWhereItStopped() {
        append(4, IoAttributes.NONE);
        complete(BLOCK);
        assertEquals(1, commands.inFlight());
        complete(2 * BLOCK);
        complete(BLOCK);
        assertEquals(geometry.address(1, 0), completions.result(7));
        final long start = memory.address();
        assertEquals(
                List.of(
                        "write " + start + " " + 4 * BLOCK + " at 0",
                        "write " + (start + BLOCK) + " " + 3 * BLOCK + " at " + BLOCK,
                        "write " + (start + 3 * BLOCK) + " " + BLOCK + " at " + 3 * BLOCK),
                engine.log);
    }

    @Test
    void shouldFailAWriteThatStoppedWithinABlockOrAtNothing() {
        append(2, IoAttributes.NONE);
        complete(100);
        assertEquals(-Errno.EIO, completions.result(7));
        completions.clear();
        append(2, IoAttributes.NONE);
        complete(0);
        assertEquals(-Errno.EIO, completions.result(7));
        assertEquals(1, completions.released.size());
        assertEquals(4L * BLOCK, zones.writePointer(1), "both left a hole");
    }

    @Test
    void shouldReportTheErrorOfTheRestOfAShortWrite() {
        append(2, IoAttributes.NONE);
        complete(BLOCK);
        complete(-Errno.ENOSPC);
        assertEquals(-Errno.ENOSPC, completions.result(7));
        assertEquals(0, zones.appendsInFlight(1));
    }

    @Test
    void shouldStartCancelledAndInterruptedCommandsAgain() {
        append(1, IoAttributes.DURABLE);
        complete(-Errno.ECANCELED);
        complete(-Errno.EINTR);
        assertTrue(completions.results.isEmpty());
        complete(BLOCK);
        assertEquals(geometry.address(1, 0), completions.result(7));
        assertEquals(IoAttributes.DURABLE, completions.answers.get(7L));
        assertEquals(3, engine.log.size());
    }

    @Test
    void shouldGiveUpOnACommandThatIsCancelledForEver() {
        append(1, IoAttributes.NONE);
        for (int i = 0; i < 100 && commands.inFlight() > 0; i++) {
            complete(-Errno.ECANCELED);
        }
        assertEquals(-Errno.ECANCELED, completions.result(7));
    }

    @Test
    void shouldNotHonourDurableOfAFailedAppend() {
        append(1, IoAttributes.DURABLE);
        complete(-Errno.EIO);
        assertEquals(IoAttributes.NONE, completions.answers.get(7L));
    }

    @Test
    void shouldFailFlushesAfterAFailedSyncUntilTheZoneIsReset() {
        append(1, IoAttributes.NONE);
        complete(BLOCK);
        commands.flush(20);
        complete(0); // starts the sync, which ends with 0 in the same poll
        assertEquals(0, completions.result(20));
        append2(8);
        commands.flush(21);
        complete(-Errno.EIO);
        assertEquals(-Errno.EIO, completions.result(21));
        commands.flush(22);
        complete(0);
        assertEquals(-Errno.EIO, completions.result(22));
        assertEquals(-Errno.EIO, commands.syncAll());
        zones.reset(1);
        commands.zoneReset(1);
        commands.flush(23);
        complete(0);
        assertEquals(0, completions.result(23));
    }

    private void append2(final long token) {
        commands.append(1, buffer, 0, BLOCK, IoAttributes.NONE, token);
        complete(BLOCK);
    }

    @Test
    void shouldCountAFailedDurableAppendAgainstEarlierAppendsNotYetSynced() {
        append2(1);
        append(1, IoAttributes.DURABLE);
        complete(-Errno.EIO);
        commands.flush(20);
        complete(0);
        assertEquals(-Errno.EIO, completions.result(20));
    }

    @Test
    void shouldSyncAgainWhenASyncWasCancelledBeforeItRan() {
        append2(1);
        commands.flush(20);
        complete(-Errno.ECANCELED);
        assertTrue(completions.results.containsKey(1L));
        assertEquals(1, commands.inFlight());
        complete(0);
        assertEquals(0, completions.result(20));
    }

    @Test
    void shouldReportAZoneFileThatCannotBeCreated() {
        files = new ZoneFiles(directory.resolve("missing"), geometry, false);
        commands = new FileCommands(geometry, zones, files, engine, QUEUE_DEPTH, true, LifetimeHints.none("test"));
        append(1, IoAttributes.NONE);
        complete(0);
        assertTrue(completions.result(7) < 0);
        assertEquals(0, zones.writePointer(1));
    }

    /// Completes every command that is started before a poll with the result the test sets.
    private static final class ScriptedEngine implements IoEngine, IdleEngine {
        private final List<String> log = new ArrayList<>();
        private final List<Integer> started = new ArrayList<>();
        private int result;

        @Override
        public void write(
                final int slot,
                final int fd,
                final long address,
                final int length,
                final long offset,
                final int attributes,
                final int bufferIndex) {
            log.add("write " + address + " " + length + " at " + offset);
            started.add(slot);
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
            log.add("read " + address + " " + length + " at " + offset);
            started.add(slot);
        }

        @Override
        public void sync(final int slot, final int fd) {
            log.add("sync");
            started.add(slot);
        }

        @Override
        public int poll(final Completion completion) {
            final List<Integer> completed = List.copyOf(started);
            started.clear();
            for (final int slot : completed) {
                completion.onCommand(slot, result, 0);
            }
            return completed.size();
        }
    }
}
