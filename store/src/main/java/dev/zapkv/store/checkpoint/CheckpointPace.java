/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.checkpoint;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// When the next checkpoint is due, and how fast it may be written. Belongs to the I/O agent.
final class CheckpointPace {
    // Bytes appended from one checkpoint to the next, in sizes of a checkpoint.
    private static final int LOG_PER_CHECKPOINT = 16;
    private static final long MIN_LOG_BYTES = 64L << 20;
    private static final long MAX_AGE_NS = TimeUnit.MINUTES.toNanos(10);
    private static final long BYTES_PER_SECOND = 64L << 20;
    private static final long BURST_BYTES = 1 << 20;

    private final CheckpointHost host;
    private final long logBytes;
    private final LongSupplier estimatedBytes;
    private final LongSupplier nanoClock;

    private boolean requested;
    // When the newest checkpoint, and the one being written, began.
    private long loggedBefore;
    private long loggedAtBegin;
    private long begunAt;
    private long checkAtBytes;
    private long notBefore;

    /// @param logBytes       appended bytes from one checkpoint to the next; 0: decided by the size of the checkpoint
    /// @param replayed       bytes appended since the newest checkpoint began
    /// @param estimatedBytes of a checkpoint that were written now
    CheckpointPace(
            final CheckpointHost host,
            final long logBytes,
            final long replayed,
            final LongSupplier estimatedBytes,
            final LongSupplier nanoClock) {
        this.host = host;
        this.logBytes = logBytes;
        this.estimatedBytes = estimatedBytes;
        this.nanoClock = nanoClock;
        loggedBefore = host.loggedBytes() - replayed;
        begunAt = nanoClock.getAsLong();
    }

    /// Asks for a checkpoint as soon as possible and at full speed.
    void request() {
        requested = true;
        notBefore = Long.MIN_VALUE;
    }

    boolean isRequested() {
        return requested;
    }

    /// Whether anything was appended since the newest checkpoint began.
    boolean isBehind() {
        return host.loggedBytes() > loggedBefore;
    }

    /// Whether a checkpoint is to be begun now.
    boolean isDue() {
        final long logged = host.loggedBytes();
        if (!requested && logged < checkAtBytes) {
            return false;
        }
        final long now = nanoClock.getAsLong();
        if (now < notBefore) {
            return false;
        }
        if (requested) {
            return true;
        }
        final long own = estimatedBytes.getAsLong();
        final long wanted = logBytes > 0 ? logBytes : Math.max(MIN_LOG_BYTES, LOG_PER_CHECKPOINT * own);
        final long since = logged - loggedBefore;
        if (since >= wanted || (since >= Math.max(own, 1) && now - begunAt >= MAX_AGE_NS)) {
            return true;
        }
        // The index may shrink, and time may pass: to be asked again in between.
        checkAtBytes = logged + Math.min(wanted - since, MIN_LOG_BYTES / 4);
        return false;
    }

    /// Not for this long.
    void pause(final long nanos) {
        notBefore = nanoClock.getAsLong() + nanos;
    }

    /// Whether the time of {@link #pause} is over.
    boolean isPauseOver() {
        return nanoClock.getAsLong() > notBefore;
    }

    /// Not now; when as much again was logged.
    void postpone() {
        requested = false;
        checkAtBytes = host.loggedBytes() + (logBytes > 0 ? logBytes : MIN_LOG_BYTES);
    }

    /// One begins now.
    void begun() {
        loggedAtBegin = host.loggedBytes();
        begunAt = nanoClock.getAsLong();
    }

    /// Whether the one being written may go on, so that it does not take the device from others.
    ///
    /// @param appendedBytes of it so far
    boolean mayGoOn(final long appendedBytes) {
        final double seconds = (nanoClock.getAsLong() - begunAt) / 1e9;
        return requested || appendedBytes <= BURST_BYTES + seconds * BYTES_PER_SECOND;
    }

    /// The one that was being written is the newest.
    void committed() {
        loggedBefore = loggedAtBegin;
    }

    /// No checkpoint is being written any more.
    void ended() {
        requested = false;
        checkAtBytes = 0;
    }
}
