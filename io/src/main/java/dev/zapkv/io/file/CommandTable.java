/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

/// Commands in flight, a slot each. Plain arrays by field: nothing is allocated per command.
final class CommandTable {
    static final int APPEND = 1;
    static final int READ = 2;
    static final int FLUSH = 3;

    final int[] kind;
    final long[] token;
    final int[] zone;
    final int[] attributes;
    final FileIoBuffer[] buffer;
    final Descriptor[] descriptor;
    final long[] memoryAddress;
    final long[] zoneOffset;
    final int[] length;
    final int[] done;
    final int[] restarts;
    final long[] result;

    private final int[] free;
    private int freeCount;

    CommandTable(final int slots) {
        kind = new int[slots];
        token = new long[slots];
        zone = new int[slots];
        attributes = new int[slots];
        buffer = new FileIoBuffer[slots];
        descriptor = new Descriptor[slots];
        memoryAddress = new long[slots];
        zoneOffset = new long[slots];
        length = new int[slots];
        done = new int[slots];
        restarts = new int[slots];
        result = new long[slots];
        free = new int[slots];
        for (int i = 0; i < slots; i++) {
            free[i] = slots - 1 - i;
        }
        freeCount = slots;
    }

    /// Commands in flight.
    int inFlight() {
        return free.length - freeCount;
    }

    boolean isFull() {
        return freeCount == 0;
    }

    /// Takes a slot; there must be one.
    int take(final int newKind, final long newToken) {
        final int slot = free[--freeCount];
        kind[slot] = newKind;
        token[slot] = newToken;
        done[slot] = 0;
        restarts[slot] = 0;
        return slot;
    }

    /// Gives a slot back.
    void give(final int slot) {
        buffer[slot] = null;
        descriptor[slot] = null;
        free[freeCount++] = slot;
    }
}
