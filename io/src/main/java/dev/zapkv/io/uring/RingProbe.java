/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.uring;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/// Which commands the kernel knows, as it says itself ({@code IORING_REGISTER_PROBE}).
///
/// | offset | type | field |
/// |---:|---|---|
/// | 0 | u8 | last_op |
/// | 1 | u8 | ops_len |
/// | 2 | u16, u32[3] | resv, zero |
/// | 16 + 8i | u8, u8, u16, u32 | op, resv, flags (1 = supported), resv2 |
public final class RingProbe {
    private static final int REGISTER_PROBE = 8;
    private static final int OPS_MAX = 256;
    private static final int HEADER_LENGTH = 16;
    private static final int OP_LENGTH = 8;
    private static final int OP_FLAGS_OFFSET = 2;
    private static final int OP_SUPPORTED = 1;

    private final BitSet supported;
    private final int lastOpcode;

    private RingProbe(final BitSet supported, final int lastOpcode) {
        this.supported = supported;
        this.lastOpcode = lastOpcode;
    }

    /// Asks the kernel.
    ///
    /// @throws DeviceException if registering is forbidden or unknown
    public static RingProbe of(final Ring ring) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment probe = arena.allocate(HEADER_LENGTH + (long) OPS_MAX * OP_LENGTH, Long.BYTES);
            final int result = Libc.ioUringRegister(ring.fd(), REGISTER_PROBE, probe.address(), OPS_MAX);
            if (result < 0) {
                throw new DeviceException("io_uring probe failed: " + Errno.describe(-result), -result);
            }
            return decode(probe);
        }
    }

    static RingProbe decode(final MemorySegment probe) {
        final BitSet supported = new BitSet(OPS_MAX);
        final int count = Byte.toUnsignedInt(probe.get(ValueLayout.JAVA_BYTE, 1));
        for (int i = 0; i < count; i++) {
            final long offset = HEADER_LENGTH + (long) i * OP_LENGTH;
            if ((probe.get(ValueLayout.JAVA_SHORT, offset + OP_FLAGS_OFFSET) & OP_SUPPORTED) != 0) {
                supported.set(Byte.toUnsignedInt(probe.get(ValueLayout.JAVA_BYTE, offset)));
            }
        }
        return new RingProbe(supported, Byte.toUnsignedInt(probe.get(ValueLayout.JAVA_BYTE, 0)));
    }

    /// Whether the kernel knows a command. Says nothing of the kinds of file it works on.
    public boolean supports(final int opcode) {
        return supported.get(opcode);
    }

    /// The last command the kernel knows.
    public int lastOpcode() {
        return lastOpcode;
    }
}
