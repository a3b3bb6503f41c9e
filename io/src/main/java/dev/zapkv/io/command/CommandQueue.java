/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.DeviceCounters;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.ZoneGeometry;

/// The commands of a device from acceptance to report: each command's two stages are reported once. A subclass carries
/// them out.
///
/// Invariant: a slot is in exactly one place: free, in {@code ended}, or with the subclass.
public abstract class CommandQueue {
    /// The device's sizes.
    protected final ZoneGeometry geometry;

    /// Commands in flight.
    protected final CommandTable table;

    /// What is counted.
    protected final AppendCounters counters;

    private final boolean copies;
    private final int unsupported;
    private final IntQueue ended;
    private boolean polling;

    /// Nothing is in flight.
    ///
    /// @param copies      whether data goes through a copy on its way
    /// @param unsupported attributes that no command can have
    protected CommandQueue(
            final ZoneGeometry geometry, final int queueDepth, final boolean copies, final int unsupported) {
        this.geometry = geometry;
        this.copies = copies;
        this.unsupported = unsupported | IoAttributes.PROTECTED;
        table = new CommandTable(queueDepth);
        ended = new IntQueue(queueDepth);
        counters = new AppendCounters(geometry.zoneCount());
    }

    /// An append was accepted.
    protected abstract void startAppend(int slot);

    /// A read was accepted; its place is set.
    protected abstract void startRead(int slot);

    /// A flush was accepted.
    protected abstract void startFlush(int slot);

    /// Submits and takes completions; waits once for something to happen, but only while nothing {@link #hasEnded}.
    ///
    /// @param waitNs longest wait, or negative to not wait
    protected abstract void progress(long waitNs);

    /// Whether no command can be accepted.
    public final boolean isFull() {
        return table.isFull();
    }

    /// Commands accepted and not yet reported.
    public final int inFlight() {
        return table.inFlight();
    }

    /// Whether a handler is being called.
    public final boolean isPolling() {
        return polling;
    }

    /// What went through.
    public final DeviceCounters counters() {
        return counters.snapshot();
    }

    /// Accepts an append; there must be room.
    public final void append(
            final int zone,
            final LeasedBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        buffer.commandStarted();
        startAppend(transfer(CommandTable.APPEND, zone, buffer, offset, length, attributes, token));
    }

    /// Accepts a read; there must be room.
    public final void read(
            final long address,
            final LeasedBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        buffer.commandStarted();
        final int zone = geometry.zoneOf(address);
        final int slot = transfer(CommandTable.READ, zone, buffer, offset, length, attributes, token);
        table.zoneOffset[slot] = geometry.offsetOf(address);
        startRead(slot);
    }

    /// Accepts a flush; there must be room.
    public final void flush(final long token) {
        final int slot = table.take(CommandTable.FLUSH, token);
        table.attributes[slot] = IoAttributes.NONE;
        startFlush(slot);
    }

    private int transfer(
            final int kind,
            final int zone,
            final LeasedBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        final int slot = table.take(kind, token);
        table.zone[slot] = zone;
        table.buffer[slot] = buffer;
        table.bufferOffset[slot] = offset;
        table.length[slot] = length;
        table.wanted[slot] = length;
        table.attributes[slot] = attributes;
        table.startNs[slot] = (attributes & IoAttributes.TIMED) != 0 ? System.nanoTime() : 0;
        return slot;
    }

    /// Whether the command is to be durable by itself.
    protected final boolean isDurable(final int slot) {
        return (table.attributes[slot] & IoAttributes.DURABLE) != 0;
    }

    /// Whether a command waits to be reported.
    protected final boolean hasEnded() {
        return !ended.isEmpty();
    }

    /// The result of a command is known; it is reported by the next poll.
    protected final void end(final int slot, final long result) {
        table.result[slot] = result;
        if ((table.attributes[slot] & IoAttributes.TIMED) != 0) {
            table.elapsedNs[slot] = System.nanoTime() - table.startNs[slot];
        }
        ended.add(slot);
    }

    /// An append succeeded at a place: its result.
    protected final long appended(final int slot, final long zoneOffset) {
        final int zone = table.zone[slot];
        counters.appended(zone, zoneOffset + table.length[slot], table.length[slot], copies);
        return geometry.address(zone, zoneOffset);
    }

    /// Submits, perhaps waits once, and reports what has ended.
    ///
    /// @param waitNs longest wait, or negative to not wait
    public final int poll(final CompletionHandler handler, final long waitNs) {
        if (polling) {
            throw new IllegalStateException("a completion handler must not poll");
        }
        polling = true;
        try {
            progress(waitNs);
            return report(handler);
        } finally {
            polling = false;
        }
    }

    /// Reports what has ended by now; what the handler starts is for the next poll.
    private int report(final CompletionHandler handler) {
        final int count = ended.size();
        for (int i = 0; i < count; i++) {
            final int slot = ended.remove();
            final long token = table.token[slot];
            final long result = table.result[slot];
            final LeasedBuffer buffer = table.buffer[slot];
            final int answers = answers(slot);
            final long elapsedNs = table.elapsedNs[slot];
            table.give(slot);
            try {
                if ((answers & IoAttributes.TIMED) != 0) {
                    handler.onTimed(token, elapsedNs);
                }
                handler.onResult(token, result, answers);
            } finally {
                if (buffer != null) {
                    buffer.commandEnded();
                }
                handler.onBufferReleased(token, buffer != null && copies);
            }
        }
        return count;
    }

    /// Durability and lifetime are for appends; of one that failed nothing is durable.
    private int answers(final int slot) {
        final int requested = table.attributes[slot];
        int ignored = table.ignored[slot];
        if (table.kind[slot] != CommandTable.APPEND) {
            ignored |= IoAttributes.DURABLE | IoAttributes.LIFETIME;
        } else if (table.result[slot] < 0) {
            ignored |= IoAttributes.DURABLE;
        }
        return IoAttributes.answers(requested & ~ignored & ~unsupported, requested & unsupported);
    }
}
