/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.uring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// The application's side of the submission queue. Indices are 32-bit and wrap: they are compared by their
/// difference alone, with {@code 0 ≤ tail - head ≤ entries} as unsigned numbers.
public final class SubmissionQueue {
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final int FLAG_CQ_OVERFLOW = 1 << 1;
    private static final int FLAG_TASKRUN = 1 << 2;

    private final MemorySegment ring;
    private final MemorySegment sqes;
    private final SqeFlyweight sqe = new SqeFlyweight();
    private final long headOffset;
    private final long tailOffset;
    private final long flagsOffset;
    private final long droppedOffset;
    private final int entries;
    private final int mask;
    private final int sqeLength;
    private final int firstTail;
    private int tail;

    SubmissionQueue(final MemorySegment ring, final MemorySegment sqes, final RingParams params) {
        this.ring = ring;
        this.sqes = sqes;
        headOffset = params.get(RingParams.SQ_HEAD_OFFSET);
        tailOffset = params.get(RingParams.SQ_TAIL_OFFSET);
        flagsOffset = params.get(RingParams.SQ_FLAGS_OFFSET);
        droppedOffset = params.get(RingParams.SQ_DROPPED_OFFSET);
        entries = params.sqEntries();
        mask = entries - 1;
        sqeLength = params.sqeLength();
        firstTail = ring.get(ValueLayout.JAVA_INT, tailOffset);
        tail = firstTail;
        if ((params.flags() & RingParams.SETUP_NO_SQARRAY) == 0) {
            fillIndexArray(params.get(RingParams.SQ_ARRAY_OFFSET));
        }
    }

    /// Entry i of the ring always is entry i of the array, so the indirection is filled once. Plain stores:
    /// the release of the first tail publishes them.
    private void fillIndexArray(final long arrayOffset) {
        for (int i = 0; i < entries; i++) {
            ring.set(ValueLayout.JAVA_INT, arrayOffset + (long) i * Integer.BYTES, i);
        }
    }

    /// Number of entries.
    public int capacity() {
        return entries;
    }

    /// The next entry, zeroed and counted as prepared, or null if the queue is full. The view is valid until
    /// the next call.
    public SqeFlyweight next() {
        // Acquire, pairs with the kernel's release of head: it has consumed the entries before, they may be
        // overwritten.
        final int head = (int) INT.getAcquire(ring, headOffset);
        if (tail - head == entries) {
            return null;
        }
        sqe.wrap(sqes, (long) (tail & mask) * sqeLength).clear(sqeLength);
        tail++;
        return sqe;
    }

    /// Shows prepared entries to the kernel.
    ///
    /// @return entries the kernel has not consumed yet
    int publish() {
        // Release, pairs with the kernel's acquire of tail in io_uring_enter: every entry before tail is
        // complete.
        INT.setRelease(ring, tailOffset, tail);
        return tail - (int) INT.getAcquire(ring, headOffset);
    }

    /// Entries prepared since the start; wraps.
    int preparedCount() {
        return tail - firstTail;
    }

    /// Whether completions wait outside the full completion queue.
    boolean overflowed() {
        // Opaque: a hint set by the kernel; the following enter orders everything.
        return ((int) INT.getOpaque(ring, flagsOffset) & FLAG_CQ_OVERFLOW) != 0;
    }

    /// Whether completions wait for an enter; only with {@link RingParams#SETUP_TASKRUN_FLAG}.
    boolean taskWork() {
        return ((int) INT.getOpaque(ring, flagsOffset) & FLAG_TASKRUN) != 0;
    }

    /// Entries the kernel ignored because of a bad index; always 0.
    public int dropped() {
        return (int) INT.getOpaque(ring, droppedOffset);
    }
}
