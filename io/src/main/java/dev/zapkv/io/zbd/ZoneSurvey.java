/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zbd;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.ZoneIoctl;
import dev.zapkv.io.linux.ZoneReport;
import dev.zapkv.io.sequential.DriveLimit;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/// What a drive says of its zones, checked: the layout, the state of each zone of a range, and what the other zones
/// take of the drive's limits.
///
/// Conventional zones have no write pointer, so nothing tells after a crash how far one was written: they cannot
/// keep the promises of an append and are numbered apart. They lie at the ends of a drive; one in the middle of the
/// range is refused, because zones of a device are consecutive. A shorter last zone is left out.
///
/// @param zoneSize     bytes from zone to zone
/// @param capacity     writable bytes of each zone of the range
/// @param driveZones   zones of the drive
/// @param range        zones that are used
/// @param conventional conventional zones of the range, as the drive counts them
/// @param openOutside  open zones of the drive outside the range
/// @param activeOutside open or closed zones of the drive outside the range
/// @param zones        state of each zone of the range, numbered within it
record ZoneSurvey(
        long zoneSize,
        long capacity,
        int driveZones,
        ZoneRange range,
        List<Integer> conventional,
        int openOutside,
        int activeOutside,
        List<ZoneInfo> zones) {
    private static final int ZONES_PER_REPORT = 1024;
    private static final long ZONE_BYTES_MAX = 1L << 40;

    ZoneSurvey {
        conventional = List.copyOf(conventional);
        zones = List.copyOf(zones);
    }

    /// Asks a drive.
    ///
    /// @param block bytes of a block, for checks
    /// @throws DeviceException if it answers nonsense, or the range cannot be used
    static ZoneSurvey of(final String node, final int fd, final ZoneRange wanted, final int block) {
        final long sectors = ZoneIoctl.zoneSectors(fd);
        final long count = ZoneIoctl.zoneCount(fd);
        final long bytes = ZoneIoctl.deviceBytes(fd);
        final long zoneSize = sectors * ZoneIoctl.SECTOR;
        if (sectors <= 0 || zoneSize > ZONE_BYTES_MAX || zoneSize % block != 0) {
            throw nonsense(node, "zones of " + sectors + " sectors with blocks of " + block + " bytes");
        }
        if (Long.bitCount(zoneSize) != 1) {
            throw new DeviceException(
                    node + " has zones of " + zoneSize + " bytes, no power of two: such drives are not supported",
                    Errno.EINVAL);
        }
        if (count <= 0 || count > Integer.MAX_VALUE || bytes <= (count - 1) * zoneSize || bytes > count * zoneSize) {
            throw nonsense(node, count + " zones of " + zoneSize + " bytes on " + bytes + " bytes");
        }
        final ZoneRange asked = wanted.within(node, (int) count);
        try (Arena arena = Arena.ofConfined()) {
            final ZoneReport report = new ZoneReport(arena, ZONES_PER_REPORT);
            final Builder builder = new Builder(node, zoneSize, (int) count, asked, block);
            for (int zone = 0; zone < count; zone += report.count()) {
                final int result = ZoneIoctl.report(fd, zone * sectors, report);
                if (result < 0) {
                    throw new DeviceException(
                            "zone report of " + node + " failed: " + Errno.describe(-result), -result);
                }
                if (report.count() == 0) {
                    throw nonsense(node, "no zone behind zone " + zone + " of " + count);
                }
                builder.add(zone, report);
            }
            return builder.build();
        }
    }

    private static DeviceException nonsense(final String node, final String what) {
        return new DeviceException(
                node + " describes itself in a way that cannot be: " + what + "; its driver or firmware is broken",
                Errno.EIO);
    }

    /// One zone of a report in the terms of a device.
    ///
    /// @param index    place in the report
    /// @param zone     index of the zone in the drive
    /// @param number   its number in the device
    /// @param zoneSize bytes from zone to zone
    /// @param capacity its writable bytes
    /// @throws DeviceException if the drive says what cannot be
    static ZoneInfo decode(
            final String node,
            final ZoneReport report,
            final int index,
            final int zone,
            final int number,
            final long zoneSize,
            final long capacity,
            final int block) {
        final long start = zone * (zoneSize / ZoneIoctl.SECTOR);
        if (report.start(index) != start || report.type(index) != ZoneReport.TYPE_SEQUENTIAL) {
            throw nonsense(
                    node,
                    "zone " + zone + " starts at sector " + report.start(index) + " with type " + report.type(index)
                            + ", expected " + start + " and type " + ZoneReport.TYPE_SEQUENTIAL);
        }
        final ZoneState state = state(node, zone, report.condition(index));
        return switch (state) {
            case EMPTY -> new ZoneInfo(number, state, 0, capacity, true);
            case FULL -> new ZoneInfo(number, state, capacity, capacity, true);
            case READ_ONLY, OFFLINE -> new ZoneInfo(number, state, capacity, capacity, false);
            case OPEN, CLOSED -> {
                // Compared in sectors first: the byte count of a hostile number could wrap.
                final long sectors = report.writePointer(index) - start;
                if (sectors < 0 || sectors > capacity / ZoneIoctl.SECTOR || sectors * ZoneIoctl.SECTOR % block != 0) {
                    throw nonsense(
                            node,
                            "zone " + zone + " is " + state + " with its write pointer at sector "
                                    + report.writePointer(index) + ", start " + start + ", capacity " + capacity
                                    + " bytes");
                }
                yield new ZoneInfo(number, state, sectors * ZoneIoctl.SECTOR, capacity, true);
            }
        };
    }

    private static ZoneState state(final String node, final int zone, final int condition) {
        return switch (condition) {
            case ZoneReport.CONDITION_EMPTY -> ZoneState.EMPTY;
            case ZoneReport.CONDITION_IMPLICITLY_OPEN, ZoneReport.CONDITION_EXPLICITLY_OPEN -> ZoneState.OPEN;
            case ZoneReport.CONDITION_CLOSED -> ZoneState.CLOSED;
            case ZoneReport.CONDITION_FULL -> ZoneState.FULL;
            case ZoneReport.CONDITION_READ_ONLY -> ZoneState.READ_ONLY;
            case ZoneReport.CONDITION_OFFLINE -> ZoneState.OFFLINE;
            default -> throw nonsense(node, "zone " + zone + " has condition " + condition);
        };
    }

    /// Sizes of the device, with what the other zones leave of the drive's limits.
    ///
    /// @param openLimit   the drive's limit of open zones, 0 for none
    /// @param activeLimit the drive's limit of active zones, 0 for none
    ZoneGeometry geometry(
            final String node, final int block, final long openLimit, final long activeLimit, final int maxAppend) {
        return new ZoneGeometry(
                block,
                zoneSize,
                capacity,
                range.count(),
                DriveLimit.left(node, "max_open_zones", openLimit, openOutside),
                DriveLimit.left(node, "max_active_zones", activeLimit, activeOutside),
                maxAppend);
    }

    /// Collects the zones of consecutive reports.
    static final class Builder {
        private final String node;
        private final long zoneSize;
        private final int driveZones;
        private final ZoneRange asked;
        private final int block;
        private final List<ZoneInfo> found = new ArrayList<>();
        private int first = -1;
        private int end;
        private final List<Integer> conventional = new ArrayList<>();
        private int openOutside;
        private int activeOutside;
        private long capacity;
        private int expected;

        /// @param asked a range within the drive
        Builder(final String node, final long zoneSize, final int driveZones, final ZoneRange asked, final int block) {
            this.node = node;
            this.zoneSize = zoneSize;
            this.driveZones = driveZones;
            this.asked = asked;
            this.block = block;
        }

        /// Adds the zones of a report that starts with the given zone.
        void add(final int firstZone, final ZoneReport report) {
            for (int i = 0; i < report.count() && expected < driveZones; i++) {
                add(firstZone + i, report, i);
            }
        }

        private void add(final int zone, final ZoneReport report, final int index) {
            expected = zone + 1;
            final boolean inside = zone >= asked.first() && zone - asked.first() < asked.count();
            if (!inside) {
                countOutside(report.condition(index));
                return;
            }
            final boolean runt = zone == driveZones - 1 && report.length(index) < zoneSize / ZoneIoctl.SECTOR;
            if (report.type(index) == ZoneReport.TYPE_CONVENTIONAL || runt) {
                // If another zone follows, addSequential sees the gap.
                if (!runt && report.length(index) == zoneSize / ZoneIoctl.SECTOR) {
                    conventional.add(zone);
                }
                return;
            }
            addSequential(zone, report, index);
        }

        private void addSequential(final int zone, final ZoneReport report, final int index) {
            final long sectors = report.capacity(index);
            if (report.length(index) != zoneSize / ZoneIoctl.SECTOR || sectors <= 0 || sectors > report.length(index)) {
                throw nonsense(
                        node,
                        "zone " + zone + " is " + report.length(index) + " sectors long with a capacity of " + sectors
                                + ", expected a length of " + zoneSize / ZoneIoctl.SECTOR);
            }
            final long bytes = sectors * ZoneIoctl.SECTOR;
            if (first < 0) {
                first = zone;
                capacity = bytes;
                if (capacity % block != 0) {
                    throw nonsense(node, "a zone capacity of " + capacity + " bytes with blocks of " + block);
                }
            } else if (zone != end) {
                throw new DeviceException(
                        node + " has conventional zones between zones " + (end - 1) + " and " + zone
                                + ": choose a range of sequential zones (blkzone report)",
                        Errno.EINVAL);
            } else if (bytes != capacity) {
                throw new DeviceException(
                        node + " has zones of different capacity: zone " + first + " holds " + capacity
                                + " bytes, zone " + zone + " holds " + bytes + ": choose a range of equal zones",
                        Errno.EINVAL);
            }
            end = zone + 1;
            found.add(decode(node, report, index, zone, zone - first, zoneSize, capacity, block));
        }

        private void countOutside(final int condition) {
            if (condition == ZoneReport.CONDITION_IMPLICITLY_OPEN
                    || condition == ZoneReport.CONDITION_EXPLICITLY_OPEN) {
                openOutside++;
                activeOutside++;
            } else if (condition == ZoneReport.CONDITION_CLOSED) {
                activeOutside++;
            }
        }

        ZoneSurvey build() {
            if (first < 0) {
                throw new DeviceException(
                        node + " has no sequential zone in the range " + asked
                                + ": choose zones that take sequential writes (blkzone report)",
                        Errno.EINVAL);
            }
            return new ZoneSurvey(
                    zoneSize,
                    capacity,
                    driveZones,
                    new ZoneRange(first, end - first),
                    conventional,
                    openOutside,
                    activeOutside,
                    found);
        }
    }
}
