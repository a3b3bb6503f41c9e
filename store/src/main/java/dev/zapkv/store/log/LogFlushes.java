/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.io.DeviceException;

/// How far the log is wanted by waiting writers, and how far it is on stable media: {@code flushed <= frontier}. Begins
/// device flushes, one at a time. A failed flush is the end of the log: nothing is called flushed by it, or after it.
///
/// {@link #want} and {@link #flushed} are for any thread, everything else belongs to the I/O agent.
final class LogFlushes {
    private final DevicePort port;

    private long covers;
    private boolean flushing;
    private boolean required;
    private boolean answersRequest;
    private long count;

    // Written by the agent, read by waiting writers.
    private volatile long flushed;
    // Raised by writers, read by the agent.
    private volatile long appendWanted;
    private volatile long flushWanted;

    /// @param flushedBlock last block of the lives before
    LogFlushes(final DevicePort port, final long flushedBlock) {
        this.port = port;
        flushed = flushedBlock;
        port.sink(AppendAgent.KIND_FLUSH, this::onFlushed);
    }

    /// Asks for a block to be appended, and flushed if {@code andFlush}, soon. Any thread.
    synchronized void want(final long block, final boolean andFlush) {
        if (block > appendWanted) {
            appendWanted = block;
        }
        if (andFlush && block > flushWanted) {
            flushWanted = block;
        }
    }

    boolean isAppendWanted(final long block) {
        return appendWanted >= block;
    }

    boolean isFlushWanted(final long block) {
        return flushWanted >= block;
    }

    /// Asks for all blocks up to one to be appended and flushed, and for a device flush that begins after
    /// this call.
    void flushBehind(final long block) {
        want(block, true);
        required = true;
    }

    /// Whether a flush that was asked for by {@link #flushBehind} is still to be completed.
    boolean isRequired() {
        return required || (flushing && answersRequest);
    }

    /// Whether a flush is in the device.
    boolean isFlushing() {
        return flushing;
    }

    /// Highest block up to which all are applied and on stable media.
    long flushed() {
        return flushed;
    }

    /// Flushes begun.
    long count() {
        return count;
    }

    /// All blocks up to one are applied and were appended durably.
    void durableUpTo(final long block) {
        if (block > flushed) {
            flushed = block;
        }
    }

    /// Begins a flush if there is reason to.
    ///
    /// @param frontier  highest block up to which all are applied
    /// @param appending whether appends are in flight
    /// @return amount of work done
    int flushIfWanted(final long frontier, final boolean appending) {
        final boolean wanted = flushWanted > flushed && frontier > flushed;
        if (flushing || !(wanted || required)) {
            return 0;
        }
        if (frontier < flushWanted && appending) {
            // More of what is waited for is about to arrive: one flush for all of it.
            return 0;
        }
        if (!port.device().flush(DevicePort.token(AppendAgent.KIND_FLUSH, 0))) {
            return 0;
        }
        covers = frontier;
        flushing = true;
        answersRequest = required;
        required = false;
        count++;
        return 1;
    }

    private void onFlushed(final long id, final long result) {
        flushing = false;
        if (result < 0) {
            throw new DeviceException(
                    "the device failed to flush, errno " + -result + ": written data may be lost on power failure",
                    (int) -result);
        }
        flushed = Math.max(flushed, covers);
    }
}
