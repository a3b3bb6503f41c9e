/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/// Tells one run of the machine, from boot to power-off, from another. Where the kernel does not say, all runs look the
/// same (0).
public record BootId(long high, long low) {
    /// Of the run that is under way.
    public static final BootId CURRENT = read(Path.of("/proc/sys/kernel/random/boot_id"));

    /// What the kernel wrote to a file.
    static BootId read(final Path file) {
        try {
            final UUID id = UUID.fromString(Files.readString(file).strip());
            return new BootId(id.getMostSignificantBits(), id.getLeastSignificantBits());
        } catch (final IOException | IllegalArgumentException e) {
            // A sandbox without it. Then staging in a directory is believed after a reboot, too.
            return new BootId(0, 0);
        }
    }
}
