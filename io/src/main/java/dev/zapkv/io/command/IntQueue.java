/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

/// A bounded first-in-first-out queue of ints without allocation. Not safe for threads.
public final class IntQueue {
    private final int[] elements;
    private int first;
    private int size;

    /// An empty queue.
    public IntQueue(final int capacity) {
        elements = new int[capacity];
    }

    /// Whether nothing is queued.
    public boolean isEmpty() {
        return size == 0;
    }

    /// Number of elements.
    public int size() {
        return size;
    }

    /// Adds at the end; there must be room.
    public void add(final int element) {
        if (size == elements.length) {
            throw new IllegalStateException("queue of " + size + " is full");
        }
        final int last = first + size;
        elements[last < elements.length ? last : last - elements.length] = element;
        size++;
    }

    /// Takes the first; there must be one.
    public int remove() {
        if (size == 0) {
            throw new IllegalStateException("queue is empty");
        }
        final int element = elements[first];
        first = first + 1 == elements.length ? 0 : first + 1;
        size--;
        return element;
    }
}
