/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sequential;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReferenceArray;

/// Aligned memory for reads that are not aligned themselves. Threads take a buffer and give it back without
/// waiting; if all are taken, a new one is made and dropped afterwards.
final class BounceBuffers {
    static final int LENGTH = 128 << 10;

    private static final int KEPT = 16;

    private final AtomicReferenceArray<MemorySegment> kept = new AtomicReferenceArray<>(KEPT);
    private final int alignment;

    BounceBuffers(final int alignment) {
        this.alignment = alignment;
    }

    MemorySegment take() {
        for (int i = 0; i < KEPT; i++) {
            if (kept.getPlain(i) != null) {
                // Acquire, pairs with the release in give: the one before has finished with the memory.
                final MemorySegment buffer = kept.getAndSet(i, null);
                if (buffer != null) {
                    return buffer;
                }
            }
        }
        return Arena.ofAuto().allocate(LENGTH, alignment);
    }

    void give(final MemorySegment buffer) {
        for (int i = 0; i < KEPT; i++) {
            if (kept.getPlain(i) == null && kept.compareAndSet(i, null, buffer)) {
                return;
            }
        }
    }
}
