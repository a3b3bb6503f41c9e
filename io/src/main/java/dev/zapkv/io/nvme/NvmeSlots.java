/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

/// Commands in flight, a slot each. Plain arrays by field: nothing is allocated per command.
final class NvmeSlots {
    static final int APPEND = 1;
    static final int READ = 2;
    static final int FLUSH = 3;

    final int[] kind;
    final long[] token;
    final int[] zone;
    final boolean[] durable;
    final boolean[] plain;
    final NvmeBuffer[] buffer;
    final long[] bufferOffset;
    final long[] address;
    final int[] length;
    final int[] done;
    final int[] repeats;
    final long[] dueNs;
    final long[] result;

    private final int[] free;
    private int freeCount;

    NvmeSlots(final int slots) {
        kind = new int[slots];
        token = new long[slots];
        zone = new int[slots];
        durable = new boolean[slots];
        plain = new boolean[slots];
        buffer = new NvmeBuffer[slots];
        bufferOffset = new long[slots];
        address = new long[slots];
        length = new int[slots];
        done = new int[slots];
        repeats = new int[slots];
        dueNs = new long[slots];
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
        durable[slot] = false;
        plain[slot] = false;
        done[slot] = 0;
        repeats[slot] = 0;
        return slot;
    }

    /// Gives a slot back.
    void give(final int slot) {
        buffer[slot] = null;
        free[freeCount++] = slot;
    }
}
