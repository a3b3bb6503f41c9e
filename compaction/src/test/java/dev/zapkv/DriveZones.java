/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.linux.Libc;
import dev.zapkv.io.linux.Mount;
import dev.zapkv.io.linux.ZoneIoctl;
import dev.zapkv.io.linux.ZoneReport;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What a drive itself says of its zones: asked through its block device, whatever way the store takes.
final class DriveZones implements AutoCloseable {
    private static final Path SYSFS = Path.of("/sys/block");

    private final Path node;
    private final int first;
    private final int fd;
    private final int zoneCount;
    private final long zoneSectors;
    private final Arena arena = Arena.ofShared();
    private final ZoneReport report;

    /// How many zones are open, by a write or by command, and how many are open or closed.
    record Use(int open, int active) {}

    private DriveZones(final Path node, final int first) {
        this.node = node;
        this.first = first;
        fd = Libc.open(node.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (fd < 0) {
            throw new AssertionError("cannot open " + node + ": errno " + -fd);
        }
        zoneCount = Math.toIntExact(ZoneIoctl.zoneCount(fd));
        zoneSectors = ZoneIoctl.zoneSectors(fd);
        report = new ZoneReport(arena, zoneCount);
    }

    /// Those behind a store's zones.
    static DriveZones of(final Location location, final ZoneRange zones) {
        return switch (location.kind()) {
            case NVME -> new DriveZones(Path.of(location.path().toString().replace("/ng", "/nvme")), zones.first());
            case ZBD -> new DriveZones(location.path(), zones.first());
            // The first zone is the super block's.
            case ZONEFS -> new DriveZones(mounted(location.path()), zones.first() + 1);
            case FILE -> throw new IllegalArgumentException(location + " is no drive");
        };
    }

    private static Path mounted(final Path mountPoint) {
        return Mount.all().stream()
                .filter(mount -> mount.mountPoint().equals(mountPoint.toString()))
                .map(mount -> Path.of(mount.source()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("nothing is mounted at " + mountPoint));
    }

    /// Limit of open zones of the whole drive.
    int maxOpen() throws IOException {
        return limit("max_open_zones");
    }

    /// Limit of open and closed zones of the whole drive.
    int maxActive() throws IOException {
        return limit("max_active_zones");
    }

    private int limit(final String name) throws IOException {
        final Path file = SYSFS.resolve(node.getFileName()).resolve("queue").resolve(name);
        return Integer.parseInt(
                Files.readString(file, StandardCharsets.US_ASCII).strip());
    }

    private void ask() {
        final int result = ZoneIoctl.report(fd, 0, report);
        if (result < 0 || report.count() != zoneCount) {
            throw new AssertionError(node + " reports " + report.count() + " zones, result " + result);
        }
    }

    /// Counts the zones of the whole drive.
    Use use() {
        ask();
        int open = 0;
        int active = 0;
        for (int zone = 0; zone < zoneCount; zone++) {
            final int condition = report.condition(zone);
            if (isOpen(condition)) {
                open++;
            }
            if (isActive(condition)) {
                active++;
            }
        }
        return new Use(open, active);
    }

    private static boolean isOpen(final int condition) {
        return condition == ZoneReport.CONDITION_IMPLICITLY_OPEN || condition == ZoneReport.CONDITION_EXPLICITLY_OPEN;
    }

    private static boolean isActive(final int condition) {
        return isOpen(condition) || condition == ZoneReport.CONDITION_CLOSED;
    }

    /// Compares with what a store says of its zones, while it does nothing.
    ///
    /// @param zonesOwned zones the store may use: those it does not report are to be empty
    /// @return null, or what is different
    String difference(final List<dev.zapkv.ZoneReport> zones, final int zonesOwned) {
        ask();
        for (int zone = 0; zone < zonesOwned; zone++) {
            final dev.zapkv.ZoneReport told = zone < zones.size() ? zones.get(zone) : null;
            final int at = first + zone;
            final int condition = report.condition(at);
            final long written = (report.writePointer(at) - at * zoneSectors) * ZoneIoctl.SECTOR;
            if (!agrees(told, condition, written)) {
                return "zone " + zone + " has condition " + condition + " on the drive and a write pointer of "
                        + written + ", the store says " + (told == null ? "that it was never used" : told.toString());
            }
        }
        return null;
    }

    private static boolean agrees(final dev.zapkv.ZoneReport told, final int condition, final long written) {
        if (told == null) {
            return condition == ZoneReport.CONDITION_EMPTY;
        }
        return switch (told.state()) {
            case "EMPTY" -> condition == ZoneReport.CONDITION_EMPTY && told.writtenBytes() == 0;
            // The drive itself calls a zone full that was written to its end.
            case "OPEN", "CLOSED" ->
                isActive(condition)
                        ? written == told.writtenBytes()
                        : condition == ZoneReport.CONDITION_FULL && told.writtenBytes() == told.capacityBytes();
            case "FULL" -> condition == ZoneReport.CONDITION_FULL;
            case "READ_ONLY" -> condition == ZoneReport.CONDITION_READ_ONLY;
            case "OFFLINE" -> condition == ZoneReport.CONDITION_OFFLINE;
            default -> false;
        };
    }

    @Override
    public void close() {
        Libc.close(fd);
        arena.close();
    }
}
