/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.uring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Flyweight over one completion entry, {@code struct io_uring_cqe}, native byte order.
///
/// | offset | type | field | meaning |
/// |---:|---|---|---|
/// | 0 | u64 | user_data | as given with the submission |
/// | 8 | s32 | res | result, or {@code -errno} |
/// | 12 | u32 | flags | zero for the commands in use |
/// | 16 | u64 | extra | entries of 32 bytes: second result |
/// | 24 | u64 | extra2 | entries of 32 bytes: zero for the commands in use |
public final class CqeFlyweight {
    /// Bytes of an entry.
    public static final int LENGTH = 16;
    /// Bytes of a big entry, {@link RingParams#SETUP_CQE32}.
    public static final int LENGTH_BIG = 32;

    static final int USER_DATA_OFFSET = 0;
    static final int RES_OFFSET = USER_DATA_OFFSET + Long.BYTES;
    static final int FLAGS_OFFSET = RES_OFFSET + Integer.BYTES;
    static final int EXTRA_OFFSET = FLAGS_OFFSET + Integer.BYTES;

    private MemorySegment memory;
    private long offset;

    /// Moves the view.
    public CqeFlyweight wrap(final MemorySegment memory, final long offset) {
        this.memory = memory;
        this.offset = offset;
        return this;
    }

    /// What the submission gave.
    public long userData() {
        return memory.get(ValueLayout.JAVA_LONG, offset + USER_DATA_OFFSET);
    }

    /// Result, or {@code -errno}.
    public int res() {
        return memory.get(ValueLayout.JAVA_INT, offset + RES_OFFSET);
    }

    /// Second result of a big entry.
    public long extra() {
        return memory.get(ValueLayout.JAVA_LONG, offset + EXTRA_OFFSET);
    }

    /// Flags of the completion.
    public int flags() {
        return memory.get(ValueLayout.JAVA_INT, offset + FLAGS_OFFSET);
    }
}
