/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.function.Consumer;

/// A drive that answers Identify and reports with what the test says, true or not.
final class FakeDrive implements DriverCalls {
    static final int NSID = 4;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    final int zones = 64;
    final long zoneBlocks = 0x4000;
    final long capacity = 0x3E00;
    long blocks = zones * zoneBlocks;
    int namespaceId = NSID;
    int identifyStatus;
    int zonedStatus;
    int reportStatus;
    int sendStatus;
    long reportedZones = -1;
    Consumer<MemorySegment> namespace = data -> {};
    Consumer<MemorySegment> controller = data -> {};
    Consumer<MemorySegment> zoned = data -> {};
    Consumer<MemorySegment> zonedController = data -> {};
    Consumer<MemorySegment> report = data -> {};
    int calls;

    static void putShort(final MemorySegment data, final long offset, final int value) {
        data.set(SHORT, offset, (short) value);
    }

    static void putInt(final MemorySegment data, final long offset, final int value) {
        data.set(INT, offset, value);
    }

    static void putLong(final MemorySegment data, final long offset, final long value) {
        data.set(LONG, offset, value);
    }

    static void putByte(final MemorySegment data, final long offset, final int value) {
        data.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
    }

    @Override
    public int namespaceId() {
        return namespaceId;
    }

    @SuppressWarnings("restricted") // in the kernel's place: all it has is an address
    private static MemorySegment data(final PassthroughCommand command) {
        return MemorySegment.ofAddress(command.dataAddress()).reinterpret(command.dataLength());
    }

    @Override
    public int admin(final PassthroughCommand command) {
        if (command.opcode() != PassthroughCommand.OP_IDENTIFY || identifyStatus != 0) {
            return identifyStatus == 0 ? -Errno.EINVAL : identifyStatus;
        }
        final MemorySegment data = data(command);
        switch (command.cdw10()) {
            case Identify.NAMESPACE -> {
                putLong(data, 0, blocks);
                putByte(data, 25, 7);
                putByte(data, 26, 4);
                putByte(data, 128 + 4 * 4 + 2, 12);
                namespace.accept(data);
            }
            case Identify.CONTROLLER -> {
                putByte(data, 77, 7);
                putByte(data, 525, 7);
                putShort(data, 112, 1);
                controller.accept(data);
            }
            case Identify.CSI_NAMESPACE -> {
                putInt(data, 4, 15);
                putInt(data, 8, 13);
                putLong(data, 2816 + 16 * 4, zoneBlocks);
                zoned.accept(data);
                return zonedStatus;
            }
            default -> {
                putByte(data, 0, 5);
                zonedController.accept(data);
            }
        }
        return 0;
    }

    @Override
    public int io(final PassthroughCommand command) {
        calls++;
        if (command.opcode() == PassthroughCommand.OP_ZONE_SEND) {
            return sendStatus;
        }
        if (command.opcode() != PassthroughCommand.OP_ZONE_RECEIVE || reportStatus != 0) {
            return reportStatus;
        }
        final MemorySegment data = data(command);
        final long first = command.startBlock() / zoneBlocks;
        final boolean partial = command.cdw13() != 0;
        final long room = (data.byteSize() - ZoneReport.HEADER_LENGTH) / ZoneReport.DESCRIPTOR_LENGTH;
        putLong(data, 0, reportedZones >= 0 ? reportedZones : partial ? Math.min(room, zones - first) : zones - first);
        for (int i = 0; i < room && first + i < zones; i++) {
            final long at = ZoneReport.length(i);
            putByte(data, at, 2);
            putByte(data, at + 1, 1 << 4);
            putLong(data, at + 8, capacity);
            putLong(data, at + 16, (first + i) * zoneBlocks);
            putLong(data, at + 24, (first + i) * zoneBlocks);
        }
        report.accept(data);
        return 0;
    }
}
