/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.peer;

/// Stores nothing and finds everything: calibrates what YCSB, the adapter and the clock cost.
final class NoneEngine implements KvEngine {
    @Override
    public int read(final byte[] key, final byte[] target) {
        return target.length;
    }

    @Override
    public void insert(final byte[] key, final byte[] value) {
        // The point of this engine.
    }

    @Override
    public void update(final byte[] key, final byte[] value) {
        // The point of this engine.
    }

    @Override
    public void settle() {
        // Nothing runs in the background.
    }

    @Override
    public long deviceBytesWritten() {
        return 0;
    }

    @Override
    public String version() {
        return "none";
    }

    @Override
    public void close() {
        // Nothing was opened.
    }
}
