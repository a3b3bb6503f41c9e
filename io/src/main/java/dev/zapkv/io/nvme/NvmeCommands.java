/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.command.AppendCounters;
import dev.zapkv.io.command.IntQueue;
import dev.zapkv.io.linux.Errno;
import java.lang.foreign.MemorySegment;

/// The commands of a device from acceptance to report: encodes them, starts them on the engine, repeats what may be
/// repeated, and reports each command's two stages once.
///
/// *Repeats.* An append may be repeated whenever the drive says that it failed: it gets a new address, and the attempt
/// before may have left a hole. If nobody knows whether it took effect, it fails, and its zone takes no append before
/// it was reported, finished or reset ({@link #zoneKnown}).
///
/// Invariant: a slot is in exactly one place: free, on the engine, in {@code delayed}, or in {@code ended}.
final class NvmeCommands {
    private static final int REPEATS_MAX = 8;
    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final Drive drive;
    private final PassthroughEngine engine;
    private final MemorySegment memory;
    private final AppendCounters counters;
    private final StatusCounts statuses;
    private final NvmeSlots slots;
    private final IntQueue ended;
    private final IntQueue delayed;
    private final int[] appendsInFlight;
    private final boolean[] uncertain;
    private final PassthroughCommand command = new PassthroughCommand();
    private final PassthroughEngine.Completion onCommand = this::onCommand;
    private boolean polling;

    /// @param memory of the commands, shared with the engine
    NvmeCommands(
            final Drive drive,
            final PassthroughEngine engine,
            final MemorySegment memory,
            final int queueDepth,
            final AppendCounters counters,
            final StatusCounts statuses) {
        this.drive = drive;
        this.engine = engine;
        this.memory = memory;
        this.counters = counters;
        this.statuses = statuses;
        slots = new NvmeSlots(queueDepth);
        ended = new IntQueue(queueDepth);
        delayed = new IntQueue(queueDepth);
        appendsInFlight = new int[drive.geometry().zoneCount()];
        uncertain = new boolean[drive.geometry().zoneCount()];
    }

    boolean isFull() {
        return slots.isFull();
    }

    int inFlight() {
        return slots.inFlight();
    }

    /// Whether a handler is being called.
    boolean isPolling() {
        return polling;
    }

    /// Refuses an operation that no append may overlap.
    void requireIdle(final int zone, final String operation) {
        if (appendsInFlight[zone] != 0) {
            throw new IllegalStateException(operation + " of zone=" + zone + " with " + appendsInFlight[zone]
                    + " appends in flight: poll until they have completed");
        }
    }

    /// The zone was reported: what an append with unknown outcome did to it can be seen now.
    void zoneKnown(final int zone) {
        if (appendsInFlight[zone] == 0) {
            uncertain[zone] = false;
        }
    }

    /// Accepts an append; there must be room.
    void append(
            final int zone,
            final NvmeBuffer buffer,
            final long offset,
            final int length,
            final boolean durable,
            final long token) {
        buffer.commandStarted();
        final int slot = transfer(NvmeSlots.APPEND, zone, buffer, offset, length, token);
        slots.durable[slot] = durable;
        if (uncertain[zone]) {
            end(slot, -Errno.EIO);
            return;
        }
        counters.inFlight(++appendsInFlight[zone]);
        issue(slot);
    }

    /// Accepts a read; there must be room.
    void read(final long address, final NvmeBuffer buffer, final long offset, final int length, final long token) {
        buffer.commandStarted();
        final int zone = drive.geometry().zoneOf(address);
        final int slot = transfer(NvmeSlots.READ, zone, buffer, offset, length, token);
        slots.address[slot] = address;
        issue(slot);
    }

    /// Accepts a flush; there must be room.
    void flush(final long token) {
        final int slot = slots.take(NvmeSlots.FLUSH, token);
        if (drive.volatileCache()) {
            issue(slot);
        } else {
            end(slot, 0); // completed appends are durable
        }
    }

    private int transfer(
            final int kind,
            final int zone,
            final NvmeBuffer buffer,
            final long offset,
            final int length,
            final long token) {
        final int slot = slots.take(kind, token);
        slots.zone[slot] = zone;
        slots.buffer[slot] = buffer;
        slots.bufferOffset[slot] = offset;
        slots.length[slot] = length;
        return slot;
    }

    /// Hands the command, or the next part of a read, to the engine.
    private void issue(final int slot) {
        command.wrap(memory, PassthroughEngine.offset(slot));
        final int bufferIndex = switch (slots.kind[slot]) {
            case NvmeSlots.APPEND -> {
                command.append(
                        drive.nsid(),
                        drive.zoneBlock(slots.zone[slot]),
                        memoryAddress(slot),
                        slots.length[slot],
                        drive.blockShift(),
                        slots.durable[slot]);
                yield bufferIndex(slot, slots.length[slot]);
            }
            case NvmeSlots.READ -> {
                final int part = readPart(slot);
                command.read(
                        drive.nsid(),
                        drive.block(slots.address[slot] + slots.done[slot]),
                        memoryAddress(slot),
                        part,
                        drive.blockShift());
                yield bufferIndex(slot, part);
            }
            default -> {
                command.flush(drive.nsid());
                yield PassthroughEngine.UNREGISTERED;
            }
        };
        engine.start(slot, bufferIndex);
    }

    private long memoryAddress(final int slot) {
        return slots.buffer[slot].memory().address() + slots.bufferOffset[slot] + slots.done[slot];
    }

    private int readPart(final int slot) {
        return Math.min(slots.length[slot] - slots.done[slot], drive.maxTransfer());
    }

    private int bufferIndex(final int slot, final int length) {
        return slots.plain[slot]
                ? PassthroughEngine.UNREGISTERED
                : slots.buffer[slot].index(slots.bufferOffset[slot] + slots.done[slot], length);
    }

    private void onCommand(final int slot, final int status, final long result) {
        if (status == 0) {
            onSuccess(slot, result);
        } else if (status < 0) {
            onKernelError(slot, status);
        } else {
            onDriveError(slot, status);
        }
    }

    private void onSuccess(final int slot, final long result) {
        switch (slots.kind[slot]) {
            case NvmeSlots.APPEND -> onAppended(slot, result);
            case NvmeSlots.READ -> {
                slots.done[slot] += readPart(slot);
                if (slots.done[slot] == slots.length[slot]) {
                    end(slot, slots.length[slot]);
                } else {
                    issue(slot);
                }
            }
            default -> end(slot, 0);
        }
    }

    /// @param block where the drive says it put the data
    private void onAppended(final int slot, final long block) {
        final int zone = slots.zone[slot];
        final int length = slots.length[slot];
        final long offset = (block - drive.zoneBlock(zone)) << drive.blockShift();
        if (block < drive.zoneBlock(zone)
                || offset < 0
                || offset > drive.geometry().zoneCapacity() - length) {
            uncertain[zone] = true; // wherever that is, it is not where the append was sent
            endAppend(slot, -Errno.EIO);
            return;
        }
        counters.appended(zone, offset + length, length, false);
        endAppend(slot, drive.geometry().address(zone, offset));
    }

    private void onKernelError(final int slot, final int status) {
        final boolean registered = slots.buffer[slot] != null && slots.buffer[slot].registered() && !slots.plain[slot];
        if (registered && (status == -Errno.EINVAL || status == -Errno.EFAULT)) {
            slots.plain[slot] = true; // the kernel does not take this piece of registered memory after all
            issue(slot);
        } else if ((status == -Errno.ECANCELED || status == -Errno.EAGAIN) && repeatable(slot)) {
            issue(slot); // it never reached the drive: the thread that submitted it ended, or memory was short
        } else if (status == -Errno.EINTR) {
            onUncertain(slot, status);
        } else {
            fail(slot, status);
        }
    }

    private void onDriveError(final int slot, final int status) {
        final NvmeStatus known = NvmeStatus.of(status);
        statuses.count(known);
        switch (known.reaction()) {
            case RETRY -> {
                if (NvmeStatus.isFinal(status) || !repeatable(slot)) {
                    fail(slot, -known.errno());
                } else {
                    delay(slot, drive.retryDelays().ms(NvmeStatus.delayIndex(status)));
                }
            }
            case UNCERTAIN -> onUncertain(slot, -known.errno());
            default -> fail(slot, -known.errno());
        }
    }

    /// Nobody knows whether the command took effect. To read or flush again is harmless.
    private void onUncertain(final int slot, final int result) {
        if (slots.kind[slot] == NvmeSlots.APPEND) {
            uncertain[slots.zone[slot]] = true;
            endAppend(slot, result);
        } else if (repeatable(slot)) {
            issue(slot);
        } else {
            end(slot, result);
        }
    }

    private boolean repeatable(final int slot) {
        return slots.repeats[slot]++ < REPEATS_MAX;
    }

    private void delay(final int slot, final int ms) {
        if (ms == 0) {
            issue(slot);
        } else {
            slots.dueNs[slot] = System.nanoTime() + ms * NANOS_PER_MILLI;
            delayed.add(slot);
        }
    }

    private void fail(final int slot, final int result) {
        if (slots.kind[slot] == NvmeSlots.APPEND) {
            endAppend(slot, result);
        } else {
            end(slot, result);
        }
    }

    private void endAppend(final int slot, final long result) {
        appendsInFlight[slots.zone[slot]]--;
        end(slot, result);
    }

    /// The result of a command is known; it is reported by the next poll.
    private void end(final int slot, final long result) {
        slots.result[slot] = result;
        ended.add(slot);
    }

    /// Starts what has waited long enough.
    ///
    /// @return nanoseconds until the next one, or {@link Long#MAX_VALUE}
    private long issueDue() {
        long nextNs = Long.MAX_VALUE;
        if (delayed.isEmpty()) {
            return nextNs;
        }
        final long nowNs = System.nanoTime();
        for (int i = delayed.size(); i > 0; i--) {
            final int slot = delayed.remove();
            final long leftNs = slots.dueNs[slot] - nowNs;
            if (leftNs <= 0) {
                issue(slot);
            } else {
                nextNs = Math.min(nextNs, leftNs);
                delayed.add(slot);
            }
        }
        return nextNs;
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
            final long dueNs = issueDue();
            if (waitNs < 0 || !ended.isEmpty()) {
                engine.poll(onCommand);
            } else {
                engine.await(onCommand, Math.min(waitNs, dueNs));
            }
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
            final long token = slots.token[slot];
            final long result = slots.result[slot];
            final NvmeBuffer buffer = slots.buffer[slot];
            final int honoured = result >= 0 && slots.durable[slot] ? IoAttributes.DURABLE : IoAttributes.NONE;
            slots.give(slot);
            try {
                handler.onResult(token, result, honoured);
            } finally {
                if (buffer != null) {
                    buffer.commandEnded();
                }
                handler.onBufferReleased(token, false);
            }
        }
        return count;
    }
}
