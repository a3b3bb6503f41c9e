/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.zone.ZoneAllocator;

/// The blocks that are sealed and not yet applied, by their numbers.
///
/// | state | left by |
/// |---|---|
/// | IDLE: not sealed | {@link #sealed} |
/// | SEALED | {@link #appending} |
/// | APPENDING: the device has it | {@link #completed}, or {@link #repeat} if the append failed |
/// | COMPLETED: it lies in a zone | {@link #applied}, or {@link #repeat} if the zone went offline |
///
/// Belongs to the I/O agent.
final class PendingBlocks {
    private static final byte IDLE = 0;
    private static final byte SEALED = 1;
    private static final byte APPENDING = 2;
    private static final byte COMPLETED = 3;

    // Per block number modulo the size.
    private final int mask;
    private final int[] lengths;
    private final byte[] states;
    private final byte[] attempts;
    private final int[] zones;
    private final long[] addresses;
    private final boolean[] durable;
    // Whether the device has the block's memory.
    private final boolean[] held;

    /// @param size a power of two, more than can be pending at a time
    PendingBlocks(final int size) {
        mask = size - 1;
        lengths = new int[size];
        states = new byte[size];
        attempts = new byte[size];
        zones = new int[size];
        addresses = new long[size];
        durable = new boolean[size];
        held = new boolean[size];
    }

    private int at(final long block) {
        return (int) block & mask;
    }

    void sealed(final long block, final int length) {
        final int i = at(block);
        lengths[i] = length;
        states[i] = SEALED;
        attempts[i] = 0;
        zones[i] = ZoneAllocator.NONE;
    }

    boolean isSealed(final long block) {
        return states[at(block)] == SEALED;
    }

    /// Length in bytes, the header included.
    int length(final long block) {
        return lengths[at(block)];
    }

    /// Zone it is to be appended to, or was; {@link ZoneAllocator#NONE} if there is none yet.
    int zone(final long block) {
        return zones[at(block)];
    }

    void zone(final long block, final int zone) {
        zones[at(block)] = zone;
    }

    /// Appends of it that failed.
    int attempts(final long block) {
        return attempts[at(block)];
    }

    /// The device took it.
    void appending(final long block, final boolean durably) {
        final int i = at(block);
        states[i] = APPENDING;
        durable[i] = durably;
        held[i] = true;
    }

    /// Whether it was last appended so that its completion means stable media.
    boolean isDurable(final long block) {
        return durable[at(block)];
    }

    void completed(final long block, final long address) {
        final int i = at(block);
        addresses[i] = address;
        states[i] = COMPLETED;
    }

    /// It lies in a zone since an earlier life of the store, and on stable media before this one began.
    void found(final long block, final int zone, final long address) {
        zone(block, zone);
        completed(block, address);
        durable[at(block)] = true;
    }

    boolean isCompleted(final long block) {
        return states[at(block)] == COMPLETED;
    }

    /// Device address of a completed block.
    long address(final long block) {
        return addresses[at(block)];
    }

    /// An append of it failed.
    ///
    /// @return how many have
    int failed(final long block) {
        return ++attempts[at(block)];
    }

    /// It is to be appended once more, to another zone.
    void repeat(final long block) {
        final int i = at(block);
        attempts[i] = (byte) Math.max(1, attempts[i]);
        zones[i] = ZoneAllocator.NONE;
        states[i] = SEALED;
    }

    /// Whether the device has the block's memory: it must not change, nor be used for another block.
    boolean isHeld(final long block) {
        return held[at(block)];
    }

    void released(final long block) {
        held[at(block)] = false;
    }

    void applied(final long block) {
        states[at(block)] = IDLE;
    }
}
