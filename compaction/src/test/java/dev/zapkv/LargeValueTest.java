/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.file.DirectIo;
import dev.zapkv.io.file.FileDeviceOptions;
import dev.zapkv.io.file.FileZoneDevice;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Leased values in a directory, past the page cache and through it, and on a simulated device that fails appends.
class LargeValueTest {
    private static final ZoneGeometry GEOMETRY = new ZoneGeometry(4096, 4 << 20, 4 << 20, 24, 0, 0, 128 << 10);

    @TempDir
    private Path directory;

    abstract class InDirectory extends LargeValueScenario {
        abstract DirectIo directIo();

        Context context() {
            return new Context().memoryBytes(32 << 20).stagingDirectory(directory);
        }

        FileDeviceOptions options() {
            return FileDeviceOptions.DEFAULT.withDirectIo(directIo());
        }

        @Override
        ZapKv create() {
            return ZapKv.open(context().device(FileZoneDevice.create(directory.resolve("store"), GEOMETRY, options())));
        }

        @Override
        ZapKv reopen() {
            return ZapKv.open(context().device(FileZoneDevice.open(directory.resolve("store"), options())));
        }
    }

    @Nested
    class PastThePageCache extends InDirectory {
        @Override
        DirectIo directIo() {
            return DirectIo.REQUIRED;
        }

        @Test
        void shouldSayThatTheStoreIsFullAndKeepTheLeaseAsItIs() {
            try (ZapKv store = create()) {
                final byte[] value = TestData.value(1, 1, LENGTH);
                final LargeValue lease = fill(store.lease(LENGTH), value);
                int key = 2;
                for (boolean full = false; !full; key++) {
                    try {
                        store.put(TestData.key(key), TestData.value(key, 1, 60_000));
                    } catch (final StoreFullException e) {
                        full = true;
                    }
                }
                assertThrows(StoreFullException.class, () -> store.put(TestData.key(1), lease));
                for (int deleted = 2; deleted < key / 2; deleted++) {
                    store.delete(TestData.key(deleted));
                }
                store.put(TestData.key(1), lease);
                assertArrayEquals(value, store.get(TestData.key(1)));
            }
        }

        @Test
        void shouldTakeASmallValueInPlaceOfALargeOneAtTheBrinkOfFull() {
            try (ZapKv store = create()) {
                store.put(TestData.key(1), TestData.value(1, 1, LENGTH));
                store.put(TestData.key(2), TestData.value(2, 1, LENGTH));
                assertThrows(StoreFullException.class, () -> {
                    for (int key = 3; ; key++) {
                        store.put(TestData.key(key), TestData.value(key, 1, 100_000));
                    }
                });
                final StoreFullException full = assertThrows(
                        StoreFullException.class, () -> store.put(TestData.key(1), TestData.value(1, 2, LENGTH)));
                assertTrue(full.getMessage().contains("delete its key first"), full.getMessage());
                assertArrayEquals(TestData.value(1, 1, LENGTH), store.get(TestData.key(1)));
                store.put(TestData.key(1), TestData.value(1, 2, 100_000));
                assertArrayEquals(TestData.value(1, 2, 100_000), store.get(TestData.key(1)));
                // What was freed can be used.
                store.put(TestData.key(3), TestData.value(3, 2, 100_000));
                store.delete(TestData.key(2));
                store.put(TestData.key(2), TestData.value(2, 2, LENGTH));
                assertArrayEquals(TestData.value(2, 2, LENGTH), store.get(TestData.key(2)));
            }
        }
    }

    @Nested
    class ThroughThePageCache extends InDirectory {
        @Override
        DirectIo directIo() {
            return DirectIo.OFF;
        }

        @Override
        boolean takesInPlace() {
            return false;
        }
    }

    @Nested
    class Simulated extends LargeValueScenario {
        private final SimMedia media = new SimMedia(GEOMETRY);
        private int lives;

        @Override
        ZapKv create() {
            return reopen();
        }

        @Override
        ZapKv reopen() {
            final SimOptions options = SimOptions.DEFAULT.withDelayPollsMax(6).withAppendFailures(1, 20);
            return ZapKv.open(new Context()
                    .device(new SimZoneDevice(media, options, new SplittableRandom(SEED + ++lives)))
                    .memoryBytes(32 << 20)
                    .stagingDirectory(directory));
        }

        @Override
        void checkDevice(final StoreStats before, final StoreStats after, final LargeValue.Outcome outcome) {
            assertTrue(!outcome.registered(), "a simulated device registers nothing");
        }
    }
}
