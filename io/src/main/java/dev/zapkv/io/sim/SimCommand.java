/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sim;

import dev.zapkv.io.command.LeasedBuffer;

/// A command in flight.
final class SimCommand {
    final Kind kind;
    final long token;
    final long address;
    final LeasedBuffer buffer;
    final long offset;
    final int length;
    final int attributes;
    final long flushCovers;
    int delayPolls;
    long result;
    SimMedia.VolatileAppend placed;

    /// @param address     of an append: its zone's start
    /// @param flushCovers of a flush: results reported when it was queued
    SimCommand(
            final Kind kind,
            final long token,
            final long address,
            final LeasedBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long flushCovers) {
        this.kind = kind;
        this.token = token;
        this.address = address;
        this.buffer = buffer;
        this.offset = offset;
        this.length = length;
        this.attributes = attributes;
        this.flushCovers = flushCovers;
    }

    /// What is to be done.
    enum Kind {
        APPEND,
        READ,
        FLUSH
    }
}
