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
/// each is looked for from a seed on that is known to find it, and further if the store has changed since.
@Tag("integration")
final class PlantIT {
    private static final long SEEDS = 300;

    @ParameterizedTest
    @EnumSource(Plant.class)
    @Timeout(value = 600, unit = TimeUnit.SECONDS)
    void shouldFindAPlantedBug(final Plant plant) throws IOException, ReflectiveOperationException {
        final Known known = known(plant);
        final PlantHunt.Outcome outcome = new PlantHunt(
                        new Campaign.Plan(known.seed(), SEEDS, Optional.of(known.drive()), 0, 1, Long.MAX_VALUE, false))
                .hunt(plant);
        assertTrue(outcome.isCaught(), () -> "not found in " + SEEDS + " histories: " + plant.text());
    }

    /// A history that has found a bug.
    private record Known(Drive drive, long seed) {}

    private static Known known(final Plant plant) {
        return switch (plant) {
            case SKIP_FLUSH_BEFORE_RESET -> new Known(Drive.SMALL_APPENDS, 2);
            case APPLY_OUT_OF_ORDER -> new Known(Drive.TINY_ZONES, 11);
            case ACKNOWLEDGE_EARLY -> new Known(Drive.TINY_ZONES, 1);
            case ACKNOWLEDGE_FAILED_FLUSH -> new Known(Drive.FAILING, 178);
            case SETTLE_EARLY -> new Known(Drive.FRAGILE, 8);
            case DROP_TOMBSTONE_EARLY -> new Known(Drive.HASTY, 2);
            case SKIP_CHECKSUM_ON_READ, SPREAD_DAMAGE -> new Known(Drive.ROTTING, 59);
            case RESET_BEFORE_GENERATION, REPLAY_BEHIND_GAP -> new Known(Drive.TINY_ZONES, 2);
            case IGNORE_BLOCK_GENERATION, IGNORE_ENTRY_GENERATION -> new Known(Drive.FORGETFUL, 2);
            case COMMIT_CHECKPOINT_EARLY -> new Known(Drive.FRAGILE, 7);
            case FORGET_VOIDS -> new Known(Drive.TINY_ZONES, 9);
            case TORN_BATCH -> new Known(Drive.HASTY, 9);
            case SETTLE_STAGED -> new Known(Drive.HASTY, 1);
            case NUMBER_ANEW -> new Known(Drive.HASTY, 136);
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
