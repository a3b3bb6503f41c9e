/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.fuzz;

import java.util.Arrays;

/// Takes an input apart from its beginning: numbers of a few bytes, little-endian, and what is left. Where it ends
/// there are zeros.
public final class FuzzInput {
    private final byte[] bytes;
    private int at;

    /// At the beginning of an input.
    public FuzzInput(final byte[] bytes) {
        this.bytes = bytes;
    }

    /// The next byte, 0 to 255.
    public int u8() {
        return at < bytes.length ? bytes[at++] & 0xFF : 0;
    }

    /// The next two bytes.
    public int u16() {
        return u8() | u8() << 8;
    }

    /// The next eight bytes.
    public long u64() {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
            value |= (long) u8() << shift;
        }
        return value;
    }

    /// Whether all was taken.
    public boolean isEmpty() {
        return at >= bytes.length;
    }

    /// Up to so many of the next bytes.
    public byte[] take(final int length) {
        final int end = Math.min(bytes.length, at + length);
        final byte[] taken = Arrays.copyOfRange(bytes, Math.min(at, end), end);
        at = end;
        return taken;
    }

    /// All that is left.
    public byte[] rest() {
        return take(bytes.length - at);
    }
}
