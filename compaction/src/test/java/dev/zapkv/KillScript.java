/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.util.SplittableRandom;

/// What the writer of {@link KillIT} or {@link ResetProgram} does, step by step: a function of the seed, so that
/// whoever
/// knows how far the writer came knows what it wrote. Each thread has its own keys.
final class KillScript {
    static final int THREADS = 4;
    static final int KEYS = 300;
    static final int ABSENT = -1;
    static final long CAPACITY = 28L << 20;

    private static final int THOUSAND = 1000;
    /// Half of the values that are longer are put from leased memory.
    private static final int LEASED_FROM = 10_000;

    private final long seed;
    private final int processShare;
    private final int deviceShare;

    /// Nearly all steps wait for nothing.
    KillScript(final long seed) {
        this(seed, 900, 80);
    }

    /// Most steps wait for nothing, and many for the device or a flush.
    static KillScript ofMixedLevels(final long seed) {
        return new KillScript(seed, 850, 110);
    }

    /// Of a thousand steps so many wait for nothing, so many for the device, and the others for a flush.
    KillScript(final long seed, final int processShare, final int deviceShare) {
        this.seed = seed;
        this.processShare = processShare;
        this.deviceShare = deviceShare;
    }

    /// Some puts and deletes that are done together, of different keys.
    /// A length of {@link #ABSENT} deletes.
    static final class Step {
        private final Durability level;
        private final long version;
        private final int[] keys;
        private final int[] lengths;

        private Step(final Durability level, final long version, final int[] keys, final int[] lengths) {
            this.level = level;
            this.version = version;
            this.keys = keys;
            this.lengths = lengths;
        }

        Durability level() {
            return level;
        }

        int size() {
            return keys.length;
        }

        long version() {
            return version;
        }

        int key(final int i) {
            return keys[i];
        }

        int length(final int i) {
            return lengths[i];
        }

        void apply(final ZapKv store) {
            final WriteOptions options = WriteOptions.DEFAULT.withDurability(level);
            if (keys.length > 1) {
                final WriteBatch batch = new WriteBatch();
                for (int i = 0; i < keys.length; i++) {
                    if (lengths[i] == ABSENT) {
                        batch.delete(TestData.key(keys[i]));
                    } else {
                        batch.put(TestData.key(keys[i]), TestData.value(keys[i], version, lengths[i]));
                    }
                }
                store.write(batch, options);
            } else if (lengths[0] == ABSENT) {
                store.delete(TestData.key(keys[0]), options);
            } else if (lengths[0] > LEASED_FROM && lengths[0] % 2 == 1) {
                final byte[] value = TestData.value(keys[0], version, lengths[0]);
                TestData.putLeased(store, TestData.key(keys[0]), value, options);
            } else {
                store.put(TestData.key(keys[0]), TestData.value(keys[0], version, lengths[0]), options);
            }
        }
    }

    Step step(final int life, final int thread, final long sequence) {
        final SplittableRandom random =
                new SplittableRandom(seed + life * 0x9E3779B97F4A7C15L + thread * 0xBF58476D1CE4E5B9L + sequence);
        final int dice = random.nextInt(THOUSAND);
        final Durability level = dice < processShare
                ? Durability.PROCESS
                : dice < processShare + deviceShare ? Durability.DEVICE : Durability.FLUSHED;
        final int kind = random.nextInt(100);
        final int count = kind < 15 ? 2 + random.nextInt(8) : 1;
        final int[] keys = new int[count];
        final int[] lengths = new int[count];
        final int first = random.nextInt(KEYS);
        for (int i = 0; i < count; i++) {
            keys[i] = thread * KEYS + (first + i * 31) % KEYS;
            lengths[i] = random.nextInt(6) == 0 ? ABSENT : random.nextInt(3000);
        }
        if (kind >= 98) {
            lengths[0] = 130_000 + random.nextInt(200_000);
        }
        return new Step(level, (long) life << 40 | sequence, keys, lengths);
    }
}
