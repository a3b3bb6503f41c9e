/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Runs of the {@link Simulation}, and the seeds that found something once. {@code ./zapkv simulate} runs more.
final class SimulationTest {
    private static final int STEPS = 1500;
    private static final long SEEDS = Long.getLong("zapkv.simulation.seeds", 20);

    @TempDir
    private Path directory;

    static LongStream seeds() {
        return LongStream.rangeClosed(1, SEEDS);
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
        run(seed, STEPS, Drive.TINY_ZONES);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void shouldKeepItsPromisesOnADriveWithLimitsAndFailingZones(final long seed) throws IOException {
        run(seed, STEPS, Drive.FRAGILE);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void shouldKeepWhatItCanOnADriveThatTakesZonesOffline(final long seed) throws IOException {
        run(seed, STEPS, Drive.DYING);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void shouldKeepItsPromisesOnADriveWithSmallAppends(final long seed) throws IOException {
        run(seed, STEPS, Drive.SMALL_APPENDS);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void shouldKeepItsPromisesInADirectoryOfWhichWritePointersAreUnknown(final long seed) throws IOException {
        run(seed, STEPS, Drive.FORGETFUL);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void shouldKeepItsPromisesWhenPowerFailsSoonAfterAProcessHasDied(final long seed) throws IOException {
        run(seed, STEPS, Drive.HASTY);
    }

    @ParameterizedTest
    @EnumSource(Drive.class)
    void shouldDoTheSameAgainUnderTheSameSeed(final Drive drive) throws IOException {
        final long first = run(4711, 400, drive);
        assertEquals(first, run(4711, 400, drive), "seed 4711 twice");
        assertNotEquals(first, run(4712, 400, drive), "seeds 4711 and 4712");
    }

    @ParameterizedTest
    @MethodSource("seeds")
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void shouldKeepItsPromisesWithMetadataInConventionalZones(final long seed) throws IOException {
        run(seed, STEPS, Drive.CONVENTIONAL);
    }

    @Test
    void shouldCrashInEveryPhaseOfAStore() throws IOException, InterruptedException {
        final Campaign campaign = new Campaign(
                new Campaign.Plan(1, 160, Optional.empty(), 150, 2, Long.MAX_VALUE, true), violation -> {});
        assertEquals(List.of(), campaign.run());
        final Figures figures = campaign.figures();
        assertEquals(figures.histories, figures.crashHistories, "histories without a crash");
        for (final CrashPhase phase : CrashPhase.values()) {
            assertTrue(figures.crashesIn(phase) > 0, () -> "no crash while " + phase);
        }
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
        run(8, 1500, Drive.CONVENTIONAL);
        run(170, Setup.MIXED_STEPS, Drive.FRAGILE);
    }

    @Test
    void shouldNotTakeAMovedTombstoneForNewerThanTheCheckpoint() throws IOException {
        run(273, Setup.MIXED_STEPS, Drive.TINY_ZONES);
    }

    @Test
    void shouldMakeNoNewStoreWhereTheOnlyMetadataWentOffline() throws IOException {
        run(100198, Setup.MIXED_STEPS, Drive.DYING);
    }

    @Test
    void shouldNotTakeAnImageOfTheStoreBeforeForTheNewest() throws IOException {
        run(738, Setup.MIXED_STEPS, Drive.HASTY);
    }

    @Test
    void shouldTakeOverTheEndOfStagingThoughWhatLiesBehindALossIsGoneFromThere() throws IOException {
        run(20000503, Setup.MIXED_STEPS, Drive.DYING);
    }

    @Test
    void shouldUseAZoneAgainInWhichMetadataWasTried() throws IOException {
        run(40000197, Setup.MIXED_STEPS, Drive.FAILING);
    }

    @Test
    void shouldKnowOfBothPlacesOfABlockThatWasAppendedTwice() throws IOException {
        run(40000557, Setup.MIXED_STEPS, Drive.FAILING);
    }

    @Test
    void shouldGoOnWhereTakingOverStagingWasCutShort() throws IOException {
        run(91000479, Setup.MIXED_STEPS, Drive.HASTY);
    }

    @Test
    void shouldBeMadeThoughAnOldImageCannotBeErasedAtTheFirstAttempt() throws IOException {
        run(200002515, Setup.MIXED_STEPS, Drive.CONVENTIONAL);
    }

    @Test
    void shouldNotTakeRecordsBehindMetadataForMetadataOfANewerVersion() throws IOException {
        run(7877427087927L, Setup.MIXED_STEPS, Drive.FAILING);
    }

    @Test
    void shouldMakeAStoreWhereAPowerCutToreTheFirstImageOfOne() throws IOException {
        run(30000203, Setup.MIXED_STEPS, Drive.DYING);
    }

    private long run(final long seed, final int steps) throws IOException {
        return run(seed, steps, Drive.SMALL_ZONES);
    }

    private long run(final long seed, final int steps, final Drive drive) throws IOException {
        return new Simulation(seed, steps, drive, Files.createTempDirectory(directory, "staging")).run();
    }
}
