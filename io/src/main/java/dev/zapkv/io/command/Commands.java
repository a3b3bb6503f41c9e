/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.DeviceCounters;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.linux.Errno;

/// The commands of a device from acceptance to report: starts transfers and syncs on the engine, takes short
/// transfers up again, and reports each command's two stages once. A subclass says where an append goes and
/// what becomes of one that failed.
///
/// Invariant: a slot is in exactly one place: free, on the engine, waiting for a flush round, in {@code ended},
/// or kept by the subclass.
public abstract class Commands {
    /// Syncs of one flush round that may be in flight; the engine has this many slots beyond the queue depth.
    public static final int SYNC_SLOTS = 8;

    /// How often a command that was cancelled or interrupted is started again.
    protected static final int RESTARTS_MAX = 16;

    /// The device's sizes.
    protected final ZoneGeometry geometry;

    /// Commands in flight.
    protected final CommandTable table;

    /// Zones, or other units of syncing, that are not durable.
    protected final FlushRounds flushes;

    /// What is counted.
    protected final AppendCounters counters;

    private final IoEngine engine;
    private final boolean direct;
    private final int queueDepth;
    private final IntQueue ended;
    private final int[] syncUnit = new int[SYNC_SLOTS];
    private final Descriptor[] syncDescriptor = new Descriptor[SYNC_SLOTS];
    private final IntQueue freeSyncs = new IntQueue(SYNC_SLOTS);
    private final IoEngine.IoCompletion onIo = this::onIo;
    private boolean polling;

    /// Nothing is in flight.
    ///
    /// @param syncUnits number of units of syncing: zones, or 1 for a whole drive
    /// @param direct    whether data passes the page cache by
    protected Commands(
            final ZoneGeometry geometry,
            final IoEngine engine,
            final int queueDepth,
            final int syncUnits,
            final boolean direct) {
        this.geometry = geometry;
        this.engine = engine;
        this.direct = direct;
        this.queueDepth = queueDepth;
        table = new CommandTable(queueDepth);
        ended = new IntQueue(queueDepth);
        flushes = new FlushRounds(syncUnits, queueDepth);
        counters = new AppendCounters(geometry.zoneCount());
        for (int i = 0; i < SYNC_SLOTS; i++) {
            freeSyncs.add(i);
        }
    }

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
        flushes.add(table.take(CommandTable.FLUSH, token));
    }

    /// An append was accepted.
    protected abstract void startAppend(int slot);

    /// A read was accepted; its place is set.
    protected abstract void startRead(int slot);

    /// A transfer came back from the engine with bytes or {@code -errno}; perhaps short.
    protected abstract void onTransfer(int slot, int result);

    /// A transfer is over, with all its bytes or {@code -errno}.
    protected abstract void endTransfer(int slot, int result);

    /// What to sync for a unit, or null if there is nothing.
    ///
    /// @throws DeviceException if it cannot be had
    protected abstract Descriptor syncTarget(int unit);

    /// A unit was synced, well or badly.
    protected abstract void onSynced(int unit);

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
        table.memoryAddress[slot] = buffer.memory().address() + offset;
        table.length[slot] = length;
        table.wanted[slot] = length;
        table.attributes[slot] = attributes;
        return slot;
    }

    /// Hands the command, or what is left of it, to the engine.
    protected final void issue(final int slot) {
        final int done = table.done[slot];
        final int fd = table.descriptor[slot].fd();
        final long address = table.memoryAddress[slot] + done;
        final int length = table.wanted[slot] - done;
        final long position = table.position[slot] + done;
        final int index = table.buffer[slot].index();
        if (table.kind[slot] == CommandTable.APPEND) {
            engine.write(slot, fd, address, length, position, isDurable(slot), index);
        } else {
            engine.read(slot, fd, address, length, position, index);
        }
    }

    /// Whether the command is to be durable by itself.
    protected final boolean isDurable(final int slot) {
        return (table.attributes[slot] & IoAttributes.DURABLE) != 0;
    }

    /// An engine command ended: slots from the queue depth on are the syncs of flushes.
    private void onIo(final int slot, final int result) {
        if (slot >= queueDepth) {
            onSync(slot - queueDepth, result);
        } else {
            onTransfer(slot, result);
        }
    }

    /// Cancelled before it was started, because the thread that submitted it ended; or interrupted by a
    /// signal.
    protected static boolean isRestartable(final int result) {
        return result == -Errno.ECANCELED || result == -Errno.EINTR;
    }

    /// Goes on with a transfer that came back short, or ends it.
    protected final void resumeOrEnd(final int slot, final int result) {
        if (isRestartable(result) && table.restarts[slot]++ < RESTARTS_MAX) {
            issue(slot); // to transfer the same bytes to the same place again is harmless
            return;
        }
        if (result < 0) {
            endTransfer(slot, result);
            return;
        }
        final int done = table.done[slot] + result;
        table.done[slot] = done;
        if (done == table.wanted[slot]) {
            endTransfer(slot, done);
        } else if (result > 0 && (!direct || result % geometry.blockSize() == 0)) {
            issue(slot); // short: go on where it stopped
        } else {
            endTransfer(slot, -Errno.EIO); // the end of a truncated file, or a rest that direct I/O cannot transfer
        }
    }

    /// The result of a command is known; it is reported by the next poll.
    protected final void end(final int slot, final long result) {
        table.result[slot] = result;
        ended.add(slot);
    }

    /// An append of the given place succeeded: its result.
    protected final long appended(final int slot) {
        final int zone = table.zone[slot];
        final long offset = table.zoneOffset[slot];
        counters.appended(zone, offset + table.length[slot], table.length[slot], !direct);
        return geometry.address(zone, offset);
    }

    /// The positive error number of a failure, or EIO.
    protected static int errnoOf(final DeviceException failure) {
        return failure.errno() == 0 ? Errno.EIO : failure.errno();
    }

    private void serveFlushes() {
        flushes.begin();
        while (!freeSyncs.isEmpty()) {
            final int unit = flushes.nextZone();
            if (unit < 0) {
                break;
            }
            startSync(unit);
        }
        for (int slot = flushes.takeServed(); slot >= 0; slot = flushes.takeServed()) {
            end(slot, flushes.roundResult());
        }
    }

    private void startSync(final int unit) {
        final Descriptor descriptor;
        try {
            descriptor = syncTarget(unit);
        } catch (final DeviceException e) {
            flushes.fail(unit, -errnoOf(e));
            return;
        }
        if (descriptor == null) {
            return;
        }
        final boolean acquired = descriptor.acquire();
        assert acquired : "nobody hands out a closed descriptor";
        final int sync = freeSyncs.remove();
        syncUnit[sync] = unit;
        syncDescriptor[sync] = descriptor;
        flushes.syncStarted();
        engine.sync(queueDepth + sync, descriptor.fd());
    }

    private void onSync(final int sync, final int result) {
        if (isRestartable(result)) {
            engine.sync(queueDepth + sync, syncDescriptor[sync].fd()); // it never ran, so nothing was lost
            return;
        }
        syncDescriptor[sync].release();
        syncDescriptor[sync] = null;
        freeSyncs.add(sync);
        flushes.syncEnded(syncUnit[sync], result);
        onSynced(syncUnit[sync]);
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
            serveFlushes();
            if (waitNs < 0 || !ended.isEmpty()) {
                engine.poll(onIo);
            } else {
                engine.await(onIo, waitNs);
            }
            serveFlushes();
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
            final int honoured = result >= 0 && isDurableAppend(slot) ? IoAttributes.DURABLE : IoAttributes.NONE;
            table.give(slot);
            try {
                handler.onResult(token, result, honoured);
            } finally {
                if (buffer != null) {
                    buffer.commandEnded();
                }
                handler.onBufferReleased(token, buffer != null && !direct);
            }
        }
        return count;
    }

    private boolean isDurableAppend(final int slot) {
        return table.kind[slot] == CommandTable.APPEND && isDurable(slot);
    }
}
