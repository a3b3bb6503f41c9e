/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Locale;

/// Prints the figures of the decision record on the point index: run its main method. One thread, uniform keys,
/// processor time (which other processes disturb less than time on the clock).
final class PointIndexFigures {
    private static final int ROUNDS = 3;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private PointIndexFigures() {}

    /// Measures and prints.
    ///
    /// @param args shard counts; 256 if there are none
    public static void main(final String[] args) {
        final String[] shardCounts = args.length == 0 ? new String[] {"256"} : args;
        System.out.println("shards  keys      insert ns  hit ns  miss ns  update ns  remove ns  bytes/key (mean, max)");
        for (final String shards : shardCounts) {
            for (final int keys : new int[] {1_000_000, 10_000_000}) {
                for (int round = 0; round < ROUNDS; round++) {
                    measure(Integer.parseInt(shards), keys, round == ROUNDS - 1);
                }
            }
        }
    }

    private static void measure(final int shards, final int keys, final boolean print) {
        try (PointIndex index = new PointIndex(shards, keys * 32L)) {
            double sumPerKey = 0;
            double mostPerKey = 0;
            int samples = 0;
            long start = cpuTime();
            for (int key = 0; key < keys; key++) {
                index.publish(Mix.of(key), Mix.of(~key), IndexEntry.memory(16L * key, 1, false), false);
                if (key >= keys / 2 && (key & 0xFFFF) == 0) {
                    final double perKey = index.memoryBytes() / (double) key;
                    sumPerKey += perKey;
                    mostPerKey = Math.max(mostPerKey, perKey);
                    samples++;
                }
            }
            final double insert = (cpuTime() - start) / (double) keys;

            long sum = 0;
            start = cpuTime();
            for (int i = 0; i < keys; i++) {
                final long key = permuted(i, keys);
                sum += index.get(Mix.of(key), Mix.of(~key));
            }
            final double hit = (cpuTime() - start) / (double) keys;

            start = cpuTime();
            for (int i = 0; i < keys; i++) {
                final long key = permuted(i, keys) + keys;
                sum += index.get(Mix.of(key), Mix.of(~key));
            }
            final double miss = (cpuTime() - start) / (double) keys;

            start = cpuTime();
            for (int i = 0; i < keys; i++) {
                final long key = permuted(i, keys);
                final long word = IndexEntry.memory(16L * (keys + key), 1, false);
                sum += index.publish(Mix.of(key), Mix.of(~key), word, false);
            }
            final double update = (cpuTime() - start) / (double) keys;

            start = cpuTime();
            for (int i = 0; i < keys; i++) {
                final long key = permuted(i, keys);
                final long word = IndexEntry.memory(16L * (keys + key), 1, false);
                sum += index.remove(Mix.of(key), Mix.of(~key), word) ? 1 : 0;
            }
            final double remove = (cpuTime() - start) / (double) keys;
            if (index.size() != 0 || sum == 0) {
                throw new IllegalStateException("not every key was found: " + index.size() + " left");
            }
            if (print) {
                System.out.printf(
                        Locale.ROOT,
                        "%6d  %8d  %9.0f  %6.0f  %7.0f  %9.0f  %9.0f  %.1f %.1f%n",
                        shards,
                        keys,
                        insert,
                        hit,
                        miss,
                        update,
                        remove,
                        sumPerKey / samples,
                        mostPerKey);
            }
        }
    }

    private static long cpuTime() {
        return THREADS.getCurrentThreadCpuTime();
    }

    /// Another order than that of insertion: the multiplier is prime and larger than any count in use.
    private static long permuted(final int i, final int keys) {
        return i * 1_000_000_007L % keys;
    }
}
