/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// Free staging slots, first in, first out. Any thread offers, one polls at a time (whoever opens the next block, or
/// takes a slot out of the log). Never full: it has a place for every slot.
final class SlotQueue {
    private static final VarHandle HEAD;
    private static final VarHandle TAIL;

    static {
        try {
            final MethodHandles.Lookup lookup = MethodHandles.lookup();
            HEAD = lookup.findVarHandle(SlotQueue.class, "head", long.class);
            TAIL = lookup.findVarHandle(SlotQueue.class, "tail", long.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int[] slots;

    @SuppressWarnings("unused") // through HEAD: polled by the opener
    private long head;

    @SuppressWarnings("unused") // through TAIL: advanced under the monitor
    private long tail;

    SlotQueue(final int capacity) {
        slots = new int[capacity];
    }

    synchronized void offer(final int slot) {
        final long t = (long) TAIL.getOpaque(this);
        assert t - (long) HEAD.getAcquire(this) < slots.length : "more free slots than slots";
        slots[(int) (t % slots.length)] = slot;
        // Publishes the element to the poller.
        TAIL.setRelease(this, t + 1);
    }

    /// The next free slot, or -1.
    int poll() {
        final long h = (long) HEAD.getAcquire(this);
        if (h == (long) TAIL.getAcquire(this)) {
            return -1;
        }
        final int slot = slots[(int) (h % slots.length)];
        // The place may be overwritten only after it was read.
        HEAD.setRelease(this, h + 1);
        return slot;
    }

    boolean isEmpty() {
        return size() == 0;
    }

    int size() {
        return (int) ((long) TAIL.getAcquire(this) - (long) HEAD.getAcquire(this));
    }
}
