/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import java.util.function.LongSupplier;

/// Time that passes only when told to, and by a nanosecond with each look.
final class FakeClock implements LongSupplier {
    private long nowNs;

    @Override
    public long getAsLong() {
        return nowNs++;
    }

    long now() {
        return nowNs;
    }

    void advance(final long nanoseconds) {
        nowNs += nanoseconds;
    }
}
