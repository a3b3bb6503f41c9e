/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

/// A bounded first-in-first-out queue of ints without allocation. Not safe for threads.
final class IntQueue {
    private final int[] elements;
    private int first;
    private int size;

    IntQueue(final int capacity) {
        elements = new int[capacity];
    }

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }

    void add(final int element) {
        if (size == elements.length) {
            throw new IllegalStateException("queue of " + size + " is full");
        }
        final int last = first + size;
        elements[last < elements.length ? last : last - elements.length] = element;
        size++;
    }

    int remove() {
        if (size == 0) {
            throw new IllegalStateException("queue is empty");
        }
        final int element = elements[first];
        first = first + 1 == elements.length ? 0 : first + 1;
        size--;
        return element;
    }
}
