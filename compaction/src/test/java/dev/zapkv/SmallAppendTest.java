/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Stores on drives whose largest append is small.
class SmallAppendTest {
    private static final int ZONE = 1 << 20;
    private static final int ZONES = 40;
    private static final SimOptions OPTIONS = new SimOptions(64, 1, 0, 1);

    @TempDir
    private Path staging;

    private final Map<ByteBuffer, byte[]> model = new HashMap<>();

    @ParameterizedTest
    @ValueSource(ints = {16 << 10, 20 << 10, 32 << 10, 60 << 10})
    void shouldHoldKeysAndValuesOfEveryLengthInBlocksOfTheDrivesLargestAppend(final int maxAppend) {
        final SimMedia media = new SimMedia(geometry(maxAppend, ZONES));
        final int block = Integer.highestOneBit(maxAppend);
        try (ZapKv store = open(media)) {
            final int longest = store.maxKeyBytes();
            assertTrue(longest > block - 1024 && longest < block, "longest key " + longest);
            int id = 0;
            for (final int key : new int[] {4, 100, longest - 1, longest}) {
                for (final int value : new int[] {0, 1, 1000, block - 1000, block, 3 * block + 7, ZONE / 2}) {
                    final byte[] bytes = TestData.value(++id, 1, key);
                    store.put(bytes, TestData.value(id, 2, value));
                    model.put(ByteBuffer.wrap(bytes), TestData.value(id, 2, value));
                }
            }
            final byte[] tooLong = new byte[longest + 1];
            assertThrows(IllegalArgumentException.class, () -> store.put(tooLong, new byte[0]));
            store.flush();
            TestData.assertHolds(model, store, "append " + maxAppend);
            assertTrue(store.maxBatchBytes() <= block, "a batch of " + store.maxBatchBytes());
        }
        try (ZapKv store = open(media)) {
            TestData.assertHolds(model, store, "reopened, append " + maxAppend);
        }
    }

    @Test
    void shouldRefuseSmallerAppendsWithTheNumbers() {
        final SimMedia media = new SimMedia(geometry(12 << 10, ZONES));
        final ConfigurationException refused = assertThrows(ConfigurationException.class, () -> open(media));
        assertTrue(
                refused.getMessage().contains("takes appends of at most 12288 bytes, a store needs at least 16384"),
                refused.getMessage());
    }

    @Test
    void shouldRefuseMoreZonesThanAnAppendOfMetadataCanDescribe() {
        final ConfigurationException refused =
                assertThrows(ConfigurationException.class, () -> open(new SimMedia(geometry(16 << 10, 4000))));
        assertTrue(
                refused.getMessage().contains("has 4000 zones, but what is kept of them must fit one append of 16384"),
                refused.getMessage());
        try (ZapKv store = open(new SimMedia(geometry(16 << 10, 3000)))) {
            assertEquals(0, store.count());
        }
    }

    private static ZoneGeometry geometry(final int maxAppend, final int zones) {
        return new ZoneGeometry(4096, ZONE, ZONE, zones, 0, 0, maxAppend);
    }

    private ZapKv open(final SimMedia media) {
        return ZapKv.open(new Context()
                .device(new SimZoneDevice(media, OPTIONS, new SplittableRandom(7)))
                .stagingDirectory(staging)
                .memoryBytes(32 << 20));
    }
}
