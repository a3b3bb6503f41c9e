/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Runs of the {@link Simulation}, and the seeds that found something once. {@code ./zapkv simulate} runs more.
final class SimulationTest {
    private static final int STEPS = 1500;
    private static final long SEEDS = Long.getLong("zapkv.simulation.seeds", 20);

    @TempDir
    private Path directory;

    static Stream<Arguments> seeds() {
        // The other kinds are left to campaigns.
        return Stream.of(
                        Drive.SMALL_ZONES,
                        Drive.TINY_ZONES,
                        Drive.FRAGILE,
                        Drive.DYING,
                        Drive.SMALL_APPENDS,
                        Drive.FORGETFUL,
                        Drive.HASTY,
                        Drive.CONVENTIONAL)
                .flatMap(drive -> LongStream.rangeClosed(1, SEEDS).mapToObj(seed -> Arguments.of(seed, drive)));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void shouldKeepItsPromises(final long seed, final Drive drive) throws IOException {
        run(seed, STEPS, drive);
    }

    @ParameterizedTest
    @EnumSource(Drive.class)
    void shouldDoTheSameAgainUnderTheSameSeed(final Drive drive) throws IOException {
        final long first = run(4711, 400, drive);
        assertEquals(first, run(4711, 400, drive), "seed 4711 twice");
        assertNotEquals(first, run(4712, 400, drive), "seeds 4711 and 4712");
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

    /// Histories that found something once. What they run into changes with the store: where the cause is known, there
    /// is a test of its own, too.
    ///
    /// @param steps {@link Setup#MIXED_STEPS}: as many as the seed says
    @ParameterizedTest(name = "should {3}: {0}")
    @CsvSource(delimiter = '|', textBlock = """
            3 | 1500 | SMALL_ZONES | not call settled what a power cut can still take
            51 | 1500 | SMALL_ZONES | keep the chunks of a large value when its head is taken over twice
            52 | 1500 | SMALL_ZONES | keep the generation of a zone that is empty when the store is opened
            79 | 1500 | SMALL_ZONES | collect when failed appends have used up the reserve
            130 | 1500 | SMALL_ZONES | use a zone again in which every append failed
            8 | 1500 | CONVENTIONAL | take out a chunk that a checkpoint dumped and whose head was never written
            170 | 0 | FRAGILE | take out a chunk that a checkpoint dumped and whose head was never written
            273 | 0 | TINY_ZONES | not take a moved tombstone for newer than the checkpoint
            100198 | 0 | DYING | make no new store where the only metadata went offline
            738 | 0 | HASTY | not take an image of the store before for the newest
            20000503 | 0 | DYING | take over the end of staging though what lies behind a loss is gone from there
            40000197 | 0 | FAILING | use a zone again in which metadata was tried
            40000557 | 0 | FAILING | know of both places of a block that was appended twice
            91000479 | 0 | HASTY | go on where taking over staging was cut short
            200002515 | 0 | CONVENTIONAL | be made though an old image cannot be erased at the first attempt
            7877427087927 | 0 | FAILING | not take records behind metadata for metadata of a newer version
            30000203 | 0 | DYING | make a store where a power cut tore the first image of one
            50000995 | 0 | CONVENTIONAL | begin no checkpoint before a block that was found on the device is applied
            50001616 | 0 | FORGETFUL | collect no zone before a block that was found there is applied
            100004771 | 0 | FORGETFUL | not leave the last open zone for a collection that was asked for
            102012494 | 0 | SMALL_APPENDS | end a collection that was asked for and finds no zone
            101002120 | 0 | FAILING | close though the last flush fails
            94002744 | 0 | FORGETFUL | use the zone of a checkpoint that was given up
            60004256 | 0 | FORGETFUL | give up checkpoints when nothing else brings a zone
            80000392 | 0 | FRAGILE | know its staging file after openings that were cut short
            """)
    void shouldHoldWhereItOnceDidNot(final long seed, final int steps, final Drive drive, final String promise) {
        assertDoesNotThrow(() -> run(seed, steps, drive), () -> "should " + promise);
    }

    private long run(final long seed, final int steps, final Drive drive) throws IOException {
        return new Simulation(seed, steps, drive, Files.createTempDirectory(directory, "staging")).run();
    }
}
