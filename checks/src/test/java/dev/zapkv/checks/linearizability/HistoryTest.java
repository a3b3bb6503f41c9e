/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.linearizability;

import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Batches, reads of several keys and single operations of a busy store, in many short histories of the same few keys.
final class HistoryTest {
    private static final long SEED = Long.getLong("zapkv.histories.seed", 11);
    private static final int HISTORIES = Integer.getInteger("zapkv.histories", 2_000);
    private static final int THREADS = 3;
    private static final int CALLS = 6;

    @Test
    void shouldExplainWhatWasSeenOfBatchesWhileGarbageIsCollected(@TempDir final Path staging) throws Exception {
        final SplittableRandom random = new SplittableRandom(SEED);
        try (BusyStore busy = new BusyStore(staging, SEED);
                ExecutorService pool = Executors.newFixedThreadPool(THREADS)) {
            int[] values = new Caller(busy.store(), random.split()).readAll();
            for (int number = 0; number < HISTORIES; number++) {
                final History history = new History(values);
                final List<Callable<Void>> callers = new ArrayList<>();
                for (int thread = 0; thread < THREADS; thread++) {
                    final Caller caller = new Caller(busy.store(), random.split());
                    callers.add(() -> {
                        for (int call = 0; call < CALLS; call++) {
                            caller.call(history);
                        }
                        return null;
                    });
                }
                for (final Future<Void> future : pool.invokeAll(callers)) {
                    future.get();
                }
                values = new Caller(busy.store(), random.split()).readAll();
                assertNull(history.problem(values), "seed " + SEED + ", history " + number);
            }
        }
    }
}
