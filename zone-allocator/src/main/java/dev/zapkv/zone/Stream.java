/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.zone;

/// A sequence of zones with one purpose. The code is stored in block headers: it must not change.
public enum Stream {
    /// Store metadata; in the first two zones, used alternately.
    METADATA(1),
    /// Records as writers sent them.
    HOST(2),
    /// Records relocated by garbage collection.
    GC(3),
    /// Parts of checkpoints.
    CHECKPOINT(4);

    private final int code;

    Stream(final int code) {
        this.code = code;
    }

    /// The stored code, 1 to 255.
    public int code() {
        return code;
    }

    /// The stream of a stored code, or null if there is none.
    public static Stream ofCode(final int code) {
        return switch (code) {
            case 1 -> METADATA;
            case 2 -> HOST;
            case 3 -> GC;
            case 4 -> CHECKPOINT;
            default -> null;
        };
    }
}
