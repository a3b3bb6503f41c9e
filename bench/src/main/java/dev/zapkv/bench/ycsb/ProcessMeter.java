/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the whole process, background threads included, has used so far, as the kernel counts it.
final class ProcessMeter {
    private static final Path IO = Path.of("/proc/self/io");
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path CLEAR_REFS = Path.of("/proc/self/clear_refs");
    private static final String RESET_PEAK_RSS = "5";
    private static final long KIB = 1024;

    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /// User and system time of all threads, in nanoseconds.
    long cpuNs() {
        return system.getProcessCpuTime();
    }

    /// Bytes this process caused to be written to storage: pages dirtied and direct writes, less dirty pages
    /// dropped before they were written (of deleted files).
    long deviceBytes() {
        return field(IO, "write_bytes:") - field(IO, "cancelled_write_bytes:");
    }

    /// Largest resident memory since {@link #resetPeakRss}.
    long peakRssBytes() {
        return field(STATUS, "VmHWM:") * KIB;
    }

    /// Starts a new interval of {@link #peakRssBytes}.
    void resetPeakRss() {
        try {
            Files.writeString(CLEAR_REFS, RESET_PEAK_RSS);
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot reset the peak of resident memory through " + CLEAR_REFS, e);
        }
    }

    private static long field(final Path file, final String name) {
        try {
            for (final String line : Files.readAllLines(file)) {
                if (line.startsWith(name)) {
                    return Long.parseLong(
                            line.substring(name.length()).replace("kB", "").strip());
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
        throw new IllegalStateException(file + " has no line '" + name + "'; the kernel lacks task I/O accounting");
    }
}
