/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

/// Commands in flight, a slot each. Plain arrays by field: nothing is allocated per command.
public final class CommandTable {
    /// Kind of command.
    public static final int APPEND = 1;
    /// Kind of command.
    public static final int READ = 2;
    /// Kind of command.
    public static final int FLUSH = 3;

    /// What the command is.
    public final int[] kind;
    /// What its completion hands back.
    public final long[] token;
    /// Zone it works on.
    public final int[] zone;
    /// Attributes it was given.
    public final int[] attributes;
    /// Of its attributes, those that were not taken.
    public final int[] ignored;
    /// When it was accepted, if it is timed.
    public final long[] startNs;
    /// How long it took, if it is timed.
    public final long[] elapsedNs;
    /// Memory it uses, or null.
    public final LeasedBuffer[] buffer;
    /// Descriptor it uses, acquired, or null.
    public final Descriptor[] descriptor;
    /// Place of its first byte in the buffer.
    public final long[] bufferOffset;
    /// Place in the zone.
    public final long[] zoneOffset;
    /// Place in the file of the descriptor.
    public final long[] position;
    /// Bytes it was given.
    public final int[] length;
    /// Bytes to transfer: fewer than its length where the rest is known without asking the device.
    public final int[] wanted;
    /// Bytes transferred so far.
    public final int[] done;
    /// How often it was started again.
    public final int[] restarts;
    /// Its result, once it has one.
    public final long[] result;

    private final int[] free;
    private int freeCount;

    /// A table of free slots.
    public CommandTable(final int slots) {
        kind = new int[slots];
        token = new long[slots];
        zone = new int[slots];
        attributes = new int[slots];
        ignored = new int[slots];
        startNs = new long[slots];
        elapsedNs = new long[slots];
        buffer = new LeasedBuffer[slots];
        descriptor = new Descriptor[slots];
        bufferOffset = new long[slots];
        zoneOffset = new long[slots];
        position = new long[slots];
        length = new int[slots];
        wanted = new int[slots];
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
    public int inFlight() {
        return free.length - freeCount;
    }

    /// Whether no slot is free.
    public boolean isFull() {
        return freeCount == 0;
    }

    /// Takes a slot; there must be one.
    public int take(final int newKind, final long newToken) {
        final int slot = free[--freeCount];
        kind[slot] = newKind;
        token[slot] = newToken;
        done[slot] = 0;
        ignored[slot] = 0;
        restarts[slot] = 0;
        return slot;
    }

    /// Gives a slot back.
    public void give(final int slot) {
        buffer[slot] = null;
        descriptor[slot] = null;
        free[freeCount++] = slot;
    }
}
