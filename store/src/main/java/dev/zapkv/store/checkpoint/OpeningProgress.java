/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.checkpoint;

import dev.zapkv.RecoveryProgress;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// Counts what the threads of an opening have read, and tells a listener now and then. Thread-safe; one listener call
/// at
/// a time.
public final class OpeningProgress {
    private static final long STEP = 16L << 20;

    private final Consumer<RecoveryProgress> listener;
    private final AtomicLong done = new AtomicLong();
    private RecoveryProgress.Phase phase = RecoveryProgress.Phase.CHECKPOINT;
    private long total;

    /// @param listener told of each phase and of every 16 MiB
    public OpeningProgress(final Consumer<RecoveryProgress> listener) {
        this.listener = listener;
    }

    /// A phase begins; no other thread is at work.
    public void begin(final RecoveryProgress.Phase next, final long totalBytes) {
        phase = next;
        total = totalBytes;
        done.set(0);
        tell(0);
    }

    /// So much more was read.
    public void advance(final long bytes) {
        final long now = done.addAndGet(bytes);
        if (now / STEP != (now - bytes) / STEP) {
            tell(now);
        }
    }

    private synchronized void tell(final long bytes) {
        listener.accept(new RecoveryProgress(phase, bytes, Math.max(total, bytes)));
    }
}
