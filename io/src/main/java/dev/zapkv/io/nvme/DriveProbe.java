/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.linux.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Asks a drive for its sizes and limits and refuses what cannot be used, each with its own message. Writes nothing to
/// the drive. Every number is checked before it becomes a size.
final class DriveProbe {
    private static final int PAGE = 4096;
    private static final int BLOCK_SHIFT_MIN = 9;
    private static final int BLOCK_SHIFT_MAX = 16;
    private static final long TRANSFER_MAX = 1L << 30;
    private static final int TRANSFER_SHIFT_MAX = 18;
    private static final int SEGMENTS_UNKNOWN = 127;
    private static final int REPORT_ZONES = 255;

    private final Path node;
    private final DriverCalls calls;
    private final QueueLimits limits;
    private final List<Capability> details = new ArrayList<>();

    DriveProbe(final Path node, final DriverCalls calls, final QueueLimits limits) {
        this.node = node;
        this.calls = calls;
        this.limits = limits;
    }

    /// @throws DeviceException if the drive cannot be used
    Drive probe(final ZoneRange range) {
        try (Arena arena = Arena.ofConfined()) {
            final int nsid = calls.namespaceId();
            if (nsid < 0) {
                throw refused("did not tell its namespace: " + Errno.describe(-nsid), "use a /dev/ngXnY node", -nsid);
            }
            final MemorySegment data = arena.allocate(Identify.LENGTH, PAGE);
            final PassthroughCommand command =
                    new PassthroughCommand().wrap(arena.allocate(PassthroughCommand.LENGTH, Long.BYTES), 0);
            return probe(nsid, range, command, data);
        }
    }

    private Drive probe(
            final int nsid, final ZoneRange range, final PassthroughCommand command, final MemorySegment data) {
        identify(command, data, nsid, Identify.NAMESPACE, 0);
        final Identify.Namespace namespace = Identify.namespace(data);
        requirePlainBlocks(namespace);
        final int status = calls.admin(command.identify(
                nsid,
                Identify.CSI_NAMESPACE,
                PassthroughCommand.CSI_ZONED,
                clear(data).address()));
        final Identify.Zoned zoned = Identify.zoned(data, namespace.format());
        if (status > 0 || (status == 0 && zoned.zoneBlocks() == 0)) {
            throw refused("is not zoned", "use a zoned namespace, or a directory on a file system", Errno.EOPNOTSUPP);
        }
        requirePermission(status, "Identify");
        identify(command, data, nsid, Identify.CONTROLLER, 0);
        final Identify.Controller controller = Identify.controller(data);
        identify(command, data, nsid, Identify.CSI_CONTROLLER, PassthroughCommand.CSI_ZONED);
        final int appendShift = Identify.appendShift(data);
        final int zoneCount = zoneCount(namespace, zoned);
        final int maxTransfer = maxTransfer(controller, namespace.blockShift());
        final long appendMax = maxAppend(appendShift, maxTransfer, namespace.blockShift());
        final ZoneRange used = range.within(node.toString(), zoneCount);
        final long capacity = capacity(nsid, namespace, zoned, zoneCount, used, command);
        final int block = 1 << namespace.blockShift();
        final ZoneGeometry geometry = new ZoneGeometry(
                block,
                zoned.zoneBlocks() << namespace.blockShift(),
                capacity << namespace.blockShift(),
                used.count(),
                limit("max-open-zones", zoned.maxOpenLess1(), limits.maxOpen()),
                limit("max-active-zones", zoned.maxActiveLess1(), limits.maxActive()),
                (int) Math.min(appendMax, capacity << namespace.blockShift()));
        note("volatile-cache", controller.volatileCache() ? "yes" : "no", "Identify controller, VWC", "");
        note("directives", controller.directives() ? "yes" : "no", "Identify controller, OACS", "");
        note("zones", used + " of " + zoneCount, "zone report", "");
        return new Drive(
                nsid,
                namespace.blockShift(),
                zoned.zoneBlocks(),
                used.first(),
                geometry,
                maxTransfer,
                segments(),
                controller.volatileCache(),
                controller.retryDelayMs(),
                details);
    }

    private static MemorySegment clear(final MemorySegment data) {
        return data.fill((byte) 0);
    }

    private void identify(
            final PassthroughCommand command,
            final MemorySegment data,
            final int nsid,
            final int structure,
            final int csi) {
        requirePermission(
                calls.admin(command.identify(nsid, structure, csi, clear(data).address())), "Identify");
    }

    private void requirePermission(final int status, final String what) {
        if (status == -Errno.EACCES || status == -Errno.EPERM) {
            throw NodePermission.commandsRefused(node, -status);
        }
        if (status < 0) {
            throw refused(what + " failed: " + Errno.describe(-status), "see the kernel log", -status);
        }
        if (status > 0) {
            throw refused(what + " failed: " + NvmeStatus.describe(status), "see the kernel log", Errno.EIO);
        }
    }

    private void requirePlainBlocks(final Identify.Namespace namespace) {
        if (namespace.protectionType() != 0) {
            throw refused(
                    "is formatted with protection information of type " + namespace.protectionType(),
                    "format it without (nvme format --pi=0), which erases it",
                    Errno.EOPNOTSUPP);
        }
        if (namespace.metadataBytes() != 0) {
            throw refused(
                    "is formatted with " + namespace.metadataBytes() + " bytes of metadata per block",
                    "format it without (nvme format --lbaf, see nvme id-ns), which erases it",
                    Errno.EOPNOTSUPP);
        }
        final int shift = namespace.blockShift();
        if (shift < BLOCK_SHIFT_MIN || shift > BLOCK_SHIFT_MAX) {
            throw refused(
                    "has blocks of 2^" + shift + " bytes; 512 bytes to 64 KiB are supported",
                    "format it with another block size, which erases it",
                    Errno.EOPNOTSUPP);
        }
        note("block-size", Integer.toString(1 << shift), "Identify namespace, LBAF", "");
    }

    private int zoneCount(final Identify.Namespace namespace, final Identify.Zoned zoned) {
        final long zoneBlocks = zoned.zoneBlocks();
        if (zoneBlocks <= 0 || Long.bitCount(zoneBlocks) != 1) {
            throw refused(
                    "has zones of " + Long.toUnsignedString(zoneBlocks)
                            + " blocks, which is no power of two: not supported",
                    "use another drive",
                    Errno.EOPNOTSUPP);
        }
        if (zoned.variableCapacity()) {
            throw refused(
                    "has zones whose capacity may change when they are reset: not supported",
                    "use another drive",
                    Errno.EOPNOTSUPP);
        }
        final long zones = namespace.blocks() / zoneBlocks;
        if (namespace.blocks() <= 0
                || namespace.blocks() > Long.MAX_VALUE >> namespace.blockShift()
                || zones < 1
                || zones >= Integer.MAX_VALUE) {
            throw refused(
                    "has " + Long.toUnsignedString(namespace.blocks()) + " blocks in zones of " + zoneBlocks
                            + ": not between 1 and 2^31 - 2 zones",
                    "use another namespace",
                    Errno.EOPNOTSUPP);
        }
        return (int) zones;
    }

    private int segments() {
        return limits.maxSegments() < 2 ? SEGMENTS_UNKNOWN : (int) Math.min(limits.maxSegments(), TRANSFER_MAX / PAGE);
    }

    /// The drive's limit, the kernel's, and room for a piece of memory per page: nothing splits a command here.
    private int maxTransfer(final Identify.Controller controller, final int blockShift) {
        long max = Math.min(TRANSFER_MAX, (long) PassthroughCommand.BLOCKS_MAX << blockShift);
        if (controller.transferShift() > 0 && controller.transferShift() <= TRANSFER_SHIFT_MAX) {
            max = Math.min(max, (long) PAGE << controller.transferShift());
        }
        if (limits.maxTransferKib() > 0) {
            max = Math.min(max, Math.min(limits.maxTransferKib(), TRANSFER_MAX / 1024) * 1024);
        }
        max = Math.min(max, (segments() - 1L) * PAGE);
        final int rounded = (int) ((max >>> blockShift) << blockShift);
        if (rounded == 0) {
            throw refused("moves at most " + max + " bytes at a time, less than a block", "use another drive", 0);
        }
        note(
                "max-transfer",
                Integer.toString(rounded),
                "Identify controller, MDTS=" + controller.transferShift() + "; " + limits.source()
                        + ": max_hw_sectors_kb=" + limits.maxTransferKib() + " max_segments=" + limits.maxSegments(),
                limits.maxSegments() < 2 ? "max_segments is unknown, " + SEGMENTS_UNKNOWN + " assumed" : "");
        return rounded;
    }

    private long maxAppend(final int appendShift, final int maxTransfer, final int blockShift) {
        if (limits.appendBytesMax() == 0) {
            throw refused("has no Zone Append command", "use the zbd: backend", Errno.EOPNOTSUPP);
        }
        long max = maxTransfer;
        if (appendShift > 0 && appendShift <= TRANSFER_SHIFT_MAX) {
            max = Math.min(max, (long) PAGE << appendShift);
        }
        if (limits.appendBytesMax() > 0) {
            max = Math.min(max, limits.appendBytesMax());
        }
        max = (max >>> blockShift) << blockShift;
        if (max == 0) {
            throw refused("takes no append of even one block", "use another drive", Errno.EOPNOTSUPP);
        }
        note(
                "max-append",
                Long.toString(max),
                "Identify zoned controller, ZASL=" + appendShift + "; " + limits.source() + ": zone_append_max_bytes="
                        + limits.appendBytesMax(),
                "");
        return max;
    }

    private int limit(final String name, final int less1, final long kernel) {
        final long drive = Integer.toUnsignedLong(less1) + 1;
        final int limit = less1 == -1 || drive > Integer.MAX_VALUE ? 0 : (int) drive;
        note(
                name,
                limit == 0 ? "no limit" : Integer.toString(limit),
                "Identify zoned namespace; " + limits.source() + ": " + kernel,
                "");
        return limit;
    }

    /// Reads the report of all zones in use: each must be as the others.
    ///
    /// @return the capacity in blocks
    private long capacity(
            final int nsid,
            final Identify.Namespace namespace,
            final Identify.Zoned zoned,
            final int zoneCount,
            final ZoneRange used,
            final PassthroughCommand command) {
        final ZoneReport.Layout layout = new ZoneReport.Layout(namespace.blockShift(), zoned.zoneBlocks());
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment memory = arena.allocate(ZoneReport.length(REPORT_ZONES), PAGE);
            final ZoneReport report = new ZoneReport(memory);
            report(nsid, command, memory, 0);
            if (report.zoneCount() != zoneCount) {
                throw refused(
                        "reports " + Long.toUnsignedString(report.zoneCount()) + " zones, but its size is that of "
                                + zoneCount,
                        "update the drive's firmware, or use another drive",
                        Errno.EIO);
            }
            long capacity = 0;
            for (int next = 0; next < used.count(); ) {
                report(nsid, command, memory, (used.first() + (long) next) * zoned.zoneBlocks());
                final int count = Math.min(report.descriptors(), used.count() - next);
                if (count == 0) {
                    throw refused(
                            "reports no zones from zone " + (used.first() + next) + " on",
                            "update the drive's firmware, or use another drive",
                            Errno.EIO);
                }
                for (int i = 0; i < count; i++) {
                    final int zone = used.first() + next + i;
                    report.zone(i, zone, zone * zoned.zoneBlocks(), layout);
                    capacity = capacity == 0 ? report.capacityBlocks(i) : capacity;
                    if (report.capacityBlocks(i) != capacity) {
                        throw refused(
                                "has zones of different capacities (zone " + used.first() + ": " + capacity
                                        + " blocks, zone " + zone + ": " + report.capacityBlocks(i)
                                        + "): not supported",
                                "choose a range of zones that have the same",
                                Errno.EOPNOTSUPP);
                    }
                }
                next += count;
            }
            return capacity;
        }
    }

    private void report(
            final int nsid, final PassthroughCommand command, final MemorySegment memory, final long zoneBlock) {
        requirePermission(
                calls.io(command.zoneReport(nsid, zoneBlock, clear(memory).address(), (int) memory.byteSize(), false)),
                "the zone report");
    }

    private void note(final String name, final String value, final String learnedBy, final String fallback) {
        details.add(new Capability(name, value, learnedBy, fallback));
    }

    private DeviceException refused(final String what, final String advice, final int errno) {
        return new DeviceException(node + " " + what + ": " + advice, errno);
    }
}
