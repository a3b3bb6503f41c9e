/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.recovery;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Keys of 16 bytes in no order.
final class Keys {
    /// Bytes of a key.
    static final int LENGTH = 16;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Keys() {}

    /// Makes a key that of a number.
    ///
    /// @return the key
    static byte[] set(final byte[] key, final long number) {
        long mixed = number * 0x9E3779B97F4A7C15L;
        mixed ^= mixed >>> 32;
        LONG.set(key, 0, mixed);
        LONG.set(key, Long.BYTES, number);
        return key;
    }
}
