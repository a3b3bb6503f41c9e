/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.linearizability;

import java.nio.file.Path;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Lincheck in stress mode: it cannot steer threads through memory that is not the JVM's, so it runs every scenario
/// many times and looks for an order of the operations that explains each outcome.
final class SingleOperationsTest {
    private static final long SEED = 5;
    private static final int SCENARIOS = Integer.getInteger("zapkv.lincheck.scenarios", 20);
    private static final int RUNS = Integer.getInteger("zapkv.lincheck.runs", 100);

    @Test
    void shouldBeLinearizableWhileGarbageIsCollected(@TempDir final Path staging) {
        try (BusyStore busy = new BusyStore(staging, SEED)) {
            StoreOperations.use(busy.store());
            new StressOptions()
                    .sequentialSpecification(StoreModel.class)
                    .threads(3)
                    .actorsPerThread(2)
                    .actorsBefore(1)
                    .actorsAfter(1)
                    .iterations(SCENARIOS)
                    .invocationsPerIteration(RUNS)
                    .check(StoreOperations.class);
        }
    }
}
