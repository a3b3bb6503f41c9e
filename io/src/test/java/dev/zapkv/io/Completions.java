/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Collects completions and checks that both stages come once each, in order.
public final class Completions implements CompletionHandler {
    public final Map<Long, Long> results = new HashMap<>();
    public final Map<Long, Integer> answers = new HashMap<>();
    public final Map<Long, Long> elapsedNs = new HashMap<>();
    public final List<Long> order = new ArrayList<>();
    public final Set<Long> released = new HashSet<>();

    public Completions() {}

    @Override
    public void onTimed(final long token, final long ns) {
        assertNull(elapsedNs.put(token, ns), "second time of token " + token);
        assertFalse(results.containsKey(token), "time after the result of token " + token);
    }

    @Override
    public void onResult(final long token, final long result, final int attributes) {
        assertNull(results.put(token, result), "second result of token " + token);
        assertFalse(released.contains(token), "released before the result of token " + token);
        answers.put(token, attributes);
        order.add(token);
    }

    @Override
    public void onBufferReleased(final long token, final boolean bounceCopy) {
        assertTrue(results.containsKey(token), "released before the result of token " + token);
        assertTrue(released.add(token), "second release of token " + token);
    }

    /// Waits until nothing is in flight.
    public Completions drain(final ZoneDevice device) {
        while (device.inFlight() > 0) {
            device.await(this, 10_000_000_000L);
        }
        return this;
    }

    public long result(final long token) {
        assertTrue(results.containsKey(token), "no result of token " + token);
        return results.get(token);
    }

    public void clear() {
        results.clear();
        answers.clear();
        elapsedNs.clear();
        order.clear();
        released.clear();
    }
}
