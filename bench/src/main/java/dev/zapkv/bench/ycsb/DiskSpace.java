/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Refuses a run that would fill the disk. One child's data is there at a time.
final class DiskSpace {
    private static final long KEY_AND_OVERHEAD = 64;
    private static final long FIXED = 1L << 30;

    private DiskSpace() {}

    /// A generous estimate: twice the records (an LSM tree rewrites a level before it drops it), everything that is
    /// written to a log, and a constant for preallocated files.
    static long neededBytes(final RunSettings settings) {
        final double record = settings.valueSize() + KEY_AND_OVERHEAD;
        double written = 2.0 * settings.records();
        for (final WorkloadKind workload : settings.workloads()) {
            if (workload != WorkloadKind.LOAD) {
                written += workload.writeShare() * settings.operations();
            }
        }
        return (long) (written * record) + FIXED;
    }

    /// Throws if the directory's file system has not that much room.
    static void check(final Path directory, final RunSettings settings) throws IOException {
        if (settings.drive() != null) {
            return;
        }
        final long needed = neededBytes(settings);
        final long free = Files.getFileStore(directory).getUsableSpace();
        if (free < needed) {
            throw new IllegalArgumentException("about " + Quantity.ofBytes(needed) + " of disk are needed for "
                    + settings.records() + " records of " + settings.valueSize() + " bytes, but " + directory
                    + " has only " + Quantity.ofBytes(free) + " free; lower --records or choose another --directory");
        }
    }
}
