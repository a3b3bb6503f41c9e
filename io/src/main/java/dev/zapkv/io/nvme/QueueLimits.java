/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the kernel's block layer says of a namespace; each value -1 if it cannot be read.
///
/// @param source         directory the values come from
/// @param maxTransferKib largest transfer in KiB
/// @param maxSegments    most pieces of memory in one command
/// @param appendBytesMax largest append in bytes; 0: the drive has no append
/// @param maxOpen        open zones; 0: no limit
/// @param maxActive      active zones; 0: no limit
record QueueLimits(
        Path source, long maxTransferKib, long maxSegments, long appendBytesMax, long maxOpen, long maxActive) {
    /// @param blockDevice directory of the block device in sysfs
    static QueueLimits read(final Path blockDevice) {
        final Path queue = blockDevice.resolve("queue");
        return new QueueLimits(
                queue,
                number(queue.resolve("max_hw_sectors_kb")),
                number(queue.resolve("max_segments")),
                number(queue.resolve("zone_append_max_bytes")),
                number(queue.resolve("max_open_zones")),
                number(queue.resolve("max_active_zones")));
    }

    /// A number, or -1 if there is none.
    static long number(final Path file) {
        try {
            final String text = Files.readString(file).strip();
            return text.matches("\\d{1,18}") ? Long.parseLong(text) : -1;
        } catch (final IOException e) {
            return -1; // absent, or sysfs is not mounted: whoever asks has a cautious value for it
        }
    }
}
