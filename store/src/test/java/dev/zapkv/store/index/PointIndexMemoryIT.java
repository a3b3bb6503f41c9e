/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("integration")
class PointIndexMemoryIT {
    private static final int FIRST_CHECK = 1_000_000;
    private static final int CHECK_EVERY = 50_000;
    private static final double BYTES_PER_KEY = 24;

    @ParameterizedTest
    @CsvSource({"64, 3000000", "1024, 10000000"})
    void shouldTakeAtMost24BytesPerKeyFromOneMillionKeysOn(final int shards, final int keys) {
        try (PointIndex index = new PointIndex(shards, keys * 24L)) {
            double most = 0;
            for (int key = 0; key < keys; ) {
                assertEquals(
                        0,
                        index.publish(Mix.of(key), Mix.of(~key), IndexEntry.memory(16L * key, 1, false), false),
                        "key=" + key);
                key++;
                if (key >= FIRST_CHECK && key % CHECK_EVERY == 0) {
                    final double perKey = index.memoryBytes() / (double) key;
                    assertTrue(perKey <= BYTES_PER_KEY, perKey + " bytes a key at " + key + " keys");
                    most = Math.max(most, perKey);
                }
            }
            assertTrue(most > 16, "an entry alone takes 16 bytes, yet memoryBytes says " + most);
            assertEquals(keys, index.size());
            for (int key = 0; key < keys; key += 97) {
                assertEquals(
                        IndexEntry.memory(16L * key, 1, false), index.get(Mix.of(key), Mix.of(~key)), "key=" + key);
            }
        }
    }
}
