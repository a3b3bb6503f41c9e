/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.bench.peer.KvEngine;

/// Finds every key, the first time after a long stall.
final class StallingEngine implements KvEngine {
    private final FakeClock clock;
    private long stallNs;

    StallingEngine(final FakeClock clock, final long stallNs) {
        this.clock = clock;
        this.stallNs = stallNs;
    }

    @Override
    public int read(final byte[] key, final byte[] target) {
        clock.advance(stallNs);
        stallNs = 0;
        return target.length;
    }

    @Override
    public void insert(final byte[] key, final byte[] value) {
        throw new UnsupportedOperationException("reads only");
    }

    @Override
    public void update(final byte[] key, final byte[] value) {
        throw new UnsupportedOperationException("reads only");
    }

    @Override
    public void settle() {
        // Nothing in the background.
    }

    @Override
    public long deviceBytesWritten() {
        return -1;
    }

    @Override
    public String version() {
        return "stalling";
    }

    @Override
    public void close() {
        // Nothing to close.
    }
}
