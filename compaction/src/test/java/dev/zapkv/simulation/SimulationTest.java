/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Runs of the {@link Simulation}. {@code -Dzapkv.simulation.seeds=1000} runs more of them, {@code
/// -Dzapkv.simulation.seed=42} one, {@code -Dzapkv.simulation.steps} sets their length.
final class SimulationTest {
    private static final int STEPS = Integer.getInteger("zapkv.simulation.steps", 1500);
    private static final long ONE_SEED = Long.getLong("zapkv.simulation.seed", 0);
    private static final long SEEDS = Long.getLong("zapkv.simulation.seeds", 20);

    @TempDir
    private Path directory;

    static LongStream seeds() {
        return ONE_SEED != 0 ? LongStream.of(ONE_SEED) : LongStream.rangeClosed(1, SEEDS);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void shouldKeepItsPromisesWhateverHappens(final long seed) throws IOException {
        run(seed, STEPS);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void shouldKeepItsPromisesWithZonesOfTwoBlocks(final long seed) throws IOException {
        run(seed, STEPS, Simulation.Drive.TINY_ZONES);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void shouldKeepItsPromisesOnADriveWithLimitsAndFailingZones(final long seed) throws IOException {
        run(seed, STEPS, Simulation.Drive.FRAGILE);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void shouldKeepWhatItCanOnADriveThatTakesZonesOffline(final long seed) throws IOException {
        run(seed, STEPS, Simulation.Drive.DYING);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void shouldKeepItsPromisesOnADriveWithSmallAppends(final long seed) throws IOException {
        run(seed, STEPS, Simulation.Drive.SMALL_APPENDS);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void shouldKeepItsPromisesWithMetadataInConventionalZones(final long seed) throws IOException {
        run(seed, STEPS, Simulation.Drive.CONVENTIONAL);
    }

    @Test
    void shouldDoTheSameAgainUnderTheSameSeed() throws IOException {
        final long first = run(4711, 400);
        assertEquals(first, run(4711, 400), "seed 4711 twice");
        assertNotEquals(first, run(4712, 400), "seeds 4711 and 4712");
    }

    // Seeds that found something once.

    @Test
    void shouldNotCallSettledWhatAPowerCutCanStillTake() throws IOException {
        run(3, 1500);
    }

    @Test
    void shouldKeepTheChunksOfALargeValueWhenItsHeadIsTakenOverTwice() throws IOException {
        run(51, 1500);
    }

    @Test
    void shouldKeepTheGenerationOfAZoneThatIsEmptyWhenTheStoreIsOpened() throws IOException {
        run(52, 1500);
    }

    @Test
    void shouldCollectWhenFailedAppendsHaveUsedUpTheReserve() throws IOException {
        run(79, 1500);
    }

    @Test
    void shouldUseAZoneAgainInWhichEveryAppendFailed() throws IOException {
        run(130, 1500);
    }

    @Test
    void shouldTakeOutAChunkThatACheckpointDumpedAndWhoseHeadWasNeverWritten() throws IOException {
        run(8, 1500, Simulation.Drive.CONVENTIONAL);
    }

    private long run(final long seed, final int steps) throws IOException {
        return run(seed, steps, Simulation.Drive.SMALL_ZONES);
    }

    private long run(final long seed, final int steps, final Simulation.Drive drive) throws IOException {
        final Simulation simulation =
                new Simulation(seed, steps, drive, Files.createTempDirectory(directory, "staging"));
        try {
            return simulation.run();
        } catch (final AssertionError e) {
            throw new AssertionError(
                    e.getMessage() + "\nreplay: mvn -pl compaction -am test -Dtest=SimulationTest"
                            + " -Dsurefire.failIfNoSpecifiedTests=false -Dzapkv.simulation.seed=" + seed
                            + " -Dzapkv.simulation.steps=" + steps,
                    e);
        }
    }
}
