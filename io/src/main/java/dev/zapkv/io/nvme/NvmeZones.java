/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.linux.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;

/// Zone management on the calling thread: reports, open, finish, reset, close. Each may be repeated without harm, so
/// an unknown outcome is repeated, and what the drive refuses is explained by the zone's state.
///
/// One caller at a time.
final class NvmeZones implements AutoCloseable {
    private static final int REPEATS_MAX = 8;
    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final Drive drive;
    private final DriverCalls calls;
    private final String node;
    private final StatusCounts statuses;
    private final Arena arena = Arena.ofShared();
    private final PassthroughCommand command =
            new PassthroughCommand().wrap(arena.allocate(PassthroughCommand.LENGTH, Long.BYTES), 0);
    private final MemorySegment reportMemory = arena.allocate(ZoneReport.length(1), 4096);
    private final ZoneReport report = new ZoneReport(reportMemory);

    NvmeZones(final Drive drive, final DriverCalls calls, final String node, final StatusCounts statuses) {
        this.drive = drive;
        this.calls = calls;
        this.node = node;
        this.statuses = statuses;
    }

    /// State of a zone, as the drive has it now.
    ZoneInfo report(final int zone) {
        reportMemory.fill((byte) 0);
        command.zoneReport(
                drive.nsid(), drive.zoneBlock(zone), reportMemory.address(), (int) reportMemory.byteSize(), true);
        final int status = execute();
        if (status != 0) {
            throw failed("report", zone, status, "");
        }
        if (report.descriptors() != 1) {
            throw new DeviceException(
                    node + " reported " + Long.toUnsignedString(report.zoneCount()) + " zones when asked for zone="
                            + zone + "; update the drive's firmware, or replace it",
                    Errno.EIO);
        }
        return report.zone(0, zone, drive.zoneBlock(zone), drive.layout());
    }

    void open(final int zone) {
        send(zone, PassthroughCommand.ZONE_OPEN, "open");
    }

    void finish(final int zone) {
        send(zone, PassthroughCommand.ZONE_FINISH, "finish");
    }

    void reset(final int zone) {
        send(zone, PassthroughCommand.ZONE_RESET, "reset");
    }

    /// Gives the open resources of all zones back, and the active ones of those that were opened and never written.
    void closeAll() {
        for (int zone = 0; zone < drive.geometry().zoneCount(); zone++) {
            final ZoneInfo info = report(zone);
            if (info.state() == ZoneState.OPEN) {
                if (info.writePointer() == 0) {
                    reset(zone);
                } else {
                    send(zone, PassthroughCommand.ZONE_CLOSE, "close");
                }
            }
        }
    }

    /// Makes everything that completed durable.
    void flush() {
        command.flush(drive.nsid());
        final int status = execute();
        if (status != 0) {
            throw new DeviceException(
                    "flush of " + node + " failed: " + describe(status)
                            + "; what was appended last may be lost with the next power failure",
                    errno(status));
        }
    }

    private void send(final int zone, final int action, final String name) {
        command.zoneSend(drive.nsid(), drive.zoneBlock(zone), action);
        final int status = execute();
        if (status != 0) {
            throw explain(zone, name, status);
        }
    }

    /// The status of a refused transition says nothing of the state: a report does.
    private DeviceException explain(final int zone, final String name, final int status) {
        if (status < 0 || NvmeStatus.of(status).reaction() != NvmeStatus.Reaction.ZONE_CHANGED) {
            return failed(name, zone, status, limits());
        }
        final ZoneState state = report(zone).state();
        final int errno = switch (state) {
            case READ_ONLY -> Errno.EROFS;
            case OFFLINE -> Errno.EIO;
            case EMPTY, OPEN, CLOSED, FULL -> NvmeStatus.of(status).errno();
        };
        return new DeviceException(
                name + " of zone=" + zone + " of " + node + " refused in state " + state + ": " + describe(status),
                errno);
    }

    private String limits() {
        return " (the drive's limits: open=" + drive.geometry().maxOpen() + " active="
                + drive.geometry().maxActive() + "; 0 is no limit)";
    }

    private DeviceException failed(final String name, final int zone, final int status, final String more) {
        return new DeviceException(
                name + " of zone=" + zone + " of " + node + " failed: " + describe(status) + more, errno(status));
    }

    private static String describe(final int status) {
        return status < 0 ? Errno.describe(-status) : NvmeStatus.describe(status);
    }

    private static int errno(final int status) {
        return status < 0 ? -status : NvmeStatus.of(status).errno();
    }

    private int execute() {
        for (int repeats = 0; ; repeats++) {
            final int status = calls.io(command);
            if (status > 0) {
                statuses.count(NvmeStatus.of(status));
            }
            if (!mayPass(status) || repeats == REPEATS_MAX) {
                return status;
            }
            final long delayMs = status < 0 ? 0 : drive.retryDelays().ms(NvmeStatus.delayIndex(status));
            LockSupport.parkNanos(delayMs * NANOS_PER_MILLI);
        }
    }

    private static boolean mayPass(final int status) {
        if (status <= 0) {
            return status == -Errno.EINTR || status == -Errno.EAGAIN;
        }
        final NvmeStatus.Reaction reaction = NvmeStatus.of(status).reaction();
        return !NvmeStatus.isFinal(status)
                && (reaction == NvmeStatus.Reaction.RETRY || reaction == NvmeStatus.Reaction.UNCERTAIN);
    }

    @Override
    public void close() {
        arena.close();
    }
}
