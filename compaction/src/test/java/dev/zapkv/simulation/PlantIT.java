/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Planted bugs, each of which the simulation must find. How long that takes by chance is said in docs/testing.md; here
/// each is looked for on the kind of drive that shows it soonest.
@Tag("integration")
final class PlantIT {
    private static final long SEEDS = 300;

    @ParameterizedTest
    // The other ones take more histories than a test has time for: docs/testing.md.
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"SKIP_CHECKSUM_ON_READ", "SPREAD_DAMAGE", "REPEAT_BATCH_SINGLY", "ACKNOWLEDGE_FAILED_FLUSH"})
    @Timeout(value = 600, unit = TimeUnit.SECONDS)
    void shouldFindAPlantedBug(final Plant plant) throws IOException, ReflectiveOperationException {
        final PlantHunt.Outcome outcome = new PlantHunt(new Campaign.Plan(
                        firstSeed(plant), SEEDS, Optional.of(drive(plant)), 0, 1, Long.MAX_VALUE, false))
                .hunt(plant);
        assertTrue(outcome.isCaught(), () -> "not found in " + SEEDS + " histories: " + plant.text());
    }

    /// What takes thousands of histories to be found is looked for from a seed on that finds it.
    private static long firstSeed(final Plant plant) {
        return plant == Plant.COUNT_MOVED_TOMBSTONE ? 273 : 1;
    }

    private static Drive drive(final Plant plant) {
        return switch (plant) {
            case IGNORE_BLOCK_GENERATION, IGNORE_ENTRY_GENERATION -> Drive.FORGETFUL;
            case SETTLE_EARLY, COMMIT_CHECKPOINT_EARLY -> Drive.FRAGILE;
            default -> Drive.TINY_ZONES;
        };
    }

    @Test
    void shouldFindNothingWithoutAPlant(@TempDir final Path directory) {
        assertEquals(null, new PlantTrial(directory, Drive.TINY_ZONES.label(), 100).apply(1));
    }

    @Test
    void shouldRefuseAPlantThatItsSourceHasOutgrown() throws IOException {
        final String source = Files.readString(Commit.root().resolve(Plant.TORN_BATCH.file()));
        final IllegalStateException missing =
                assertThrows(IllegalStateException.class, () -> Plant.TORN_BATCH.applyTo("class StagingReplay {}"));
        assertTrue(missing.getMessage().contains("exactly once"), missing.getMessage());
        assertThrows(IllegalStateException.class, () -> Plant.TORN_BATCH.applyTo(source + source));
    }
}
