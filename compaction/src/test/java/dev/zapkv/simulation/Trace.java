/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

/// A hash over everything that happens in a run, in order: two runs of one seed must agree on it.
final class Trace {
    private long hash = 0x9E37_79B9_7F4A_7C15L;

    void add(final long event) {
        hash = (hash ^ event) * 0xBF58_476D_1CE4_E5B9L;
        hash ^= hash >>> 29;
    }

    void add(final long kind, final long a, final long b) {
        add(kind);
        add(a);
        add(b);
    }

    long hash() {
        return hash;
    }
}
