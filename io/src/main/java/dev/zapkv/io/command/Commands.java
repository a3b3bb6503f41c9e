/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.linux.Errno;

/// Commands that are transfers and syncs on an engine: starts them and takes short transfers up again. A subclass says
/// where an append goes and what becomes of one that failed.
///
/// Invariant: of the slots that are not free and have not ended each is in exactly one place: on the engine, waiting
/// for a flush round, or kept by the subclass.
public abstract class Commands extends CommandQueue {
    /// Syncs of one flush round that may be in flight; the engine has this many slots beyond the queue depth.
    public static final int SYNC_SLOTS = 8;

    /// How often a command that was cancelled or interrupted is started again.
    protected static final int RESTARTS_MAX = 16;

    /// Zones, or other units of syncing, that are not durable.
    protected final FlushRounds flushes;

    private final IoEngine engine;
    private final LifetimeHints hints;
    private final boolean direct;
    private final int queueDepth;
    private final int[] syncUnit = new int[SYNC_SLOTS];
    private final Descriptor[] syncDescriptor = new Descriptor[SYNC_SLOTS];
    private final IntQueue freeSyncs = new IntQueue(SYNC_SLOTS);
    private final CommandEngine.Completion onIo = this::onIo;

    /// Nothing is in flight.
    ///
    /// @param syncUnits number of units of syncing: zones, or 1 for a whole drive
    /// @param direct    whether data passes the page cache by
    /// @param hints     where lifetimes go
    protected Commands(
            final ZoneGeometry geometry,
            final IoEngine engine,
            final int queueDepth,
            final int syncUnits,
            final boolean direct,
            final LifetimeHints hints) {
        super(
                geometry,
                queueDepth,
                !direct,
                engine.unsupportedAttributes() | (hints.supported() ? IoAttributes.NONE : IoAttributes.LIFETIME));
        this.hints = hints;
        this.engine = engine;
        this.direct = direct;
        this.queueDepth = queueDepth;
        flushes = new FlushRounds(syncUnits, queueDepth);
        for (int i = 0; i < SYNC_SLOTS; i++) {
            freeSyncs.add(i);
        }
    }

    @Override
    protected final void startFlush(final int slot) {
        flushes.add(slot);
    }

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

    /// Hands the command, or what is left of it, to the engine.
    protected final void issue(final int slot) {
        final int done = table.done[slot];
        final int fd = table.descriptor[slot].fd();
        final LeasedBuffer buffer = table.buffer[slot];
        final long start = table.bufferOffset[slot] + done;
        final long address = buffer.memory().address() + start;
        final int length = table.wanted[slot] - done;
        final long position = table.position[slot] + done;
        final int index = buffer.index(start, length);
        if (table.kind[slot] == CommandTable.APPEND) {
            engine.write(slot, fd, address, length, position, table.attributes[slot], index);
        } else {
            engine.read(slot, fd, address, length, position, table.attributes[slot], index);
        }
    }

    /// An append has its descriptor: tells the kernel how long its data will live.
    protected final void hint(final int slot) {
        if (!hints.apply(table.zone[slot], table.descriptor[slot].fd(), table.attributes[slot])) {
            table.ignored[slot] |= IoAttributes.LIFETIME;
        }
    }

    /// An engine command ended: slots from the queue depth on are the syncs of flushes.
    private void onIo(final int slot, final int result, final long extra) {
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

    @Override
    protected final void progress(final long waitNs) {
        serveFlushes();
        if (waitNs < 0 || hasEnded()) {
            engine.poll(onIo);
        } else {
            engine.await(onIo, waitNs);
        }
        serveFlushes();
    }
}
