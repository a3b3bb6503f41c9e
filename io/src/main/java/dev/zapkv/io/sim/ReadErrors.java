/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sim;

import java.util.HashMap;
import java.util.Map;

/// Bytes of which the next reads fail. Any thread.
final class ReadErrors {
    private final Map<Long, Integer> left = new HashMap<>();

    synchronized void add(final long address, final int times) {
        left.put(address, times);
    }

    synchronized void addAll(final ReadErrors others) {
        left.putAll(others.left);
    }

    synchronized boolean any() {
        return !left.isEmpty();
    }

    synchronized void clear() {
        left.clear();
    }

    /// Whether a read fails; if so, there is one less to come.
    synchronized boolean hit(final long address, final int length) {
        for (final long bad : left.keySet()) {
            if (bad >= address && bad < address + length) {
                left.computeIfPresent(bad, (key, times) -> times > 1 ? times - 1 : null);
                return true;
            }
        }
        return false;
    }
}
