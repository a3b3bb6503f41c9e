/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.Context;
import dev.zapkv.DriveSummary;
import dev.zapkv.Location;
import dev.zapkv.ZapKv;
import dev.zapkv.ZapKvException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/// Looks for places a store can lie on.
///
/// @param dev     the directory of device nodes
/// @param block   the directory of block devices of sysfs
/// @param mounts  the table of mounts
/// @param examine looks at one place
record DeviceSearch(Path dev, Path block, Path mounts, Function<Location, DriveSummary> examine) {
    private static final String NVME_NODE = "ng\\d+n\\d+";

    /// That of this machine.
    static DeviceSearch system() {
        return new DeviceSearch(
                Path.of("/dev"),
                Path.of("/sys/block"),
                Path.of("/proc/self/mounts"),
                location -> ZapKv.examine(new Context().location(location)));
    }

    /// Everything that was found, usable or not; the current directory last.
    List<DeviceReport> run() throws IOException {
        final List<Location> locations = new ArrayList<>();
        for (final Path node : list(dev)) {
            if (node.getFileName().toString().matches(NVME_NODE)) {
                locations.add(new Location(Location.Kind.NVME, node));
            }
        }
        for (final Path device : list(block)) {
            if (new QueueFacts(device.resolve("queue")).isZoned()) {
                locations.add(new Location(Location.Kind.ZBD, dev.resolve(device.getFileName())));
            }
        }
        if (Files.isReadable(mounts)) {
            for (final String line : Files.readAllLines(mounts)) {
                final String[] fields = line.split(" ", 4);
                if (fields.length > 2 && fields[2].equals("zonefs")) {
                    locations.add(new Location(Location.Kind.ZONEFS, Path.of(unescape(fields[1]))));
                }
            }
        }
        locations.add(new Location(Location.Kind.FILE, Path.of("").toAbsolutePath()));
        final List<DeviceReport> reports = new ArrayList<>();
        for (final Location location : locations) {
            reports.add(report(location));
        }
        return reports;
    }

    /// A drive that cannot be opened is described by what everybody may see.
    private DeviceReport report(final Location location) throws IOException {
        final QueueFacts queue = queue(location);
        if (queue.isOrdinary()) {
            return new DeviceReport(
                    location, null, "it has no zones: a store goes into a directory of a file system there", Map.of());
        }
        try {
            return new DeviceReport(location, examine.apply(location), null, Map.of());
        } catch (final ZapKvException e) {
            return new DeviceReport(location, null, e.getMessage(), queue.all());
        }
    }

    private QueueFacts queue(final Location location) {
        final String node = String.valueOf(location.path().getFileName());
        final String disk = location.kind() == Location.Kind.NVME ? "nvme" + node.substring("ng".length()) : node;
        return new QueueFacts(block.resolve(disk).resolve("queue"));
    }

    /// The table of mounts writes a blank as {@code \\040}.
    private static String unescape(final String path) {
        return path.replace("\\040", " ");
    }

    private static List<Path> list(final Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.sorted(Comparator.naturalOrder()).toList();
        }
    }
}
