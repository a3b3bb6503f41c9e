/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Reads the structures of the Identify command, 4,096 bytes each, little-endian. Knows offsets alone; what the values
/// may be is for {@link Drive} to say.
///
/// | structure | CNS | offset | type | field |
/// |---|---:|---:|---|---|
/// | namespace | 0 | 0 | u64 | NSZE, blocks |
/// | | | 25 | u8 | NLBAF, formats - 1 |
/// | | | 26 | u8 | FLBAS, bits 0–3 and, above 16 formats, 5–6: index of the format in use |
/// | | | 29 | u8 | DPS, bits 0–2: type of protection information |
/// | | | 128 + 4i | u16, u8, u8 | LBAF: metadata bytes, logarithm of the block's bytes, performance |
/// | controller | 1 | 77 | u8 | MDTS, logarithm of the largest transfer in pages; 0: no limit |
/// | | | 112 | u16[3] | CRDT, retry delays in units of 100 ms |
/// | | | 256 | u16 | OACS, bit 5: directives |
/// | | | 525 | u8 | VWC, bit 0: volatile write cache |
/// | zoned namespace | 5 | 0 | u16 | ZOC, bit 0: zone capacities vary |
/// | | | 4 | u32 | MAR, active zones - 1; all ones: no limit |
/// | | | 8 | u32 | MOR, open zones - 1; all ones: no limit |
/// | | | 2816 + 16i | u64, u8 | LBAFE: blocks of a zone, descriptor extension |
/// | zoned controller | 6 | 0 | u8 | ZASL, logarithm of the largest append in pages; 0: as MDTS |
final class Identify {
    static final int LENGTH = 4096;

    static final int NAMESPACE = 0;
    static final int CONTROLLER = 1;
    static final int CSI_NAMESPACE = 5;
    static final int CSI_CONTROLLER = 6;

    private static final int DIRECTIVES = 1 << 5;
    private static final int FORMATS_BEFORE_EXTENSION = 16;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Identify() {}

    /// What a namespace says of itself.
    ///
    /// @param blocks         its size in blocks
    /// @param format         index of the format in use
    /// @param metadataBytes  bytes of metadata with each block
    /// @param blockShift     logarithm of the block's bytes
    /// @param protectionType type of protection information, 0 for none
    record Namespace(long blocks, int format, int metadataBytes, int blockShift, int protectionType) {}

    /// What a controller says of itself.
    ///
    /// @param transferShift logarithm of the largest transfer in pages, 0: no limit
    /// @param volatileCache whether it has a volatile write cache
    /// @param retryDelayMs  three delays for commands that are to be repeated
    /// @param directives    whether it knows directives, streams among them
    record Controller(int transferShift, boolean volatileCache, RetryDelays retryDelayMs, boolean directives) {}

    /// Delays before a command is repeated, in milliseconds, by index 1 to 3 of a status.
    record RetryDelays(int first, int second, int third) {
        int ms(final int index) {
            return switch (index) {
                case 1 -> first;
                case 2 -> second;
                case 3 -> third;
                default -> 0;
            };
        }
    }

    /// What a namespace says of its zones.
    ///
    /// @param variableCapacity whether capacities may change with a reset
    /// @param maxActiveLess1   active zones - 1, -1: no limit
    /// @param maxOpenLess1     open zones - 1, -1: no limit
    /// @param zoneBlocks       blocks from one zone to the next
    record Zoned(boolean variableCapacity, int maxActiveLess1, int maxOpenLess1, long zoneBlocks) {}

    static Namespace namespace(final MemorySegment data) {
        final int formats = u8(data, 25) + 1;
        final int flbas = u8(data, 26);
        final int low = flbas & 0xF;
        final int format = formats > FORMATS_BEFORE_EXTENSION ? low | (flbas >>> 1 & 0x30) : low;
        final long lbaf = 128 + 4L * format;
        return new Namespace(data.get(LONG, 0), format, u16(data, lbaf), u8(data, lbaf + 2), u8(data, 29) & 7);
    }

    static Controller controller(final MemorySegment data) {
        return new Controller(
                u8(data, 77),
                (u8(data, 525) & 1) != 0,
                new RetryDelays(100 * u16(data, 112), 100 * u16(data, 114), 100 * u16(data, 116)),
                (u16(data, 256) & DIRECTIVES) != 0);
    }

    /// @param format index of the format in use, of {@link Namespace#format}
    static Zoned zoned(final MemorySegment data, final int format) {
        return new Zoned(
                (u16(data, 0) & 1) != 0, data.get(INT, 4), data.get(INT, 8), data.get(LONG, 2816 + 16L * format));
    }

    /// Logarithm of the largest append in pages, 0: as any transfer.
    static int appendShift(final MemorySegment data) {
        return u8(data, 0);
    }

    private static int u8(final MemorySegment data, final long offset) {
        return Byte.toUnsignedInt(data.get(ValueLayout.JAVA_BYTE, offset));
    }

    private static int u16(final MemorySegment data, final long offset) {
        return Short.toUnsignedInt(data.get(SHORT, offset));
    }
}
