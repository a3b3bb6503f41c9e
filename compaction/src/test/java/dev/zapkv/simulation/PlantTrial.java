/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import java.nio.file.Path;
import java.util.function.LongFunction;

/// One history, with whatever classes this one was loaded with. Public for {@link PlantedClasses}.
public final class PlantTrial implements LongFunction<String> {
    private final Path directory;
    private final Drive drive;
    private final int steps;

    /// @param directory for staging files
    /// @param drive     its label
    /// @param steps     as of {@link Setup}
    public PlantTrial(final Path directory, final String drive, final int steps) {
        this.directory = directory;
        this.drive = Drive.named(drive);
        this.steps = steps;
    }

    /// @return what was wrong, or null
    @Override
    public String apply(final long seed) {
        try {
            new Simulation(seed, steps, drive, directory).run();
            return null;
        } catch (final AssertionError e) {
            return e.getCause() == null ? e.getMessage() : e.getCause().getMessage();
        }
    }
}
