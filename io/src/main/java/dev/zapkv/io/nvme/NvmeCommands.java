/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.command.CommandEngine;
import dev.zapkv.io.command.CommandQueue;
import dev.zapkv.io.command.CommandTable;
import dev.zapkv.io.command.IntQueue;
import dev.zapkv.io.linux.Errno;
import java.lang.foreign.MemorySegment;

/// Commands of the drive: encodes them, starts them on the engine and repeats what may be repeated.
///
/// *Repeats.* An append may be repeated whenever the drive says that it failed: it gets a new address, and the attempt
/// before may have left a hole. If nobody knows whether it took effect, it fails, and its zone takes no append before
/// it was reported, finished or reset ({@link #zoneKnown}).
///
/// Invariant: a slot that is neither free nor has ended is either on the engine or in {@code delayed}.
final class NvmeCommands extends CommandQueue {
    /// How long an append waits for a zone before its refusal is its result.
    static final long PATIENCE_NS = 3_000_000_000L;

    private static final int REPEATS_MAX = 8;
    private static final int ZONE_RETRY_MS = 5;
    private static final long NOT_WAITING = Long.MIN_VALUE;
    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final Drive drive;
    private final PassthroughEngine engine;
    private final MemorySegment memory;
    private final StatusCounts statuses;
    private final long patienceNs;
    private final IntQueue delayed;
    private final int[] appendsInFlight;
    private final boolean[] uncertain;
    private final boolean[] plain;
    private final long[] dueNs;
    private final long[] waitingSinceNs;
    private final PassthroughCommand command = new PassthroughCommand();
    private final CommandEngine.Completion onCommand = this::onCommand;

    /// @param memory     of the commands, shared with the engine
    /// @param patienceNs how long an append waits for a zone
    NvmeCommands(
            final Drive drive,
            final PassthroughEngine engine,
            final MemorySegment memory,
            final int queueDepth,
            final StatusCounts statuses,
            final long patienceNs) {
        super(drive.geometry(), queueDepth, false, engine.unsupportedAttributes() | IoAttributes.LIFETIME);
        this.drive = drive;
        this.engine = engine;
        this.memory = memory;
        this.statuses = statuses;
        this.patienceNs = patienceNs;
        delayed = new IntQueue(queueDepth);
        appendsInFlight = new int[geometry.zoneCount()];
        uncertain = new boolean[geometry.zoneCount()];
        plain = new boolean[queueDepth];
        dueNs = new long[queueDepth];
        waitingSinceNs = new long[queueDepth];
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

    /// A zone was emptied.
    void zoneReset(final int zone) {
        zoneKnown(zone);
        counters.reset(zone);
    }

    @Override
    protected void startAppend(final int slot) {
        final int zone = table.zone[slot];
        if (uncertain[zone]) {
            end(slot, -Errno.EIO);
            return;
        }
        counters.inFlight(++appendsInFlight[zone]);
        start(slot);
    }

    @Override
    protected void startRead(final int slot) {
        start(slot);
    }

    @Override
    protected void startFlush(final int slot) {
        if (drive.volatileCache()) {
            start(slot);
        } else {
            end(slot, 0); // completed appends are durable
        }
    }

    private void start(final int slot) {
        plain[slot] = false;
        waitingSinceNs[slot] = NOT_WAITING;
        issue(slot);
    }

    /// Hands the command, or the next part of a read, to the engine.
    private void issue(final int slot) {
        command.wrap(memory, PassthroughEngine.offset(slot));
        final int bufferIndex = switch (table.kind[slot]) {
            case CommandTable.APPEND -> {
                command.append(
                        drive.nsid(),
                        drive.zoneBlock(table.zone[slot]),
                        memoryAddress(slot),
                        table.length[slot],
                        drive.blockShift(),
                        isDurable(slot));
                yield bufferIndex(slot, table.length[slot]);
            }
            case CommandTable.READ -> {
                final int part = readPart(slot);
                command.read(
                        drive.nsid(),
                        drive.block(geometry.address(table.zone[slot], table.zoneOffset[slot] + table.done[slot])),
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
        return table.buffer[slot].memory().address() + table.bufferOffset[slot] + table.done[slot];
    }

    private int readPart(final int slot) {
        return Math.min(table.length[slot] - table.done[slot], drive.maxTransfer());
    }

    private int bufferIndex(final int slot, final int length) {
        return plain[slot]
                ? PassthroughEngine.UNREGISTERED
                : table.buffer[slot].index(table.bufferOffset[slot] + table.done[slot], length);
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
        switch (table.kind[slot]) {
            case CommandTable.APPEND -> onAppended(slot, result);
            case CommandTable.READ -> {
                table.done[slot] += readPart(slot);
                if (table.done[slot] == table.length[slot]) {
                    end(slot, table.length[slot]);
                } else {
                    issue(slot);
                }
            }
            default -> end(slot, 0);
        }
    }

    /// @param block where the drive says it put the data
    private void onAppended(final int slot, final long block) {
        final int zone = table.zone[slot];
        final int length = table.length[slot];
        final long offset = (block - drive.zoneBlock(zone)) << drive.blockShift();
        if (block < drive.zoneBlock(zone) || offset < 0 || offset > geometry.zoneCapacity() - length) {
            uncertain[zone] = true; // wherever that is, it is not where the append was sent
            endAppend(slot, -Errno.EIO);
            return;
        }
        endAppend(slot, appended(slot, offset));
    }

    private void onKernelError(final int slot, final int status) {
        final boolean registered = table.buffer[slot] != null && table.buffer[slot].registered() && !plain[slot];
        if (registered && (status == -Errno.EINVAL || status == -Errno.EFAULT)) {
            plain[slot] = true; // the kernel does not take this piece of registered memory after all
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
            case FREE_ZONE -> {
                if (table.kind[slot] == CommandTable.APPEND && mayWait(slot)) {
                    delay(slot, ZONE_RETRY_MS);
                } else {
                    fail(slot, -known.errno());
                }
            }
            case UNCERTAIN -> onUncertain(slot, -known.errno());
            default -> fail(slot, -known.errno());
        }
    }

    /// Nobody knows whether the command took effect. To read or flush again is harmless.
    private void onUncertain(final int slot, final int result) {
        if (table.kind[slot] == CommandTable.APPEND) {
            uncertain[table.zone[slot]] = true;
            endAppend(slot, result);
        } else if (repeatable(slot)) {
            issue(slot);
        } else {
            end(slot, result);
        }
    }

    private boolean repeatable(final int slot) {
        return table.restarts[slot]++ < REPEATS_MAX;
    }

    /// Whether an append may go on waiting for a zone.
    private boolean mayWait(final int slot) {
        final long nowNs = System.nanoTime();
        if (waitingSinceNs[slot] == NOT_WAITING) {
            waitingSinceNs[slot] = nowNs;
        }
        return nowNs - waitingSinceNs[slot] < patienceNs;
    }

    private void delay(final int slot, final int ms) {
        if (ms == 0) {
            issue(slot);
        } else {
            dueNs[slot] = System.nanoTime() + ms * NANOS_PER_MILLI;
            delayed.add(slot);
        }
    }

    private void fail(final int slot, final int result) {
        if (table.kind[slot] == CommandTable.APPEND) {
            endAppend(slot, result);
        } else {
            end(slot, result);
        }
    }

    private void endAppend(final int slot, final long result) {
        appendsInFlight[table.zone[slot]]--;
        end(slot, result);
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
            final long leftNs = dueNs[slot] - nowNs;
            if (leftNs <= 0) {
                issue(slot);
            } else {
                nextNs = Math.min(nextNs, leftNs);
                delayed.add(slot);
            }
        }
        return nextNs;
    }

    @Override
    protected void progress(final long waitNs) {
        final long nextNs = issueDue();
        if (waitNs < 0 || hasEnded()) {
            engine.poll(onCommand);
        } else {
            engine.await(onCommand, Math.min(waitNs, nextNs));
        }
    }
}
