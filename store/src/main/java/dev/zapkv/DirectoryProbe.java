/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.store.engine.StoreRequirements;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/// Tries out what a directory's file system can do, on a small device below it that is deleted again.
final class DirectoryProbe {
    private static final long ZONE_BYTES = 1L << 20;

    private DirectoryProbe() {}

    static DriveSummary run(final Context context) {
        final Path directory = context.directoryPath();
        if (directory == null) {
            throw new ConfigurationException("there is no location to look at");
        }
        Path trial = null;
        try {
            trial = Files.createTempDirectory(directory, "zapkv-probe");
            final Context.Concluded concluded = new Context()
                    .directory(trial)
                    .zoneSizeBytes(ZONE_BYTES)
                    .capacityBytes(StoreRequirements.MIN_ZONES * ZONE_BYTES)
                    .conclude();
            try (ZoneDevice device = concluded.engine().device()) {
                return DriveFormatter.examine(concluded.engine(), device);
            } finally {
                concluded.release();
            }
        } catch (final DeviceException e) {
            throw context.translate(e);
        } catch (final AccessDeniedException e) {
            throw new ConfigurationException(
                    "no permission to write in " + directory + ": choose a directory of your own", e);
        } catch (final IOException e) {
            throw new ConfigurationException("cannot write to " + directory + ": " + e, e);
        } finally {
            delete(trial);
        }
    }

    private static void delete(final Path trial) {
        if (trial == null) {
            return;
        }
        try {
            Files.walkFileTree(trial, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(final Path file, final BasicFileAttributes attributes)
                        throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(final Path directory, final IOException failure)
                        throws IOException {
                    Files.delete(directory);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (final IOException e) {
            throw new ZapKvException("cannot delete what was tried out in " + trial, e);
        }
    }
}
