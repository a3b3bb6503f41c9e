/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sequential;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.linux.KernelRelease;
import dev.zapkv.io.linux.SysfsDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// How many writes of one zone may be at the drive at a time.
///
/// Up to Linux 6.9 nothing, or only one scheduler, keeps writes of a zone in order, and both lose it for writes
/// that the kernel hands to a worker: one at a time. From 6.10 the block layer keeps the order in which writes of
/// a zone were submitted (zone write plugging): several, if one submitter sends them in order, which io_uring does
/// and a pool of threads does not.
///
/// @param depth     writes of one zone that may be at the drive
/// @param ordering  what keeps their order
/// @param learnedBy how that is known
/// @param fallback  what is done instead of more, or empty
public record ZoneWriteDepth(int depth, String ordering, String learnedBy, String fallback) {
    /// Depth where the kernel keeps the order. The drive still sees one at a time; more only keep it busy.
    public static final int ORDERED = 8;

    private static final int PLUGGING_MAJOR = 6;
    private static final int PLUGGING_MINOR = 10;

    /// Decides for the running kernel.
    ///
    /// @param disk    name of the disk in sysfs
    /// @param ordered whether the engine submits in order
    public static ZoneWriteDepth of(final String disk, final boolean ordered) {
        final SysfsDirectory debug = new SysfsDirectory(Path.of("/sys/kernel/debug/block", disk));
        return decide(
                KernelRelease.running(),
                ordered,
                Files.isDirectory(debug.path()),
                debug.has("zone_wplugs"),
                debug.path().toString());
    }

    /// Decides.
    ///
    /// @param ordered  whether the engine submits in order
    /// @param visible  whether the kernel's debugging directory of the disk can be seen
    /// @param plugging whether it shows the zone write plugs
    /// @param where    that directory
    static ZoneWriteDepth decide(
            final KernelRelease kernel,
            final boolean ordered,
            final boolean visible,
            final boolean plugging,
            final String where) {
        if (!kernel.isAtLeast(PLUGGING_MAJOR, PLUGGING_MINOR)) {
            return new ZoneWriteDepth(
                    1, "none", "kernel " + kernel + " is older than 6.10", "one write per zone, many zones at a time");
        }
        if (visible && !plugging) {
            return new ZoneWriteDepth(
                    1,
                    "none",
                    "kernel " + kernel + ", but no zone_wplugs in " + where,
                    "one write per zone, many zones at a time");
        }
        final String learnedBy = "kernel " + kernel + " is 6.10 or later"
                + (visible ? ", zone_wplugs in " + where : "; " + where + " cannot be seen");
        return ordered
                ? new ZoneWriteDepth(ORDERED, "zone-write-plugging", learnedBy, "")
                : new ZoneWriteDepth(
                        1,
                        "zone-write-plugging",
                        learnedBy,
                        "one write per zone: a pool of threads submits in no order");
    }

    /// For the capabilities.
    public List<Capability> capabilities() {
        return List.of(
                new Capability("zone-write-ordering", ordering, learnedBy, ordering.equals("none") ? fallback : ""),
                new Capability("queue-depth-per-zone", Integer.toString(depth), learnedBy, fallback));
    }
}
