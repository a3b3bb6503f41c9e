/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.emulated.EmulatedZones;
import dev.zapkv.io.linux.Errno;

/// The commands of a device from acceptance to report: assigns the write pointer, starts transfers and syncs
/// on the engine, takes short transfers up again, and reports each command's two stages once.
///
/// Invariant: a slot is in exactly one place: free, on the engine, waiting for a flush round, or in {@code
/// ended}.
final class FileCommands {
    /// Syncs of one flush round that may be in flight; the engine has this many slots beyond the queue depth.
    static final int SYNC_SLOTS = 8;

    private static final int RESTARTS_MAX = 16;

    private final ZoneGeometry geometry;
    private final EmulatedZones zones;
    private final ZoneFiles files;
    private final IoEngine engine;
    private final boolean direct;
    private final int queueDepth;
    private final CommandTable commands;
    private final IntQueue ended;
    private final FlushRounds flushes;
    private final int[] syncZone = new int[SYNC_SLOTS];
    private final Descriptor[] syncDescriptor = new Descriptor[SYNC_SLOTS];
    private final IntQueue freeSyncs = new IntQueue(SYNC_SLOTS);
    private final IoEngine.IoCompletion onIo = this::onIo;
    private boolean polling;

    FileCommands(
            final ZoneGeometry geometry,
            final EmulatedZones zones,
            final ZoneFiles files,
            final IoEngine engine,
            final int queueDepth,
            final boolean direct) {
        this.geometry = geometry;
        this.zones = zones;
        this.files = files;
        this.engine = engine;
        this.direct = direct;
        this.queueDepth = queueDepth;
        commands = new CommandTable(queueDepth);
        ended = new IntQueue(queueDepth);
        flushes = new FlushRounds(geometry, queueDepth);
        for (int i = 0; i < SYNC_SLOTS; i++) {
            freeSyncs.add(i);
        }
    }

    boolean isFull() {
        return commands.isFull();
    }

    int inFlight() {
        return commands.inFlight();
    }

    /// Whether a handler is being called.
    boolean isPolling() {
        return polling;
    }

    /// Accepts an append; there must be room.
    void append(
            final int zone,
            final FileIoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        buffer.commandStarted();
        final int slot = transfer(CommandTable.APPEND, zone, buffer, offset, length, attributes, token);
        final int refusal = prepareZone(zone, length);
        if (refusal < 0) {
            end(slot, refusal);
            return;
        }
        zones.appendStarted(zone);
        commands.zoneOffset[slot] = zones.assign(zone, length);
        start(slot);
    }

    /// Accepts a read; there must be room.
    void read(
            final long address,
            final FileIoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        buffer.commandStarted();
        final int zone = geometry.zoneOf(address);
        final int slot = transfer(CommandTable.READ, zone, buffer, offset, length, attributes, token);
        if (!files.exists(zone)) {
            buffer.memory().asSlice(offset, length).fill((byte) 0);
            end(slot, length);
            return;
        }
        commands.zoneOffset[slot] = geometry.offsetOf(address);
        start(slot);
    }

    /// Accepts a flush; there must be room.
    void flush(final long token) {
        flushes.add(commands.take(CommandTable.FLUSH, token));
    }

    /// A zone's data is of no interest any more.
    void zoneReset(final int zone) {
        flushes.reset(zone);
    }

    /// Makes sure that a zone takes an append: 0 or {@code -errno}.
    private int prepareZone(final int zone, final int length) {
        final int refusal = zones.refusal(zone, length);
        if (refusal == 0 && zones.state(zone) == ZoneState.EMPTY) {
            try {
                files.create(zone, false);
            } catch (final DeviceException e) {
                return e.errno() == 0 ? -Errno.EIO : -e.errno();
            }
        }
        return refusal;
    }

    private int transfer(
            final int kind,
            final int zone,
            final FileIoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        final int slot = commands.take(kind, token);
        commands.zone[slot] = zone;
        commands.buffer[slot] = buffer;
        commands.memoryAddress[slot] = buffer.memory().address() + offset;
        commands.length[slot] = length;
        commands.attributes[slot] = attributes;
        return slot;
    }

    /// Takes a descriptor for the command and hands it to the engine.
    private void start(final int slot) {
        try {
            final Descriptor descriptor = files.writer(commands.zone[slot]);
            final boolean acquired = descriptor.acquire();
            assert acquired : "the table never hands out a closed descriptor";
            commands.descriptor[slot] = descriptor;
        } catch (final DeviceException e) {
            endTransfer(slot, e.errno() == 0 ? -Errno.EIO : -e.errno());
            return;
        }
        issue(slot);
    }

    /// Hands the command, or what is left of it, to the engine.
    private void issue(final int slot) {
        final int done = commands.done[slot];
        final int fd = commands.descriptor[slot].fd();
        final long address = commands.memoryAddress[slot] + done;
        final int length = commands.length[slot] - done;
        final long offset = commands.zoneOffset[slot] + done;
        final int index = commands.buffer[slot].index();
        if (commands.kind[slot] == CommandTable.APPEND) {
            engine.write(slot, fd, address, length, offset, durable(slot), index);
        } else {
            engine.read(slot, fd, address, length, offset, index);
        }
    }

    private boolean durable(final int slot) {
        return (commands.attributes[slot] & IoAttributes.DURABLE) != 0;
    }

    /// An engine command ended: slots from the queue depth on are the syncs of flushes.
    private void onIo(final int slot, final int result) {
        if (slot >= queueDepth) {
            onSync(slot - queueDepth, result);
        } else if (restartable(result) && commands.restarts[slot]++ < RESTARTS_MAX) {
            issue(slot);
        } else if (result < 0) {
            endTransfer(slot, result);
        } else {
            onTransferred(slot, result);
        }
    }

    /// Cancelled before it was started, because the thread that submitted it ended; or interrupted by a
    /// signal. To write the same bytes to the same place again is harmless.
    private static boolean restartable(final int result) {
        return result == -Errno.ECANCELED || result == -Errno.EINTR;
    }

    private void onTransferred(final int slot, final int bytes) {
        final int done = commands.done[slot] + bytes;
        commands.done[slot] = done;
        if (done == commands.length[slot]) {
            endTransfer(slot, done);
        } else if (bytes > 0 && (!direct || bytes % geometry.blockSize() == 0)) {
            issue(slot); // short: go on where it stopped
        } else {
            endTransfer(slot, -Errno.EIO); // the end of a truncated file, or a rest that direct I/O cannot transfer
        }
    }

    /// A transfer ended with its bytes or {@code -errno}.
    private void endTransfer(final int slot, final int result) {
        if (commands.descriptor[slot] != null) {
            commands.descriptor[slot].release();
        }
        if (commands.kind[slot] == CommandTable.READ) {
            end(slot, result);
            return;
        }
        final int zone = commands.zone[slot];
        zones.appendEnded(zone);
        if (!durable(slot)) {
            flushes.written(zone); // also after a failure: part of it may have been written
        } else if (result == -Errno.EIO && flushes.isDirty(zone)) {
            flushes.fail(zone, result); // perhaps it was the sync that failed, and with it earlier appends
        }
        end(slot, result < 0 ? result : geometry.address(zone, commands.zoneOffset[slot]));
        closeWriterIfDone(zone);
    }

    /// A full zone needs its descriptor for appends no more once everything is durable.
    void closeWriterIfDone(final int zone) {
        if (zones.state(zone) == ZoneState.FULL && zones.appendsInFlight(zone) == 0 && !flushes.isDirty(zone)) {
            files.closeWriter(zone);
        }
    }

    /// The result of a command is known; it is reported by the next poll.
    private void end(final int slot, final long result) {
        commands.result[slot] = result;
        ended.add(slot);
    }

    private void serveFlushes() {
        flushes.begin();
        while (!freeSyncs.isEmpty()) {
            final int zone = flushes.nextZone();
            if (zone < 0) {
                break;
            }
            if (files.exists(zone)) {
                startSync(zone);
            }
        }
        for (int slot = flushes.takeServed(); slot >= 0; slot = flushes.takeServed()) {
            end(slot, flushes.roundResult());
        }
    }

    private void startSync(final int zone) {
        final Descriptor descriptor;
        try {
            descriptor = files.writer(zone);
        } catch (final DeviceException e) {
            flushes.fail(zone, e.errno() == 0 ? -Errno.EIO : -e.errno());
            return;
        }
        final boolean acquired = descriptor.acquire();
        assert acquired : "the table never hands out a closed descriptor";
        final int sync = freeSyncs.remove();
        syncZone[sync] = zone;
        syncDescriptor[sync] = descriptor;
        flushes.syncStarted();
        engine.sync(queueDepth + sync, descriptor.fd());
    }

    private void onSync(final int sync, final int result) {
        if (restartable(result)) {
            engine.sync(queueDepth + sync, syncDescriptor[sync].fd()); // it never ran, so nothing was lost
            return;
        }
        syncDescriptor[sync].release();
        syncDescriptor[sync] = null;
        freeSyncs.add(sync);
        flushes.syncEnded(syncZone[sync], result);
        closeWriterIfDone(syncZone[sync]);
    }

    /// Submits, perhaps waits once, and reports what has ended.
    ///
    /// @param waitNs longest wait, or negative to not wait
    int poll(final CompletionHandler handler, final long waitNs) {
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
            final long token = commands.token[slot];
            final long result = commands.result[slot];
            final FileIoBuffer buffer = commands.buffer[slot];
            final int honoured = result >= 0 && durableAppend(slot) ? IoAttributes.DURABLE : IoAttributes.NONE;
            commands.give(slot);
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

    private boolean durableAppend(final int slot) {
        return commands.kind[slot] == CommandTable.APPEND && durable(slot);
    }

    /// Makes everything durable on the calling thread; nothing is in flight.
    ///
    /// @return 0 or {@code -errno}, also of an earlier failed sync
    int syncAll() {
        int failure = flushes.failure();
        for (int zone = 0; zone < geometry.zoneCount(); zone++) {
            if (flushes.isDirty(zone)) {
                failure = Math.min(failure, files.syncNow(zone));
            }
        }
        return failure;
    }
}
