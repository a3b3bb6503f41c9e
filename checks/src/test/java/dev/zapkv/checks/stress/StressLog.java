/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.stress;

import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.log.StagingFile;
import dev.zapkv.store.log.StagingLog;
import dev.zapkv.store.meta.StoreId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/// A staging log of very few slots, in which each place holds its own log position.
final class StressLog {
    static final int PLACE = 4096;

    private static final int BLOCK_BYTES = 64 << 10;

    private record Sealed(long block, int length) {}

    private final ConcurrentLinkedQueue<Sealed> sealed = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean working = new AtomicBoolean();
    private final StagingLog log;
    private volatile boolean incomplete;

    /// @param slots blocks in staging: with one, each block overwrites the one before
    StressLog(final int slots) {
        final Path directory;
        try {
            directory = Files.createTempDirectory("zapkv-stress");
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        final StagingFile file =
                StagingFile.create(List.of(directory), new StoreId(1, 2), 1, BLOCK_BYTES, slots, slots);
        // In reverse order.
        directory.toFile().deleteOnExit();
        file.path().toFile().deleteOnExit();
        log = new StagingLog(file, 1, new StagingLog.Backpressure() {
            @Override
            public void sealed(final long block, final int length) {
                sealed.add(new Sealed(block, length));
            }

            @Override
            public void stalled(final int waits) {
                // The agent may be done with its calls already.
                work(false);
            }
        });
        log.openUpTo(Long.MAX_VALUE >>> 24);
    }

    /// A writer.
    ///
    /// @return the index entry of the record written
    long write() {
        final long position = log.claim(PLACE);
        for (int at = 0; at < PLACE; at += Long.BYTES) {
            log.memory().set(LittleEndian.LONG, log.offsetOf(position) + at, position);
        }
        log.commit(position, PLACE);
        return IndexEntry.memory(position, PLACE / IndexEntry.UNIT_BYTES, false);
    }

    /// The agent: seals if asked, and takes one block whose places are all committed out of staging.
    ///
    /// @return 1 for a block that is complete, 0 for none, -1 for one that is not
    int work(final boolean seal) {
        if (!working.compareAndSet(false, true)) {
            return 0;
        }
        try {
            if (seal) {
                log.trySeal();
            }
            return takeFirst();
        } finally {
            working.set(false);
        }
    }

    private int takeFirst() {
        final Sealed first = sealed.peek();
        if (first != null && log.isCommitted(first.block(), first.length())) {
            sealed.poll();
            for (int at = BlockFormat.HEADER_LENGTH; at < first.length(); at += PLACE) {
                final long position = log.startOf(first.block()) + at;
                incomplete |= !holds(log.offsetOf(position), position);
            }
            log.release(first.block());
            return incomplete ? -1 : 1;
        }
        return incomplete ? -1 : 0;
    }

    /// A reader.
    ///
    /// @return 1 if it found the record, 0 if the record has left, -1 if it found something else
    int read(final long entry) {
        final int slot = log.slotForRead(entry);
        final long block = log.blockInSlot(slot);
        if (block == 0 || !log.isBlockOf(block, entry)) {
            return 0;
        }
        final boolean found = holds(log.offsetInSlot(slot, log.offsetInBlock(entry)), IndexEntry.positionBits(entry));
        return !log.stillHolds(slot, block) ? 0 : found ? 1 : -1;
    }

    private boolean holds(final long offset, final long position) {
        boolean holds = true;
        for (int at = 0; at < PLACE; at += Long.BYTES) {
            holds &= log.memory().get(LittleEndian.LONG, offset + at) == position;
        }
        return holds;
    }
}
