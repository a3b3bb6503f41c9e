/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// Puts and deletes that are stored together: after any crash either all of them are there or none. They share one
/// append block, so their records together must fit into it ({@link ZapKv#maxBatchBytes}). Later operations on a key
/// win over earlier ones. Not thread-safe; may be cleared and reused. Keys and values are not copied until the batch
/// is written.
public final class WriteBatch {
    private final List<byte[]> keys = new ArrayList<>();
    private final List<byte[]> values = new ArrayList<>();

    /// An empty batch.
    public WriteBatch() {}

    /// Adds a put.
    public WriteBatch put(final byte[] key, final byte[] value) {
        keys.add(Objects.requireNonNull(key, "key"));
        values.add(Objects.requireNonNull(value, "value"));
        return this;
    }

    /// Adds a delete.
    public WriteBatch delete(final byte[] key) {
        keys.add(Objects.requireNonNull(key, "key"));
        values.add(null);
        return this;
    }

    /// Number of operations.
    public int size() {
        return keys.size();
    }

    /// Forgets all operations.
    public void clear() {
        keys.clear();
        values.clear();
    }

    byte[] key(final int i) {
        return keys.get(i);
    }

    /// The value of operation {@code i}, or null if it is a delete.
    byte[] value(final int i) {
        return values.get(i);
    }
}
