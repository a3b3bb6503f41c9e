/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.checks.fuzz.FuzzInput;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A small drive that answers honestly but for the patches of an input: for each answer a count of patches, each an
/// offset and eight bytes.
final class PatchedDrive implements DriverCalls {
    private static final int ZONES = 6;
    private static final long ZONE_BLOCKS = 0x4000;
    private static final int PATCHES_MAX = 8;
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final FuzzInput input;

    PatchedDrive(final FuzzInput input) {
        this.input = input;
    }

    @Override
    public int namespaceId() {
        return 1;
    }

    @SuppressWarnings("restricted") // in the kernel's place: all it has is an address
    private static MemorySegment data(final PassthroughCommand command) {
        return MemorySegment.ofAddress(command.dataAddress()).reinterpret(command.dataLength());
    }

    @Override
    public int admin(final PassthroughCommand command) {
        final MemorySegment data = data(command);
        switch (command.cdw10()) {
            case Identify.NAMESPACE -> {
                data.set(U64, 0, ZONES * ZONE_BLOCKS);
                data.set(ValueLayout.JAVA_BYTE, 128 + 2, (byte) 12);
            }
            case Identify.CONTROLLER -> data.set(ValueLayout.JAVA_BYTE, 77, (byte) 7);
            case Identify.CSI_NAMESPACE -> data.set(U64, 2816, ZONE_BLOCKS);
            default -> data.set(ValueLayout.JAVA_BYTE, 0, (byte) 5);
        }
        return patch(data);
    }

    @Override
    public int io(final PassthroughCommand command) {
        final MemorySegment data = data(command);
        final long first = command.startBlock() / ZONE_BLOCKS;
        final long room = (data.byteSize() - ZoneReport.HEADER_LENGTH) / ZoneReport.DESCRIPTOR_LENGTH;
        final boolean partial = command.cdw13() != 0;
        data.set(U64, 0, partial ? Math.min(room, ZONES - first) : ZONES - first);
        for (long i = 0; i < room && first + i < ZONES; i++) {
            final long at = ZoneReport.length((int) i);
            data.set(ValueLayout.JAVA_BYTE, at, (byte) 2);
            data.set(ValueLayout.JAVA_BYTE, at + 1, (byte) (1 << 4));
            data.set(U64, at + 8, ZONE_BLOCKS);
            data.set(U64, at + 16, (first + i) * ZONE_BLOCKS);
            data.set(U64, at + 24, (first + i) * ZONE_BLOCKS);
        }
        return patch(data);
    }

    private int patch(final MemorySegment data) {
        for (int patches = input.u8() % PATCHES_MAX; patches > 0; patches--) {
            final long offset = input.u16() % (data.byteSize() - Long.BYTES);
            data.set(U64, offset, input.u64());
        }
        return input.isEmpty() ? 0 : Math.max(0, input.u8() - 0xF0);
    }
}
