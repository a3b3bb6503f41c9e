/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.jmh;

/// Hashes of numbers, in place of those of keys: the finalizer of SplitMix64.
final class Mix {
    private static final long GAMMA = 0x9E3779B97F4A7C15L;

    private Mix() {}

    static long fingerprint(final long key) {
        return of(key);
    }

    static long location(final long key) {
        return of(~key);
    }

    private static long of(final long value) {
        long z = (value + 1) * GAMMA;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
