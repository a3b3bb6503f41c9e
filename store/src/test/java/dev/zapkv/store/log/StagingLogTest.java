/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.StoreClosedException;
import dev.zapkv.StoreFullException;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.meta.StoreId;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StagingLogTest {
    private static final int BLOCK = 64 << 10;
    private static final int SLOTS = 8;
    private static final int FIRST = 5;

    @TempDir
    private Path directory;

    private StagingFile file;
    private StagingLog log;
    private final Map<Long, Integer> sealed = new ConcurrentHashMap<>();
    private volatile boolean refusing;

    @BeforeEach
    void create() {
        file = StagingFile.create(List.of(directory), new StoreId(1, 2), 1, BLOCK, SLOTS, SLOTS);
        log = new StagingLog(file, FIRST, new StagingLog.Backpressure() {
            @Override
            public void sealed(final long block, final int length) {
                if (sealed.put(block, length) != null) {
                    throw new AssertionError("block " + block + " was sealed twice");
                }
            }

            @Override
            public void stalled(final int waits) {
                if (refusing) {
                    throw new StoreFullException("no room");
                }
            }
        });
    }

    @AfterEach
    void delete() {
        file.delete();
    }

    @Test
    void shouldTakeNoClaimBeforeThereIsRoom() {
        refusing = true;
        assertThrows(StoreFullException.class, () -> log.claim(48));
        assertEquals(FIRST - 1, log.lastClaimedBlock());
        assertFalse(log.openBlockHasRecords());
        log.openUpTo(FIRST);
        assertEquals((long) FIRST * BLOCK + BlockFormat.HEADER_LENGTH, log.claim(48));
        assertEquals(FIRST, log.lastClaimedBlock());
        assertTrue(log.openBlockHasRecords());
    }

    @Test
    void shouldHandOutAscendingPositionsBlockByBlock() {
        log.openUpTo(Long.MAX_VALUE);
        long last = 0;
        for (int i = 0; i < 100; i++) {
            final long position = log.claim(4096);
            assertTrue(position > last, "position " + position + " after " + last);
            assertTrue(position % BLOCK >= BlockFormat.HEADER_LENGTH && position % BLOCK + 4096 <= BLOCK);
            log.commit(position, 4096);
            last = position;
        }
        for (final Map.Entry<Long, Integer> block : sealed.entrySet()) {
            assertTrue(log.isCommitted(block.getKey(), block.getValue()));
        }
        assertEquals(100 / 15, sealed.size(), "fifteen claims fit a block");
    }

    @Test
    void shouldPutATakenSlotInThePlaceOfAnEmptyOpenBlock() {
        log.openUpTo(Long.MAX_VALUE);
        log.commit(log.claim(64), 64);
        log.trySeal();
        final int free = log.freeSlots();
        final int slot = log.takeSlot();
        assertEquals(free - 1, log.freeSlots());
        final long position = log.insert(slot, 4096, null);
        assertEquals((FIRST + 1L) * BLOCK + BlockFormat.HEADER_LENGTH, position);
        assertEquals(slot, log.slotOf(FIRST + 1));
        assertEquals(FIRST + 1, file.blockNumber(slot));
        assertEquals(free, log.freeSlots(), "the slot that was open is free again");
        assertEquals(BlockFormat.HEADER_LENGTH + 4096, sealed.get(FIRST + 1L));
        assertEquals(FIRST + 1, log.lastClaimedBlock());
        assertFalse(log.isCommitted(FIRST + 1, BlockFormat.HEADER_LENGTH + 4096));
        log.commit(position, 4096);
        assertTrue(log.isCommitted(FIRST + 1, BlockFormat.HEADER_LENGTH + 4096));
        assertEquals(FIRST + 2, log.blockOf(log.claim(16)));
        for (int other = 0; other < SLOTS; other++) {
            assertTrue(other == slot || file.blockNumber(other) != FIRST + 1, "slot " + other + " has the number too");
        }
    }

    @Test
    void shouldPutATakenSlotBehindAnOpenBlockWithRecords() {
        log.openUpTo(Long.MAX_VALUE);
        final long before = log.claim(64);
        final int slot = log.takeSlot();
        assertEquals(0, file.blockNumber(slot), "recovery must not take it for what it was");
        final long position = log.insert(slot, log.maxClaim(), null);
        assertEquals(
                Map.of((long) FIRST, BlockFormat.HEADER_LENGTH + 64, FIRST + 1L, BLOCK),
                sealed,
                "the open block and the one that was put in");
        assertEquals(FIRST, log.blockOf(before));
        assertEquals(FIRST + 1, log.blockOf(position));
        assertEquals(FIRST + 2, log.blockOf(log.claim(16)));
    }

    @Test
    void shouldPutATakenSlotOnlyWhereThereIsRoomAndNotAfterClose() {
        log.openUpTo(FIRST);
        log.commit(log.claim(64), 64);
        final int slot = log.takeSlot();
        refusing = true;
        assertThrows(StoreFullException.class, () -> log.insert(slot, 4096, null));
        assertEquals(FIRST, log.lastClaimedBlock());
        log.close();
        assertThrows(StoreClosedException.class, () -> log.insert(slot, 4096, null));
        assertEquals(FIRST, log.lastClaimedBlock());
        final int free = log.freeSlots();
        log.giveSlot(slot);
        assertEquals(free + 1, log.freeSlots());
    }

    @Test
    void shouldSealTheOpenBlockOnRequestOnce() {
        log.openUpTo(Long.MAX_VALUE);
        assertFalse(log.trySeal(), "nothing is open");
        final long position = log.claim(64);
        assertTrue(log.trySeal());
        assertFalse(log.trySeal(), "the next block is empty");
        assertEquals(Map.of((long) FIRST, BlockFormat.HEADER_LENGTH + 64), sealed);
        assertFalse(log.isCommitted(FIRST, BlockFormat.HEADER_LENGTH + 64));
        log.commit(position, 64);
        assertTrue(log.isCommitted(FIRST, BlockFormat.HEADER_LENGTH + 64));
        assertEquals((FIRST + 1L) * BLOCK + BlockFormat.HEADER_LENGTH, log.claim(16));
    }

    @Test
    void shouldWaitForASlotAndGoOnWhenOneIsEvicted() throws Exception {
        log.openUpTo(Long.MAX_VALUE);
        for (int i = 0; i < SLOTS; i++) {
            log.commit(log.claim(log.maxClaim()), log.maxClaim());
        }
        assertEquals(0, log.freeSlots());
        try (ExecutorService pool = Executors.newSingleThreadExecutor()) {
            final Future<Long> waiting = pool.submit(() -> log.claim(16));
            while (!sealed.containsKey((long) FIRST + SLOTS - 1)) {
                Thread.onSpinWait();
            }
            assertFalse(waiting.isDone());
            log.release(FIRST);
            assertEquals((long) (FIRST + SLOTS) * BLOCK + BlockFormat.HEADER_LENGTH, waiting.get());
        }
        refusing = true;
        log.claim(log.maxClaim() - 16);
        assertThrows(StoreFullException.class, () -> log.claim(16));
    }

    @Test
    void shouldKeepTheLastBlocksForDeletes() {
        refusing = true;
        log.openUpTo(FIRST + 1, FIRST);
        log.claim(log.maxClaim());
        assertThrows(StoreFullException.class, () -> log.claim(16));
        assertEquals((FIRST + 1L) * BLOCK + BlockFormat.HEADER_LENGTH, log.claimForDeletes(16));
        log.openUpTo(FIRST + 1, FIRST);
        assertThrows(StoreFullException.class, () -> log.claim(16), "puts do not get into blocks of deletes");
        log.claimForDeletes(log.maxClaim() - 16);
        assertThrows(StoreFullException.class, () -> log.claimForDeletes(16));
        log.openUpTo(FIRST + 2);
        assertEquals((FIRST + 2L) * BLOCK + BlockFormat.HEADER_LENGTH, log.claim(16));
    }

    @Test
    void shouldEndTheWaitOfAPutWhenTheLogIsClosed() throws Exception {
        log.openUpTo(FIRST + 1, FIRST);
        log.claim(log.maxClaim());
        log.claimForDeletes(16);
        log.openUpTo(FIRST + 1, FIRST);
        try (ExecutorService pool = Executors.newSingleThreadExecutor()) {
            final Future<Long> waiting = pool.submit(() -> log.claim(16));
            log.close();
            final ExecutionException e = assertThrows(ExecutionException.class, waiting::get);
            assertInstanceOf(StoreClosedException.class, e.getCause());
        }
    }

    @Test
    void shouldRefuseClaimsAfterClose() {
        log.openUpTo(Long.MAX_VALUE);
        log.commit(log.claim(32), 32);
        log.close();
        assertThrows(StoreClosedException.class, () -> log.claim(32));
        assertEquals(BlockFormat.HEADER_LENGTH + 32, sealed.get((long) FIRST));
        log.close();
    }

    @Test
    void shouldNoticeThatASlotWasReused() {
        log.openUpTo(Long.MAX_VALUE);
        final long position = log.claim(log.maxClaim());
        log.commit(position, log.maxClaim());
        final long entry = IndexEntry.memory(position, 1, false);
        final int slot = log.slotForRead(entry);
        assertEquals(FIRST, log.blockInSlot(slot));
        assertTrue(log.isBlockOf(FIRST, entry));
        assertFalse(log.isBlockOf(FIRST + 1, entry));
        assertEquals(log.offsetOf(position), log.offsetInSlot(slot, log.offsetInBlock(entry)));
        assertTrue(log.stillHolds(slot, FIRST));
        log.release(FIRST);
        assertFalse(log.stillHolds(slot, FIRST));
        for (int i = 0; i < SLOTS; i++) {
            log.commit(log.claim(log.maxClaim()), log.maxClaim());
        }
        assertFalse(log.stillHolds(slot, FIRST));
        assertTrue(log.blockInSlot(slot) > FIRST);
    }

    @Test
    void shouldNeverGiveOnePlaceToTwoThreads() throws Exception {
        final int threads = 4;
        final int claims = 20_000;
        final long seed = 9;
        log.openUpTo(Long.MAX_VALUE);
        final AtomicBoolean writing = new AtomicBoolean(true);
        final List<long[]> places = Collections.synchronizedList(new ArrayList<>());
        try (ExecutorService pool = Executors.newFixedThreadPool(threads + 1)) {
            final Future<?> evicting = pool.submit(() -> {
                // As the agent: in order, and only what is complete.
                for (long block = FIRST; writing.get() || sealed.containsKey(block); ) {
                    final Integer length = sealed.get(block);
                    if (length != null && log.isCommitted(block, length)) {
                        verify(block, length);
                        log.release(block++);
                    } else {
                        Thread.onSpinWait();
                    }
                }
            });
            final List<Future<?>> writers = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                final int thread = t;
                writers.add(pool.submit(() -> {
                    final SplittableRandom random = new SplittableRandom(seed + thread);
                    final List<long[]> mine = new ArrayList<>();
                    for (int i = 0; i < claims; i++) {
                        final int length = 16 * (1 + random.nextInt(random.nextInt(100) == 0 ? 2000 : 20));
                        final long position = log.claim(length);
                        final long offset = log.offsetOf(position);
                        for (int at = 0; at < length; at += 16) {
                            log.memory().set(LittleEndian.LONG, offset + at, position);
                            log.memory().set(LittleEndian.LONG, offset + at + 8, length);
                        }
                        log.commit(position, length);
                        mine.add(new long[] {position, length});
                    }
                    places.addAll(mine);
                }));
            }
            for (final Future<?> writer : writers) {
                writer.get();
            }
            writing.set(false);
            evicting.get();
        }
        places.sort((a, b) -> Long.compare(a[0], b[0]));
        for (int i = 1; i < places.size(); i++) {
            final long[] before = places.get(i - 1);
            assertTrue(before[0] + before[1] <= places.get(i)[0], "two claims overlap at " + places.get(i)[0]);
        }
        assertEquals(threads * claims, places.size());
    }

    /// Every place of a complete block holds what its claimer wrote.
    private void verify(final long block, final int length) {
        int at = BlockFormat.HEADER_LENGTH;
        final long base = file.slotOffset(log.slotOf(block));
        while (at < length) {
            final long position = log.startOf(block) + at;
            final long claimed = log.memory().get(LittleEndian.LONG, base + at + 8);
            for (int within = 0; within < claimed; within += 16) {
                assertEquals(position, log.memory().get(LittleEndian.LONG, base + at + within));
            }
            at += (int) claimed;
        }
        assertEquals(length, at);
    }
}
