/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import java.util.stream.Stream;

/// Runs histories with a planted bug until one finds it: one that holds without the bug.
final class PlantHunt {
    private final Campaign.Plan plan;

    /// What came of it.
    ///
    /// @param histories that were run, the one that found the bug included
    /// @param seed      of that one
    /// @param message   what it said, or null if none found the bug
    record Outcome(Plant plant, long histories, long seed, Drive drive, String message, double seconds) {
        boolean isCaught() {
            return message != null;
        }
    }

    /// @param plan which seeds, on which drives
    PlantHunt(final Campaign.Plan plan) {
        this.plan = plan;
    }

    /// Hunts one plant.
    ///
    /// @throws IllegalStateException if the history that fails does so without the plant, too
    Outcome hunt(final Plant plant) throws IOException, ReflectiveOperationException {
        final long begunAt = System.nanoTime();
        final Path root = Campaign.scratch();
        try (PlantedClasses classes = new PlantedClasses(plant, Files.createDirectory(root.resolve("classes")))) {
            final Path staging = Files.createDirectory(root.resolve("staging"));
            final List<LongFunction<String>> trials = trials(classes, staging);
            for (long i = 0; i < plan.seeds() && System.nanoTime() - begunAt < plan.nanos(); i++) {
                final long seed = plan.from() + i;
                final Drive drive = plan.driveOf(seed);
                final String message =
                        trials.get(List.of(Drive.values()).indexOf(drive)).apply(seed);
                Campaign.clear(staging);
                if (message != null) {
                    requireToHoldWithoutPlant(seed, drive, staging);
                    return new Outcome(plant, i + 1, seed, drive, message, seconds(begunAt));
                }
            }
            return new Outcome(plant, plan.seeds(), 0, null, null, seconds(begunAt));
        } finally {
            delete(root);
        }
    }

    /// What fails without the plant, too, says nothing about it.
    private void requireToHoldWithoutPlant(final long seed, final Drive drive, final Path staging) {
        final String message = new PlantTrial(staging, drive.label(), plan.steps()).apply(seed);
        Campaign.clear(staging);
        if (message != null) {
            throw new IllegalStateException("the history of seed " + seed + " on " + drive.label()
                    + " fails without a planted bug, too; fix that first: " + message);
        }
    }

    /// One for each drive.
    private List<LongFunction<String>> trials(final PlantedClasses classes, final Path staging)
            throws ReflectiveOperationException {
        final List<LongFunction<String>> trials = new ArrayList<>();
        for (final Drive drive : Drive.values()) {
            trials.add(classes.trial(staging, drive, plan.steps()));
        }
        return trials;
    }

    private static double seconds(final long since) {
        return (System.nanoTime() - since) / (double) TimeUnit.SECONDS.toNanos(1);
    }

    private static void delete(final Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (final Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
