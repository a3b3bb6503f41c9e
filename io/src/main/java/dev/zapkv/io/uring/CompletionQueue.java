/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.uring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// The application's side of the completion queue. Indices are 32-bit and wrap: they are compared by their
/// difference alone.
public final class CompletionQueue {
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final MemorySegment ring;
    private final CqeFlyweight cqe = new CqeFlyweight();
    private final long headOffset;
    private final long tailOffset;
    private final long overflowOffset;
    private final long cqesOffset;
    private final int entries;
    private final int mask;
    private final int cqeLength;
    private final int firstHead;
    private int head;

    CompletionQueue(final MemorySegment ring, final RingParams params) {
        this.ring = ring;
        headOffset = params.get(RingParams.CQ_HEAD_OFFSET);
        tailOffset = params.get(RingParams.CQ_TAIL_OFFSET);
        overflowOffset = params.get(RingParams.CQ_OVERFLOW_OFFSET);
        cqesOffset = params.get(RingParams.CQ_CQES_OFFSET);
        entries = params.cqEntries();
        mask = entries - 1;
        cqeLength = params.cqeLength();
        firstHead = ring.get(ValueLayout.JAVA_INT, headOffset);
        head = firstHead;
    }

    /// Number of entries.
    public int capacity() {
        return entries;
    }

    /// Completions handed out since the start; wraps.
    int reapedCount() {
        return head - firstHead;
    }

    /// Hands out the completions that are ready now. If the handler throws, the one it was given counts as
    /// consumed.
    ///
    /// @return number of completions handed out
    int drain(final CqeHandler handler) {
        // Acquire, pairs with the kernel's release of tail: the entries before it are complete and may be
        // read plainly.
        final int tail = (int) INT.getAcquire(ring, tailOffset);
        final int count = tail - head;
        if (count == 0) {
            return 0;
        }
        try {
            while (head != tail) {
                cqe.wrap(ring, cqesOffset + (long) (head & mask) * cqeLength);
                final long userData = cqe.userData();
                final int result = cqe.res();
                final int flags = cqe.flags();
                final long extra = cqeLength == CqeFlyweight.LENGTH ? 0 : cqe.extra();
                head++;
                handler.onCompletion(userData, result, flags, extra);
            }
        } finally {
            // Release, pairs with the kernel's acquire of head: every field was copied out, the entries may
            // be overwritten.
            INT.setRelease(ring, headOffset, head);
        }
        return count;
    }

    /// Completions lost for want of memory; must stay 0.
    public int lost() {
        return (int) INT.getOpaque(ring, overflowOffset);
    }
}
