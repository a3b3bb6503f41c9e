/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.linearizability;

import java.util.HashMap;
import java.util.Map;

/// What a store does when it is asked by one caller after the other: the specification for Lincheck, which calls the
/// methods of {@link StoreOperations} here.
public final class StoreModel {
    private final Map<Integer, Integer> values = new HashMap<>();

    /// An empty store.
    public StoreModel() {}

    /// As {@link StoreOperations#put}.
    public void put(final int key, final int value) {
        values.put(key, value);
    }

    /// As {@link StoreOperations#putAsync}.
    public void putAsync(final int key, final int value) {
        values.put(key, value);
    }

    /// As {@link StoreOperations#putLarge}.
    public void putLarge(final int key, final int value) {
        values.put(key, value);
    }

    /// As {@link StoreOperations#get}.
    public int get(final int key) {
        return values.getOrDefault(key, -1);
    }

    /// As {@link StoreOperations#getInto}.
    public int getInto(final int key) {
        return values.containsKey(key) ? 1 : -1;
    }

    /// As {@link StoreOperations#contains}.
    public boolean contains(final int key) {
        return values.containsKey(key);
    }

    /// As {@link StoreOperations#delete}.
    public boolean delete(final int key) {
        return values.remove(key) != null;
    }

    /// As {@link StoreOperations#flush}.
    public void flush() {}
}
