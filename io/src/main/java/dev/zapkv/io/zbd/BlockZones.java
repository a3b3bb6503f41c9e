/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zbd;

import dev.zapkv.io.ConventionalZones;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.command.Descriptor;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import dev.zapkv.io.linux.ZoneIoctl;
import dev.zapkv.io.linux.ZoneReport;
import dev.zapkv.io.sequential.ConventionalFiles;
import dev.zapkv.io.sequential.SequentialMedia;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// Zones of a block device: one descriptor for everything, management by ioctl.
final class BlockZones implements SequentialMedia {
    private final String node;
    private final Descriptor descriptor;
    private final ZoneSurvey survey;
    private final int block;
    private final Arena arena = Arena.ofShared();
    private final ZoneReport report = new ZoneReport(arena, 1);

    BlockZones(final String node, final Descriptor descriptor, final ZoneSurvey survey, final int block) {
        this.node = node;
        this.descriptor = descriptor;
        this.survey = survey;
        this.block = block;
    }

    @Override
    public Descriptor writer(final int zone) {
        return descriptor;
    }

    @Override
    public Descriptor reader(final int zone) {
        if (!descriptor.acquire()) {
            throw new DeviceException("the device on " + node + " is closed", 0);
        }
        return descriptor;
    }

    @Override
    public Descriptor syncTarget() {
        return descriptor;
    }

    @Override
    public long position(final int zone, final long offset) {
        return (survey.range().first() + (long) zone) * survey.zoneSize() + offset;
    }

    /// Drives may refuse to read what was not written.
    @Override
    public int readForgotten(final int zone, final MemorySegment target, final int length) {
        return Math.max(0, (int) Libc.pread(descriptor.fd(), target, 0, length, position(zone, 0)));
    }

    @Override
    public Optional<ConventionalZones> conventional() {
        return survey.conventional().isEmpty()
                ? Optional.empty()
                : Optional.of(new ConventionalFiles(
                        node,
                        survey.conventional().stream()
                                .map(zone -> new ConventionalFiles.Zone(descriptor.fd(), zone * survey.zoneSize()))
                                .toList(),
                        survey.zoneSize(),
                        block));
    }

    @Override
    public ZoneInfo inspect(final int zone) {
        check(zone, "report", ZoneIoctl.report(descriptor.fd(), sector(zone), report));
        if (report.count() != 1) {
            throw new DeviceException("report of zone=" + zone + " of " + node + " came back empty", Errno.EIO);
        }
        return ZoneSurvey.decode(
                node, report, 0, survey.range().first() + zone, zone, survey.zoneSize(), survey.capacity(), block);
    }

    @Override
    public void open(final int zone) {
        check(zone, "open", ZoneIoctl.open(descriptor.fd(), sector(zone), sectors()));
    }

    @Override
    public void closeZone(final int zone, final boolean empty) {
        // To close a zone that holds nothing would leave it active on some drives.
        if (empty) {
            reset(zone);
        } else {
            check(zone, "close", ZoneIoctl.close(descriptor.fd(), sector(zone), sectors()));
        }
    }

    @Override
    public void finish(final int zone) {
        check(zone, "finish", ZoneIoctl.finish(descriptor.fd(), sector(zone), sectors()));
    }

    @Override
    public void reset(final int zone) {
        check(zone, "reset", ZoneIoctl.reset(descriptor.fd(), sector(zone), sectors()));
    }

    @Override
    public void filled(final int zone) {
        // The one descriptor serves every zone.
    }

    private long sector(final int zone) {
        return position(zone, 0) / ZoneIoctl.SECTOR;
    }

    private long sectors() {
        return survey.zoneSize() / ZoneIoctl.SECTOR;
    }

    private void check(final int zone, final String operation, final int result) {
        if (result < 0) {
            throw new DeviceException(
                    operation + " of zone=" + zone + " (zone " + (survey.range().first() + zone) + " of " + node
                            + ") failed: " + Errno.describe(-result),
                    -result);
        }
    }

    @Override
    public void close() {
        descriptor.close();
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
