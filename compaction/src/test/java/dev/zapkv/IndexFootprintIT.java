/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a key costs in memory, as the statistics of a store say, at every million keys on the way.
@Tag("integration")
class IndexFootprintIT {
    private static final int KEYS = 10_000_000;
    private static final int CHECK_EVERY = 1_000_000;
    private static final double BYTES_PER_KEY = 24;

    @TempDir
    private Path directory;

    private static byte[] key(final int id) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(id).array();
    }

    @Test
    void shouldTakeAtMost24BytesOfIndexAKeyForTenMillionKeys() {
        try (ZapKv store = ZapKv.open(
                new Context().directory(directory).capacityBytes(2L << 30).memoryBytes(320L << 20))) {
            final byte[] value = new byte[1];
            for (int id = 1; id <= KEYS; id++) {
                value[0] = (byte) id;
                store.put(key(id), value);
                if (id % CHECK_EVERY == 0) {
                    final StoreStats stats = store.stats();
                    assertEquals(id, stats.keys());
                    assertTrue(
                            stats.indexBytesPerKey() <= BYTES_PER_KEY,
                            stats.indexBytesPerKey() + " bytes a key at " + id + " keys");
                    // An entry alone takes 16: less would be a wrong figure.
                    assertTrue(
                            stats.indexBytesPerKey() > 16,
                            stats.indexBytesPerKey() + " bytes a key at " + id + " keys");
                }
            }
            for (int id = 1; id <= KEYS; id += 99_991) {
                assertArrayEquals(new byte[] {(byte) id}, store.get(key(id)), "key " + id);
            }
        }
    }
}
