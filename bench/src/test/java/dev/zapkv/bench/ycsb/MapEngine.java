/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.bench.peer.KvEngine;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// An engine on the heap.
final class MapEngine implements KvEngine {
    private final Map<String, byte[]> values = new ConcurrentHashMap<>();
    private Runnable onCall = () -> {};

    void onCall(final Runnable action) {
        onCall = action;
    }

    byte[] value(final String key) {
        return values.get(key);
    }

    @Override
    public int read(final byte[] key, final byte[] target) {
        onCall.run();
        final byte[] value = values.get(text(key));
        if (value == null) {
            return -1;
        }
        System.arraycopy(value, 0, target, 0, Math.min(value.length, target.length));
        return value.length;
    }

    @Override
    public void insert(final byte[] key, final byte[] value) {
        update(key, value);
    }

    @Override
    public void update(final byte[] key, final byte[] value) {
        onCall.run();
        values.put(text(key), value.clone());
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
        return "map";
    }

    @Override
    public void close() {
        values.clear();
    }

    private static String text(final byte[] key) {
        return new String(key, StandardCharsets.ISO_8859_1);
    }
}
