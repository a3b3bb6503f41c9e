/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The index has used up the memory budget: what needs a new entry is refused, as a whole.
class IndexFullTest {
    private static final int MEMORY = 32 << 20;
    private static final int BATCH = 500;
    private static final int MANY = 4_000_000;
    private static final byte[] OLD = {1};
    private static final byte[] NEW = {2};

    @TempDir
    private Path directory;

    private ZapKv open(final int memory) {
        return ZapKv.open(new Context()
                .directory(directory)
                .capacityBytes(256 << 20)
                .memoryBytes(memory)
                .durability(Durability.PROCESS));
    }

    private static int fill(final ZapKv store) {
        for (int key = 0; key < MANY; key++) {
            try {
                store.put(TestData.key(key), OLD);
            } catch (final StoreFullException e) {
                assertTrue(e.getMessage().contains("memoryBytes"), e.getMessage());
                return key;
            }
        }
        throw new AssertionError("the index never got full");
    }

    /// A batch that overwrites a key, deletes one, and puts new ones.
    private static WriteBatch batch(final int from) {
        final WriteBatch batch = new WriteBatch().put(TestData.key(0), NEW).delete(TestData.key(1));
        for (int i = 0; i < BATCH; i++) {
            batch.put(TestData.key(from + i), NEW);
        }
        return batch;
    }

    private static void assertUnchanged(final ZapKv store, final int keys) {
        assertArrayEquals(OLD, store.get(TestData.key(0)));
        assertArrayEquals(OLD, store.get(TestData.key(1)));
        for (int i = 0; i < BATCH; i++) {
            assertNull(store.get(TestData.key(keys + i)), "part of a batch that was refused");
            assertFalse(store.contains(TestData.key(keys + i)));
        }
        assertEquals(keys, store.count());
    }

    @Test
    void shouldRefuseABatchAsAWhole() {
        final int keys;
        try (ZapKv store = open(MEMORY)) {
            keys = fill(store);
            store.put(TestData.key(2), OLD, WriteOptions.FLUSHED);
            final long live = store.stats().liveBytes();
            for (int i = 0; i < 10; i++) {
                final WriteOptions level = i % 2 == 0 ? WriteOptions.PROCESS : WriteOptions.FLUSHED;
                final StoreFullException e =
                        assertThrows(StoreFullException.class, () -> store.write(batch(keys), level));
                assertTrue(e.getMessage().contains("nothing was written"), e.getMessage());
                assertUnchanged(store, keys);
            }
            store.put(TestData.key(2), OLD, WriteOptions.FLUSHED);
            assertEquals(live, store.stats().liveBytes(), "accounts");

            // What needs no new entry is taken.
            store.write(new WriteBatch().put(TestData.key(2), NEW).put(TestData.key(3), NEW), WriteOptions.PROCESS);
            assertArrayEquals(NEW, store.get(TestData.key(2)));
        }
        try (ZapKv store = open(4 * MEMORY)) {
            assertUnchanged(store, keys);
            assertArrayEquals(NEW, store.get(TestData.key(3)));
            store.write(batch(keys), WriteOptions.PROCESS);
            assertArrayEquals(NEW, store.get(TestData.key(keys + BATCH - 1)));
            assertNull(store.get(TestData.key(1)));
        }
    }
}
