/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;

/// Prints what hashing a key (both halves) takes: run its main method.
final class KeyHashFigures {
    private static final int CALLS = 5_000_000;
    private static final int ROUNDS = 4;

    private KeyHashFigures() {}

    /// Measures and prints.
    public static void main(final String[] args) {
        final KeyHash hash = new KeyHash(1, 2);
        final byte[] bytes = new byte[4096];
        try (Arena arena = Arena.ofShared()) {
            final MemorySegment memory = arena.allocate(bytes.length);
            long sum = 0;
            for (final int length : new int[] {8, 16, 24, 64, 240, 1024}) {
                long array = 0;
                long segment = 0;
                for (int round = 0; round < ROUNDS; round++) {
                    final long start = System.nanoTime();
                    for (int i = 0; i < CALLS; i++) {
                        sum += hash.fingerprint(bytes, i & 63, length) ^ hash.location(bytes, i & 63, length);
                    }
                    final long middle = System.nanoTime();
                    for (int i = 0; i < CALLS; i++) {
                        sum += hash.fingerprint(memory, i & 63, length) ^ hash.location(memory, i & 63, length);
                    }
                    segment = System.nanoTime() - middle;
                    array = middle - start;
                }
                System.out.printf(
                        Locale.ROOT,
                        "%5d bytes: array %.1f ns, native %.1f ns (%x)%n",
                        length,
                        array / (double) CALLS,
                        segment / (double) CALLS,
                        sum & 15);
            }
        }
    }
}
